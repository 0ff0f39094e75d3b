// What the chip's C uses of esp_event.h and esp_event_base.h, ESP-IDF v6.0, component esp_event.

#ifndef HOLDFAST_ESP_EVENT_H
#define HOLDFAST_ESP_EVENT_H

#include "esp_err.h"

typedef const char *esp_event_base_t;
typedef void (*esp_event_handler_t)(void *context, esp_event_base_t base, int32_t id, void *data);

esp_err_t esp_event_loop_create_default(void);
esp_err_t esp_event_handler_register(esp_event_base_t event_base, int32_t event_id,
	esp_event_handler_t event_handler, void *event_handler_arg);

#endif

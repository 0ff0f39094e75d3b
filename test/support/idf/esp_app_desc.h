// What the chip's C uses of esp_app_desc.h, ESP-IDF v6.0, component esp_app_format.

#ifndef HOLDFAST_ESP_APP_DESC_H
#define HOLDFAST_ESP_APP_DESC_H

typedef struct {
	char time[16];
	char date[16];
} esp_app_desc_t;

const esp_app_desc_t *esp_app_get_description(void);

#endif

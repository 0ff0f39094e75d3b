// What the chip's C uses of esp_random.h, ESP-IDF v6.0, component esp_hw_support.

#ifndef HOLDFAST_ESP_RANDOM_H
#define HOLDFAST_ESP_RANDOM_H

#include <stddef.h>

void esp_fill_random(void *buf, size_t len);

#endif

// What the chip's C uses of esp_efuse.h, ESP-IDF v6.0, component efuse.

#ifndef HOLDFAST_ESP_EFUSE_H
#define HOLDFAST_ESP_EFUSE_H

#include <stdbool.h>

typedef struct esp_efuse_desc esp_efuse_desc_t;

bool esp_efuse_read_field_bit(const esp_efuse_desc_t *field[]);

#endif

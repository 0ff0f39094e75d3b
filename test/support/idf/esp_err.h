// What the chip's C uses of esp_err.h, ESP-IDF v6.0, component esp_common.

#ifndef HOLDFAST_ESP_ERR_H
#define HOLDFAST_ESP_ERR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef int esp_err_t;

#define ESP_OK 0
#define ESP_FAIL (-1)
#define ESP_ERR_NO_MEM 0x101
#define ESP_ERR_INVALID_ARG 0x102
#define ESP_ERR_INVALID_STATE 0x103

#endif

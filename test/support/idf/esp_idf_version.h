// What the chip's C uses of esp_idf_version.h, ESP-IDF v6.0, component esp_common.

#ifndef HOLDFAST_ESP_IDF_VERSION_H
#define HOLDFAST_ESP_IDF_VERSION_H

#define ESP_IDF_VERSION_MAJOR 6
#define ESP_IDF_VERSION_MINOR 0

#endif

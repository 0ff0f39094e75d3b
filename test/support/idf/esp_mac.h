// What the chip's C uses of esp_mac.h, ESP-IDF v6.0, component esp_hw_support.

#ifndef HOLDFAST_ESP_MAC_H
#define HOLDFAST_ESP_MAC_H

#include "esp_err.h"

typedef enum { ESP_MAC_WIFI_STA, ESP_MAC_WIFI_SOFTAP, ESP_MAC_BT, ESP_MAC_ETH } esp_mac_type_t;

esp_err_t esp_efuse_mac_get_default(uint8_t *mac);
esp_err_t esp_read_mac(uint8_t *mac, esp_mac_type_t type);

#endif

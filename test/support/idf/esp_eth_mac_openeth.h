// What the chip's C uses of esp_eth_mac_openeth.h, ESP-IDF v6.0, component esp_eth.

#ifndef HOLDFAST_ESP_ETH_MAC_OPENETH_H
#define HOLDFAST_ESP_ETH_MAC_OPENETH_H

#include "esp_eth.h"

esp_eth_mac_t *esp_eth_mac_new_openeth(const eth_mac_config_t *config);

#endif

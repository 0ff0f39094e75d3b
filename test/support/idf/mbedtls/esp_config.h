// mbedtls/esp_config.h, ESP-IDF v6.0, component mbedtls, port/include: here the configuration of
// this machine's library, so that the same C is checked against its headers.

#ifndef HOLDFAST_MBEDTLS_ESP_CONFIG_H
#define HOLDFAST_MBEDTLS_ESP_CONFIG_H

#include "mbedtls/config.h"

#endif

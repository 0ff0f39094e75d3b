// What the chip's C uses of esp_ota_ops.h, ESP-IDF v6.0, component app_update.

#ifndef HOLDFAST_ESP_OTA_OPS_H
#define HOLDFAST_ESP_OTA_OPS_H

#include "esp_err.h"

esp_err_t esp_ota_mark_app_valid_cancel_rollback(void);

#endif

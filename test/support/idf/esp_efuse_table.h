// What the chip's C uses of esp_efuse_table.h, ESP-IDF v6.0, component efuse: one for each chip.

#ifndef HOLDFAST_ESP_EFUSE_TABLE_H
#define HOLDFAST_ESP_EFUSE_TABLE_H

#include "esp_efuse.h"

#if defined(HOLDFAST_CHIP_ESP32)
extern const esp_efuse_desc_t *ESP_EFUSE_JTAG_DISABLE[];
extern const esp_efuse_desc_t *ESP_EFUSE_UART_DOWNLOAD_DIS[];
	#define ESP_EFUSE_DISABLE_JTAG ESP_EFUSE_JTAG_DISABLE
#else
extern const esp_efuse_desc_t *ESP_EFUSE_DIS_PAD_JTAG[];
extern const esp_efuse_desc_t *ESP_EFUSE_DIS_USB_JTAG[];
extern const esp_efuse_desc_t *ESP_EFUSE_DIS_DOWNLOAD_MODE[];
extern const esp_efuse_desc_t *ESP_EFUSE_ENABLE_SECURITY_DOWNLOAD[];
#endif

#endif

// What the chip's C uses of nvs_flash.h, ESP-IDF v6.0, component nvs_flash.

#ifndef HOLDFAST_NVS_FLASH_H
#define HOLDFAST_NVS_FLASH_H

#include "nvs.h"

typedef struct {
	uint8_t eky[32];
	uint8_t tky[32];
} nvs_sec_cfg_t;

typedef struct {
	int scheme_id;
	void *scheme_data;
} nvs_sec_scheme_t;

esp_err_t nvs_flash_init_partition(const char *partition_label);
esp_err_t nvs_flash_secure_init_partition(const char *partition_label, nvs_sec_cfg_t *cfg);
nvs_sec_scheme_t *nvs_flash_get_default_security_scheme(void);
esp_err_t nvs_flash_read_security_cfg_v2(nvs_sec_scheme_t *scheme_cfg, nvs_sec_cfg_t *cfg);

#endif

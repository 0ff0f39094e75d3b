// What the chip's C uses of esp_flash_encrypt.h, ESP-IDF v6.0, component bootloader_support.

#ifndef HOLDFAST_ESP_FLASH_ENCRYPT_H
#define HOLDFAST_ESP_FLASH_ENCRYPT_H

typedef enum {
	ESP_FLASH_ENC_MODE_DISABLED,
	ESP_FLASH_ENC_MODE_DEVELOPMENT,
	ESP_FLASH_ENC_MODE_RELEASE
} esp_flash_enc_mode_t;

esp_flash_enc_mode_t esp_get_flash_encryption_mode(void);

#endif

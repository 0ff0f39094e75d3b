// What the chip's C uses of esp_secure_boot.h, ESP-IDF v6.0, component bootloader_support.

#ifndef HOLDFAST_ESP_SECURE_BOOT_H
#define HOLDFAST_ESP_SECURE_BOOT_H

#include <stdbool.h>

// Inline there.
bool esp_secure_boot_enabled(void);

#endif

// What the chip's C uses of bootloader_random.h, ESP-IDF v6.0, component bootloader_support.

#ifndef HOLDFAST_BOOTLOADER_RANDOM_H
#define HOLDFAST_BOOTLOADER_RANDOM_H

void bootloader_random_enable(void);
void bootloader_random_disable(void);

#endif

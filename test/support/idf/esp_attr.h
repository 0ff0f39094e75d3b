// What the chip's C uses of esp_attr.h, ESP-IDF v6.0, component esp_common.

#ifndef HOLDFAST_ESP_ATTR_H
#define HOLDFAST_ESP_ATTR_H

#define RTC_NOINIT_ATTR __attribute__((section(".rtc_noinit")))

#endif

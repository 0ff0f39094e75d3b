// What the chip's C uses of esp_private/startup_internal.h, ESP-IDF v6.0, component esp_system. A
// function that the chip calls before the scheduler starts is one that a test can call.

#ifndef HOLDFAST_STARTUP_INTERNAL_H
#define HOLDFAST_STARTUP_INTERNAL_H

#include "esp_err.h"

#define BIT(nr) (1UL << (nr))

#define ESP_SYSTEM_INIT_FN(f, stage_, c, priority, ...)                                       \
	_Static_assert((c) > 0 && (priority) > 0, #stage_);                                       \
	esp_err_t __esp_system_init_fn_##f(void);                                                 \
	esp_err_t __esp_system_init_fn_##f(void)

#endif

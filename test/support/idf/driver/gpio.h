// What the chip's C uses of driver/gpio.h, ESP-IDF v6.0, component esp_driver_gpio.

#ifndef HOLDFAST_DRIVER_GPIO_H
#define HOLDFAST_DRIVER_GPIO_H

#include "esp_err.h"

typedef int gpio_num_t; // an enum of each chip's pins there
typedef enum { GPIO_MODE_DISABLE, GPIO_MODE_INPUT, GPIO_MODE_OUTPUT } gpio_mode_t;

esp_err_t gpio_set_level(gpio_num_t gpio_num, uint32_t level);
esp_err_t gpio_set_direction(gpio_num_t gpio_num, gpio_mode_t mode);

#endif

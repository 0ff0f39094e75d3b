// What the chip's C uses of esp_netif.h, esp_netif_types.h and esp_netif_defaults.h, ESP-IDF v6.0,
// component esp_netif.

#ifndef HOLDFAST_ESP_NETIF_H
#define HOLDFAST_ESP_NETIF_H

#include "esp_event.h"

typedef struct esp_netif_obj esp_netif_t;

typedef struct {
	uint32_t addr;
} esp_ip4_addr_t;

typedef struct {
	esp_ip4_addr_t ip;
	esp_ip4_addr_t netmask;
	esp_ip4_addr_t gw;
} esp_netif_ip_info_t;

typedef struct esp_netif_config {
	const void *base;
	const void *driver;
	const void *stack;
} esp_netif_config_t;

#define ESP_NETIF_DEFAULT_ETH() { .base = NULL, .driver = NULL, .stack = NULL }

esp_err_t esp_netif_init(void);
esp_netif_t *esp_netif_new(const esp_netif_config_t *esp_netif_config);
esp_err_t esp_netif_attach(esp_netif_t *esp_netif, void *driver_handle);
bool esp_netif_is_netif_up(esp_netif_t *esp_netif);
esp_err_t esp_netif_get_ip_info(esp_netif_t *esp_netif, esp_netif_ip_info_t *ip_info);

#endif

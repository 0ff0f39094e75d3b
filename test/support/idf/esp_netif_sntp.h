// What the chip's C uses of esp_netif_sntp.h, ESP-IDF v6.0, component esp_netif.

#ifndef HOLDFAST_ESP_NETIF_SNTP_H
#define HOLDFAST_ESP_NETIF_SNTP_H

#include <sys/time.h>
#include "esp_netif.h"
#include "sdkconfig.h"

typedef void (*esp_sntp_time_cb_t)(struct timeval *tv);

typedef struct esp_sntp_config {
	bool smooth_sync;
	bool server_from_dhcp;
	bool wait_for_sync;
	bool start;
	esp_sntp_time_cb_t sync_cb;
	bool renew_servers_after_new_IP;
	int ip_event_to_renew;
	size_t index_of_first_server;
	size_t num_of_servers;
	const char *servers[CONFIG_LWIP_SNTP_MAX_SERVERS];
} esp_sntp_config_t;

esp_err_t esp_netif_sntp_init(const esp_sntp_config_t *config);
void esp_netif_sntp_deinit(void);

#endif

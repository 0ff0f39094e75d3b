// What the chip's C uses of esp_eth.h, esp_eth_driver.h, esp_eth_mac.h, esp_eth_phy.h and
// esp_eth_netif_glue.h, ESP-IDF v6.0, component esp_eth.

#ifndef HOLDFAST_ESP_ETH_H
#define HOLDFAST_ESP_ETH_H

#include "esp_err.h"

typedef void *esp_eth_handle_t;
typedef struct esp_eth_mac_s esp_eth_mac_t;
typedef struct esp_eth_phy_s esp_eth_phy_t;
typedef struct esp_eth_netif_glue_t *esp_eth_netif_glue_handle_t;
typedef enum { ETH_CMD_G_MAC_ADDR, ETH_CMD_S_MAC_ADDR } esp_eth_io_cmd_t;

typedef struct {
	uint32_t sw_reset_timeout_ms;
} eth_mac_config_t;

typedef struct {
	int32_t phy_addr;
	uint32_t autonego_timeout_ms;
	int reset_gpio_num;
} eth_phy_config_t;

typedef struct {
	esp_eth_mac_t *mac;
	esp_eth_phy_t *phy;
	uint32_t check_link_period_ms;
} esp_eth_config_t;

#define ETH_MAC_DEFAULT_CONFIG() { .sw_reset_timeout_ms = 100 }
#define ETH_PHY_DEFAULT_CONFIG() { .phy_addr = -1, .reset_gpio_num = 5 }
#define ETH_DEFAULT_CONFIG(emac, ephy) { .mac = emac, .phy = ephy, .check_link_period_ms = 2000 }

esp_eth_phy_t *esp_eth_phy_new_generic(const eth_phy_config_t *config);
esp_err_t esp_eth_driver_install(const esp_eth_config_t *config, esp_eth_handle_t *out_hdl);
esp_err_t esp_eth_start(esp_eth_handle_t hdl);
esp_err_t esp_eth_stop(esp_eth_handle_t hdl);
esp_err_t esp_eth_ioctl(esp_eth_handle_t hdl, esp_eth_io_cmd_t cmd, void *data);
esp_eth_netif_glue_handle_t esp_eth_new_netif_glue(esp_eth_handle_t eth_hdl);

#endif

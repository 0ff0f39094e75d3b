// What the chip's C uses of esp_wifi.h, esp_wifi_types_generic.h and esp_wifi_default.h, ESP-IDF
// v6.0, component esp_wifi.

#ifndef HOLDFAST_ESP_WIFI_H
#define HOLDFAST_ESP_WIFI_H

#include "esp_netif.h"

extern esp_event_base_t const WIFI_EVENT;

typedef enum { WIFI_EVENT_STA_CONNECTED = 4, WIFI_EVENT_STA_DISCONNECTED = 5 } wifi_event_t;
typedef enum { WIFI_MODE_NULL, WIFI_MODE_STA } wifi_mode_t;
typedef enum { WIFI_IF_STA } wifi_interface_t;
typedef enum { WIFI_PS_NONE } wifi_ps_type_t;
typedef enum { WIFI_STORAGE_FLASH, WIFI_STORAGE_RAM } wifi_storage_t;
typedef enum { WIFI_FAST_SCAN, WIFI_ALL_CHANNEL_SCAN } wifi_scan_method_t;
typedef enum { WIFI_CONNECT_AP_BY_SIGNAL, WIFI_CONNECT_AP_BY_SECURITY } wifi_sort_method_t;
typedef enum {
	WPA3_SAE_PWE_UNSPECIFIED,
	WPA3_SAE_PWE_HUNT_AND_PECK,
	WPA3_SAE_PWE_HASH_TO_ELEMENT,
	WPA3_SAE_PWE_BOTH
} wifi_sae_pwe_method_t;
typedef enum {
	WIFI_AUTH_OPEN,
	WIFI_AUTH_WEP,
	WIFI_AUTH_WPA_PSK,
	WIFI_AUTH_WPA2_PSK,
	WIFI_AUTH_WPA_WPA2_PSK,
	WIFI_AUTH_ENTERPRISE,
	WIFI_AUTH_WPA3_PSK
} wifi_auth_mode_t;

typedef struct {
	int nvs_enable;
	int magic;
} wifi_init_config_t;

#define WIFI_INIT_CONFIG_DEFAULT() { .nvs_enable = 1, .magic = 0x1F2F3F4F }

typedef struct {
	int8_t rssi;
	wifi_auth_mode_t authmode;
} wifi_scan_threshold_t;

typedef struct {
	bool capable;
	bool required;
} wifi_pmf_config_t;

typedef struct {
	uint8_t ssid[32];
	uint8_t password[64];
	wifi_scan_method_t scan_method;
	wifi_sort_method_t sort_method;
	wifi_scan_threshold_t threshold;
	wifi_pmf_config_t pmf_cfg;
	uint32_t transition_disable : 1;
	wifi_sae_pwe_method_t sae_pwe_h2e;
} wifi_sta_config_t;

typedef union {
	wifi_sta_config_t sta;
} wifi_config_t;

typedef struct {
	uint8_t bssid[6];
	uint8_t ssid[33];
	int8_t rssi;
} wifi_ap_record_t;

typedef struct {
	uint8_t ssid[32];
	uint8_t ssid_len;
	uint8_t bssid[6];
	uint8_t reason;
	int8_t rssi;
} wifi_event_sta_disconnected_t;

esp_netif_t *esp_netif_create_default_wifi_sta(void);
esp_err_t esp_wifi_init(const wifi_init_config_t *config);
esp_err_t esp_wifi_deinit(void);
esp_err_t esp_wifi_set_storage(wifi_storage_t storage);
esp_err_t esp_wifi_set_mode(wifi_mode_t mode);
esp_err_t esp_wifi_set_config(wifi_interface_t interface, wifi_config_t *conf);
esp_err_t esp_wifi_set_ps(wifi_ps_type_t type);
esp_err_t esp_wifi_start(void);
esp_err_t esp_wifi_stop(void);
esp_err_t esp_wifi_connect(void);
esp_err_t esp_wifi_disconnect(void);
esp_err_t esp_wifi_sta_get_ap_info(wifi_ap_record_t *ap_info);

#endif

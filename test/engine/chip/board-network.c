// The network's half of the chip that is played: the station, the wire, addresses and time servers.

#define _DEFAULT_SOURCE
#include <stdlib.h>
#include <string.h>
#include "binding.h"
#include "board.h"
#include "esp_eth_mac_openeth.h"
#include "esp_netif_sntp.h"
#include "esp_wifi.h"

// ---------------------------------------------------------------- the radio and the wire

static struct {
	bool isInitialized, isStarted, isAssociated, isRefusing;
	int inits, starts, connects, disconnects;
	int rssi;
	wifi_config_t config;
	wifi_ps_type_t saving;
	wifi_storage_t storage;
	int usesStorage;
	esp_event_handler_t handler;
} gRadio;

static struct {
	bool isInstalled, isStarted;
	int starts;
} gWire;

static esp_netif_ip_info_t gAddress;
static int gInterface, gDriver;
esp_event_base_t const WIFI_EVENT = "WIFI_EVENT";

esp_err_t esp_netif_init(void)
{
	return ESP_OK;
}

esp_err_t esp_event_loop_create_default(void)
{
	static bool isThere = false;
	esp_err_t error = isThere ? ESP_ERR_INVALID_STATE : ESP_OK;
	isThere = true;
	return error;
}

esp_err_t esp_event_handler_register(esp_event_base_t event_base, int32_t event_id,
	esp_event_handler_t event_handler, void *event_handler_arg)
{
	(void)event_handler_arg;
	if (event_base != WIFI_EVENT || event_id != WIFI_EVENT_STA_DISCONNECTED)
		return ESP_ERR_INVALID_ARG;
	gRadio.handler = event_handler;
	return ESP_OK;
}

esp_netif_t *esp_netif_create_default_wifi_sta(void)
{
	return (esp_netif_t *)&gInterface;
}

esp_err_t esp_netif_get_ip_info(esp_netif_t *esp_netif, esp_netif_ip_info_t *ip_info)
{
	*ip_info = gAddress;
	return esp_netif == (esp_netif_t *)&gInterface ? ESP_OK : ESP_FAIL;
}

esp_err_t esp_wifi_init(const wifi_init_config_t *config)
{
	gRadio.inits++;
	gRadio.usesStorage = config->nvs_enable;
	if (gRadio.isRefusing)
		return ESP_ERR_NO_MEM;
	gRadio.isInitialized = true;
	return ESP_OK;
}

esp_err_t esp_wifi_deinit(void)
{
	gRadio.isInitialized = false;
	return ESP_OK;
}

esp_err_t esp_wifi_set_storage(wifi_storage_t storage)
{
	gRadio.storage = storage;
	return ESP_OK;
}

esp_err_t esp_wifi_set_mode(wifi_mode_t mode)
{
	return mode == WIFI_MODE_STA ? ESP_OK : ESP_FAIL;
}

esp_err_t esp_wifi_set_config(wifi_interface_t interface, wifi_config_t *conf)
{
	gRadio.config = *conf;
	return interface == WIFI_IF_STA && gRadio.isInitialized ? ESP_OK : ESP_FAIL;
}

esp_err_t esp_wifi_set_ps(wifi_ps_type_t type)
{
	gRadio.saving = type;
	return ESP_OK;
}

esp_err_t esp_wifi_start(void)
{
	if (gBoardConverter != 0)
		boardFail("the radio needs the converter to itself");
	gRadio.starts++;
	gRadio.isStarted = gRadio.isInitialized;
	return gRadio.isStarted ? ESP_OK : ESP_FAIL;
}

esp_err_t esp_wifi_stop(void)
{
	gRadio.isStarted = gRadio.isAssociated = false;
	return ESP_OK;
}

esp_err_t esp_wifi_connect(void)
{
	gRadio.connects++;
	return gRadio.isStarted ? ESP_OK : ESP_FAIL;
}

esp_err_t esp_wifi_disconnect(void)
{
	gRadio.disconnects++;
	gRadio.isAssociated = false;
	return ESP_OK;
}

esp_err_t esp_wifi_sta_get_ap_info(wifi_ap_record_t *ap_info)
{
	memset(ap_info, 0, sizeof(*ap_info));
	ap_info->rssi = (int8_t)gRadio.rssi;
	return gRadio.isAssociated ? ESP_OK : ESP_FAIL;
}

esp_eth_mac_t *esp_eth_mac_new_openeth(const eth_mac_config_t *config)
{
	(void)config;
	return (esp_eth_mac_t *)&gDriver;
}

esp_eth_phy_t *esp_eth_phy_new_generic(const eth_phy_config_t *config)
{
	return config->reset_gpio_num == -1 ? (esp_eth_phy_t *)&gDriver : NULL;
}

esp_err_t esp_eth_driver_install(const esp_eth_config_t *config, esp_eth_handle_t *out_hdl)
{
	*out_hdl = &gDriver;
	gWire.isInstalled = config->mac && config->phy;
	return gWire.isInstalled ? ESP_OK : ESP_FAIL;
}

esp_err_t esp_eth_ioctl(esp_eth_handle_t hdl, esp_eth_io_cmd_t cmd, void *data)
{
	return hdl == &gDriver && cmd == ETH_CMD_S_MAC_ADDR && data ? ESP_OK : ESP_FAIL;
}

esp_eth_netif_glue_handle_t esp_eth_new_netif_glue(esp_eth_handle_t eth_hdl)
{
	return eth_hdl;
}

esp_netif_t *esp_netif_new(const esp_netif_config_t *esp_netif_config)
{
	return esp_netif_config ? (esp_netif_t *)&gInterface : NULL;
}

esp_err_t esp_netif_attach(esp_netif_t *esp_netif, void *driver_handle)
{
	return esp_netif && driver_handle == &gDriver ? ESP_OK : ESP_FAIL;
}

esp_err_t esp_eth_start(esp_eth_handle_t hdl)
{
	gWire.starts++;
	gWire.isStarted = hdl == &gDriver;
	return ESP_OK;
}

esp_err_t esp_eth_stop(esp_eth_handle_t hdl)
{
	(void)hdl;
	gWire.isStarted = false;
	return ESP_OK;
}

bool esp_netif_is_netif_up(esp_netif_t *esp_netif)
{
	return esp_netif && gWire.isStarted && gAddress.netmask.addr != 0;
}

// ---------------------------------------------------------------- time servers

static esp_sntp_config_t gTimeServers;
static int gAsked;

esp_err_t esp_netif_sntp_init(const esp_sntp_config_t *config)
{
	if (gTimeServers.num_of_servers != 0)
		return ESP_ERR_INVALID_STATE;
	gTimeServers = *config;
	gAsked++;
	return ESP_OK;
}

void esp_netif_sntp_deinit(void)
{
	memset(&gTimeServers, 0, sizeof(gTimeServers));
}

// ---------------------------------------------------------------- the world, for script

static void refuse(uint8_t reason)
{
	wifi_event_sta_disconnected_t event = { .reason = reason };
	gRadio.isAssociated = false;
	gRadio.handler(NULL, WIFI_EVENT, WIFI_EVENT_STA_DISCONNECTED, &event);
}

bool boardNetworkSet(const char *what, uint32_t number)
{
	if (!strcmp(what, "associated"))
		gRadio.isAssociated = number != 0;
	else if (!strcmp(what, "address"))
		gAddress.ip.addr = gAddress.netmask.addr = number;
	else if (!strcmp(what, "gateway"))
		gAddress.gw.addr = number;
	else if (!strcmp(what, "signal"))
		gRadio.rssi = -(int)number;
	else if (!strcmp(what, "out of memory"))
		gRadio.isRefusing = number != 0;
	else if (!strcmp(what, "time arrived"))
		gTimeServers.sync_cb(NULL);
	else if (!strcmp(what, "refused"))
		refuse((uint8_t)number);
	else
		return false;
	return true;
}

void boardNetworkSee(xsMachine *the)
{
	const wifi_sta_config_t *station = &gRadio.config.sta;
	boardNumber(the, "inits", gRadio.inits);
	boardNumber(the, "starts", gRadio.starts);
	boardNumber(the, "connects", gRadio.connects);
	boardNumber(the, "disconnects", gRadio.disconnects);
	boardNumber(the, "isStarted", gRadio.isStarted);
	boardNumber(the, "authmode", station->threshold.authmode);
	boardNumber(the, "isProtected", station->pmf_cfg.capable + 2 * station->pmf_cfg.required);
	boardNumber(the, "saeMethod", station->sae_pwe_h2e);
	boardNumber(the, "isKept", gRadio.usesStorage + (gRadio.storage != WIFI_STORAGE_RAM));
	boardNumber(the, "isSaving", gRadio.saving != WIFI_PS_NONE);
	boardNumber(the, "wireStarts", gWire.starts);
	boardNumber(the, "isWireStarted", gWire.isStarted);
	boardNumber(the, "servers", (double)gTimeServers.num_of_servers);
	boardNumber(the, "asked", gAsked);
	xsmcSetArrayBuffer(xsVar(0), (void *)(uintptr_t)station->ssid, sizeof(station->ssid));
	xsmcSet(xsResult, xsID("ssid"), xsVar(0));
	xsmcSetArrayBuffer(xsVar(0), (void *)(uintptr_t)station->password, sizeof(station->password));
	xsmcSet(xsResult, xsID("password"), xsVar(0));
}

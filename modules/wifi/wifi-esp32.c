// The station on the chip. Nothing is posted to the engine: a handler counts disconnections, and
// everything else is asked of the driver every second, so that no state hangs on an event that a
// full queue may lose. Network and password are in the driver's RAM alone.

#include <stdatomic.h>
#include "../entropy/entropy-source.h"
#include "binding.h"
#include "poll-esp32.h"
#include "wifi-state.h"
#include "wipe.h"
#include "esp_event.h"
#include "esp_netif.h"
#include "esp_timer.h"
#include "esp_wifi.h"

#define kWiFiTickMs 1000

void xs_wifi_destructor(void *data);
static void xs_wifi_mark(xsMachine *the, void *it, xsMarkRoot markRoot);
static const xsHostHooks kWiFiHooks = { xs_wifi_destructor, xs_wifi_mark, NULL };

static PollRecord gPoll;
static xsSlot *gOnChanged = NULL;
static WiFiState gState;
static esp_netif_t *gStation = NULL;
static wifi_config_t gWanted; // until the driver has it
static bool gIsOpen = false;
static bool gIsMade = false;
static bool gIsStarted = false;
static bool gHasWanted = false;
static _Atomic uint32_t gDisconnects;
static _Atomic uint32_t gFailure;

static uint32_t nowMs(void)
{
	return (uint32_t)(esp_timer_get_time() / 1000);
}

// ---------------------------------------------------------------- the driver

// In the task of the event loop.
static void disconnected(void *context, esp_event_base_t base, int32_t event, void *data)
{
	const wifi_event_sta_disconnected_t *details = data;
	(void)context;
	(void)base;
	(void)event;
	atomic_store(&gFailure, details->reason);
	atomic_fetch_add(&gDisconnects, 1);
}

static esp_err_t makeStation(void)
{
	esp_err_t error = esp_netif_init();
	if (error == ESP_OK)
		error = esp_event_loop_create_default();
	if (error != ESP_OK && error != ESP_ERR_INVALID_STATE)
		return error;
	if (!gStation)
		gStation = esp_netif_create_default_wifi_sta();
	return gStation ? ESP_OK : ESP_ERR_NO_MEM;
}

// Once: the driver stays, since its memory is what fragments the heap.
static esp_err_t makeDriver(void)
{
	wifi_init_config_t settings = WIFI_INIT_CONFIG_DEFAULT();
	settings.nvs_enable = 0;
	esp_err_t error = makeStation();
	if (error == ESP_OK)
		error = esp_wifi_init(&settings);
	if (error != ESP_OK)
		return error;
	error = esp_wifi_set_storage(WIFI_STORAGE_RAM);
	if (error == ESP_OK)
		error = esp_wifi_set_mode(WIFI_MODE_STA);
	if (error == ESP_OK)
		error = esp_event_handler_register(WIFI_EVENT, WIFI_EVENT_STA_DISCONNECTED, disconnected,
			NULL);
	if (error != ESP_OK)
		esp_wifi_deinit();
	gIsMade = error == ESP_OK;
	return error;
}

static void stopRadio(void)
{
	if (!gIsStarted)
		return;
	esp_wifi_disconnect();
	esp_wifi_stop();
	gIsStarted = false;
	entropySourceRadio(false);
}

// The radio never sleeps: while it does, random numbers would not be true.
static esp_err_t startRadio(void)
{
	entropySourceRadio(true);
	esp_err_t error = esp_wifi_start();
	if (error == ESP_OK)
		error = esp_wifi_set_ps(WIFI_PS_NONE);
	if (error != ESP_OK) {
		esp_wifi_stop();
		entropySourceRadio(false);
	}
	gIsStarted = error == ESP_OK;
	return error;
}

// As far as is needed; tried again with the next attempt.
static esp_err_t prepare(void)
{
	esp_err_t error = gIsMade ? ESP_OK : makeDriver();
	if (error == ESP_OK && gHasWanted) {
		error = esp_wifi_set_config(WIFI_IF_STA, &gWanted);
		wipe(&gWanted, sizeof(gWanted));
		gHasWanted = false;
	}
	if (error == ESP_OK && !gIsStarted)
		error = startRadio();
	return error;
}

static WiFiFacts look(void)
{
	WiFiFacts facts = { .disconnects = atomic_load(&gDisconnects) };
	wifi_ap_record_t network;
	esp_netif_ip_info_t address;
	facts.isAssociated = gIsStarted && esp_wifi_sta_get_ap_info(&network) == ESP_OK;
	if (facts.isAssociated && esp_netif_get_ip_info(gStation, &address) == ESP_OK) {
		facts.hasAddress = address.ip.addr != 0;
		facts.hasGateway = address.gw.addr != 0;
	}
	return facts;
}

static void forget(void)
{
	wifiStateLeave(&gState);
	stopRadio();
	wipe(&gWanted, sizeof(gWanted));
	gHasWanted = false;
	if (gIsMade)
		esp_wifi_set_config(WIFI_IF_STA, &gWanted);
}

// ---------------------------------------------------------------- the options of join

static void readSSID(xsMachine *the, wifi_sta_config_t *station)
{
	char ssid[sizeof(station->ssid) + 1];
	bindingOption(the, &xsVar(0), "ssid");
	bindingText(the, &xsVar(0), "ssid", ssid, sizeof(ssid));
	if (!ssid[0])
		xsRangeError("ssid: empty");
	memcpy(station->ssid, ssid, strlen(ssid));
}

static wifi_auth_mode_t readSecurity(xsMachine *the)
{
	char security[8];
	bindingOption(the, &xsVar(0), "security");
	if (xsmcTypeOf(xsVar(0)) == xsUndefinedType)
		return WIFI_AUTH_WPA2_PSK;
	bindingText(the, &xsVar(0), "security", security, sizeof(security));
	if (!strcmp(security, "WPA3"))
		return WIFI_AUTH_WPA3_PSK;
	if (!strcmp(security, "WPA2"))
		return WIFI_AUTH_WPA2_PSK;
	if (strcmp(security, "open"))
		xsTypeError("security: none of \"open\", \"WPA2\", \"WPA3\"");
	return WIFI_AUTH_OPEN;
}

// The last to be read: nothing throws between the copy and its place. What script has of it is
// zeros afterwards.
static void takePassword(xsMachine *the, wifi_sta_config_t *station)
{
	size_t length;
	void *bytes = NULL;
	xsUnsignedValue count = 0;
	bool isOpen = station->threshold.authmode == WIFI_AUTH_OPEN;
	bindingOption(the, &xsVar(0), "password");
	if (xsmcTypeOf(xsVar(0)) == xsUndefinedType) {
		if (!isOpen)
			xsTypeError("password: missing");
		return;
	}
	bindingBytes(the, &xsVar(0), "password", &length);
	if (isOpen)
		xsTypeError("password: for an open network");
	if (length < 8 || length > sizeof(station->password))
		xsRangeError("password: not 8 to 64 bytes");
	if (xsmcGetBufferWritable(xsVar(0), &bytes, &count) != xsBufferRelocatable || count != length)
		xsTypeError("password: cannot be wiped");
	memcpy(station->password, bytes, length);
	wipe(bytes, length);
}

// ---------------------------------------------------------------- what script calls

// What cannot begin, for want of memory for instance, fails by its time, and is tried again.
static void connect(void)
{
	esp_err_t error = prepare();
	if (error == ESP_OK)
		error = esp_wifi_connect();
	if (error != ESP_OK)
		atomic_store(&gFailure, (uint32_t)error);
}

static void tick(Poll poll)
{
	WiFiFacts facts = look();
	switch (wifiStateTick(&gState, nowMs(), &facts)) {
	case kWiFiConnect:
		connect();
		break;
	case kWiFiDisconnect:
		esp_wifi_disconnect();
		break;
	case kWiFiNothing:
		break;
	}
	if (wifiStateIsChanged(&gState, &facts))
		pollTell(poll, gOnChanged, 0);
}

void xs_wifi_destructor(void *data)
{
	if (!data)
		return;
	pollStop(&gPoll);
	forget();
	gOnChanged = NULL;
	gIsOpen = false;
}

static void xs_wifi_mark(xsMachine *the, void *it, xsMarkRoot markRoot)
{
	if (it && gOnChanged)
		(*markRoot)(the, gOnChanged);
}

void xs_wifi_constructor(xsMachine *the)
{
	xsSlot *onChanged = pollCallback(the, "onChanged");
	if (gIsOpen)
		xsUnknownError("Wi-Fi: in use");
	gPoll.look = tick;
	if (!pollStart(the, &gPoll, kWiFiTickMs))
		xsUnknownError("Wi-Fi: no memory");
	xsmcSetHostData(xsThis, &gPoll);
	xsSetHostHooks(xsThis, (xsHostHooks *)&kWiFiHooks);
	gOnChanged = onChanged;
	gState = (WiFiState){ 0 };
	atomic_store(&gFailure, 0);
	gIsOpen = true;
}

void xs_wifi_join(xsMachine *the)
{
	wifi_sta_config_t station;
	xsmcGetHostDataValidate(xsThis, (void *)&kWiFiHooks);
	xsmcVars(1);
	memset(&station, 0, sizeof(station));
	readSSID(the, &station);
	station.threshold.authmode = readSecurity(the);
	bindingOption(the, &xsVar(0), "isProtectionRequired");
	station.pmf_cfg.capable = true;
	station.pmf_cfg.required = station.threshold.authmode == WIFI_AUTH_WPA3_PSK ||
		xsmcTest(xsVar(0));
	station.sae_pwe_h2e = WPA3_SAE_PWE_BOTH;
	station.transition_disable = 1;
	station.scan_method = WIFI_ALL_CHANNEL_SCAN;
	station.sort_method = WIFI_CONNECT_AP_BY_SIGNAL;
	takePassword(the, &station);
	stopRadio();
	gWanted.sta = station;
	gHasWanted = true;
	wipe(&station, sizeof(station));
	wifiStateJoin(&gState, nowMs());
}

void xs_wifi_restart(xsMachine *the)
{
	xsmcGetHostDataValidate(xsThis, (void *)&kWiFiHooks);
	if (!gState.isWanted)
		return;
	stopRadio();
	wifiStateJoin(&gState, nowMs());
}

void xs_wifi_leave(xsMachine *the)
{
	xsmcGetHostDataValidate(xsThis, (void *)&kWiFiHooks);
	forget();
}

void xs_wifi_get_is_up(xsMachine *the)
{
	xsmcGetHostDataValidate(xsThis, (void *)&kWiFiHooks);
	WiFiFacts facts = look();
	xsmcSetBoolean(xsResult, wifiStateIsUp(&gState, &facts));
}

void xs_wifi_get_rssi(xsMachine *the)
{
	wifi_ap_record_t network;
	xsmcGetHostDataValidate(xsThis, (void *)&kWiFiHooks);
	if (gIsStarted && esp_wifi_sta_get_ap_info(&network) == ESP_OK)
		xsmcSetInteger(xsResult, network.rssi);
}

void xs_wifi_get_failure(xsMachine *the)
{
	xsmcGetHostDataValidate(xsThis, (void *)&kWiFiHooks);
	xsmcSetInteger(xsResult, (xsIntegerValue)atomic_load(&gFailure));
}

void xs_wifi_close(xsMachine *the)
{
	if (!xsmcGetHostData(xsThis))
		return;
	xsmcGetHostDataValidate(xsThis, (void *)&kWiFiHooks);
	xsmcSetHostData(xsThis, NULL);
	xsmcSetHostDestructor(xsThis, NULL);
	xs_wifi_destructor(&gPoll);
}

// Ethernet of QEMU's emulated board, through ESP-IDF's driver for the open-cores controller, which
// no real chip has. As in modules/wifi nothing is posted to the engine: the driver is asked every
// second.

#include "binding.h"
#include "poll-esp32.h"
#include "sdkconfig.h"
#include "esp_eth.h"
#include "esp_eth_mac_openeth.h"
#include "esp_event.h"
#include "esp_mac.h"
#include "esp_netif.h"

#if !CONFIG_ETH_USE_OPENETH
	#error "holdfast/ethernet: sdkconfig has CONFIG_ETH_USE_OPENETH=n"
#endif

#define kEthernetTickMs 1000

void xs_ethernet_destructor(void *data);
static void xs_ethernet_mark(xsMachine *the, void *it, xsMarkRoot markRoot);
static const xsHostHooks kEthernetHooks = { xs_ethernet_destructor, xs_ethernet_mark, NULL };

static PollRecord gPoll;
static xsSlot *gOnChanged = NULL;
static esp_netif_t *gInterface = NULL;
static esp_eth_handle_t gDriver = NULL;
static bool gIsOpen = false;
static bool gIsStarted = false;
static bool gWasUp = false;

// ---------------------------------------------------------------- the driver

static esp_err_t makeDriver(void)
{
	uint8_t address[6];
	eth_mac_config_t controllerSettings = ETH_MAC_DEFAULT_CONFIG();
	eth_phy_config_t wireSettings = ETH_PHY_DEFAULT_CONFIG();
	wireSettings.autonego_timeout_ms = 100;
	wireSettings.reset_gpio_num = -1;
	esp_eth_config_t settings = ETH_DEFAULT_CONFIG(esp_eth_mac_new_openeth(&controllerSettings),
		esp_eth_phy_new_generic(&wireSettings));
	if (!settings.mac || !settings.phy)
		return ESP_ERR_NO_MEM;
	esp_err_t error = esp_eth_driver_install(&settings, &gDriver);
	if (error == ESP_OK)
		error = esp_read_mac(address, ESP_MAC_ETH);
	if (error == ESP_OK)
		error = esp_eth_ioctl(gDriver, ETH_CMD_S_MAC_ADDR, address);
	return error;
}

static esp_err_t makeInterface(void)
{
	esp_netif_config_t settings = ESP_NETIF_DEFAULT_ETH();
	esp_err_t error = esp_netif_init();
	if (error == ESP_OK)
		error = esp_event_loop_create_default();
	if (error != ESP_OK && error != ESP_ERR_INVALID_STATE)
		return error;
	error = makeDriver();
	if (error != ESP_OK)
		return error;
	esp_netif_t *interface = esp_netif_new(&settings);
	if (!interface)
		return ESP_ERR_NO_MEM;
	error = esp_netif_attach(interface, esp_eth_new_netif_glue(gDriver));
	if (error == ESP_OK)
		gInterface = interface;
	return error;
}

static bool start(void)
{
	gIsStarted = gIsStarted || esp_eth_start(gDriver) == ESP_OK;
	return gIsStarted;
}

static void stop(void)
{
	if (gIsStarted)
		esp_eth_stop(gDriver);
	gIsStarted = false;
}

static bool isUp(void)
{
	esp_netif_ip_info_t address;
	return gIsStarted && esp_netif_is_netif_up(gInterface) &&
		esp_netif_get_ip_info(gInterface, &address) == ESP_OK && address.ip.addr != 0 &&
		address.gw.addr != 0;
}

// ---------------------------------------------------------------- what script calls

static void tick(Poll poll)
{
	bool wasUp = gWasUp;
	gWasUp = isUp();
	if (gWasUp != wasUp)
		pollTell(poll, gOnChanged, 0);
}

void xs_ethernet_destructor(void *data)
{
	if (!data)
		return;
	pollStop(&gPoll);
	stop();
	gOnChanged = NULL;
	gIsOpen = false;
}

static void xs_ethernet_mark(xsMachine *the, void *it, xsMarkRoot markRoot)
{
	if (it && gOnChanged)
		(*markRoot)(the, gOnChanged);
}

void xs_ethernet_constructor(xsMachine *the)
{
	xsSlot *onChanged = pollCallback(the, "onChanged");
	if (gIsOpen)
		xsUnknownError("Ethernet: in use");
	gPoll.look = tick;
	if (!pollStart(the, &gPoll, kEthernetTickMs))
		xsUnknownError("Ethernet: no memory");
	xsmcSetHostData(xsThis, &gPoll);
	xsSetHostHooks(xsThis, (xsHostHooks *)&kEthernetHooks);
	gOnChanged = onChanged;
	gWasUp = false;
	gIsOpen = true;
}

// An emulator without the controller, or without memory, cannot be helped by trying again.
void xs_ethernet_join(xsMachine *the)
{
	xsmcGetHostDataValidate(xsThis, (void *)&kEthernetHooks);
	if (!gInterface && makeInterface() != ESP_OK)
		xsUnknownError("Ethernet: no controller");
	if (!start())
		xsUnknownError("Ethernet: cannot start");
}

void xs_ethernet_restart(xsMachine *the)
{
	xsmcGetHostDataValidate(xsThis, (void *)&kEthernetHooks);
	if (!gInterface)
		return;
	stop();
	start();
}

void xs_ethernet_leave(xsMachine *the)
{
	xsmcGetHostDataValidate(xsThis, (void *)&kEthernetHooks);
	stop();
}

void xs_ethernet_get_is_up(xsMachine *the)
{
	xsmcGetHostDataValidate(xsThis, (void *)&kEthernetHooks);
	xsmcSetBoolean(xsResult, isUp());
}

void xs_ethernet_close(xsMachine *the)
{
	if (!xsmcGetHostData(xsThis))
		return;
	xsmcGetHostDataValidate(xsThis, (void *)&kEthernetHooks);
	xsmcSetHostData(xsThis, NULL);
	xsmcSetHostDestructor(xsThis, NULL);
	xs_ethernet_destructor(&gPoll);
}

// The chip's clocks. SNTP sets the system's; whether it ever did in this life is counted in its
// callback and read here, since after a restart the system still counts on from the last one.

#include <stdatomic.h>
#include <sys/time.h>
#include "binding.h"
#include "sdkconfig.h"
#include "esp_netif.h"
#include "esp_netif_sntp.h"
#include "esp_timer.h"

#define kClockServersMax 4
#define kClockServerBytes 128

_Static_assert(CONFIG_LWIP_SNTP_MAX_SERVERS >= kClockServersMax,
	"sdkconfig: CONFIG_LWIP_SNTP_MAX_SERVERS=4");

void xs_clock_destructor(void *data);
static const xsHostHooks kClockHooks = { xs_clock_destructor, NULL, NULL };

static bool gIsOpen = false;
static bool gIsAsking = false;
static _Atomic bool gIsSynchronized;
// SNTP keeps pointers to them.
static char gServers[kClockServersMax][kClockServerBytes];

// In the task of the network.
static void synchronized(struct timeval *time)
{
	(void)time;
	atomic_store(&gIsSynchronized, true);
}

static void stop(void)
{
	if (gIsAsking)
		esp_netif_sntp_deinit();
	gIsAsking = false;
}

static bool ask(size_t count)
{
	esp_sntp_config_t settings = {
		.wait_for_sync = false,
		.start = true,
		.sync_cb = synchronized,
		.num_of_servers = count,
	};
	for (size_t index = 0; index < count; index++)
		settings.servers[index] = gServers[index];
	esp_err_t error = esp_netif_init();
	if (error == ESP_OK || error == ESP_ERR_INVALID_STATE)
		error = esp_netif_sntp_init(&settings);
	gIsAsking = error == ESP_OK;
	return gIsAsking;
}

// ---------------------------------------------------------------- what script calls

void xs_clock_destructor(void *data)
{
	if (!data)
		return;
	stop();
	gIsOpen = false;
}

void xs_clock_constructor(xsMachine *the)
{
	if (gIsOpen)
		xsUnknownError("clock: in use");
	xsmcSetHostData(xsThis, &gIsOpen);
	xsSetHostHooks(xsThis, (xsHostHooks *)&kClockHooks);
	gIsOpen = true;
}

void xs_clock_monotonic_ms(xsMachine *the)
{
	xsmcGetHostDataValidate(xsThis, (void *)&kClockHooks);
	xsmcSetNumber(xsResult, (double)(esp_timer_get_time() / 1000));
}

void xs_clock_wall_time(xsMachine *the)
{
	struct timeval now;
	xsmcGetHostDataValidate(xsThis, (void *)&kClockHooks);
	bool isKnown = atomic_load(&gIsSynchronized) && gettimeofday(&now, NULL) == 0;
	xsmcVars(1);
	xsmcSetNewObject(xsResult);
	xsmcSetNumber(xsVar(0), isKnown ? (double)now.tv_sec : 0);
	xsmcSet(xsResult, xsID("unixSeconds"), xsVar(0));
	xsmcSetString(xsVar(0), isKnown ? "sntp" : "none");
	xsmcSet(xsResult, xsID("quality"), xsVar(0));
}

void xs_clock_synchronize(xsMachine *the)
{
	char servers[kClockServersMax][kClockServerBytes];
	xsmcGetHostDataValidate(xsThis, (void *)&kClockHooks);
	if (xsmcArgc < 1 || xsmcTypeOf(xsArg(0)) != xsReferenceType)
		xsTypeError("servers: not an array");
	xsmcVars(1);
	xsmcGet(xsVar(0), xsArg(0), xsID("length"));
	uint32_t count = bindingInteger(the, &xsVar(0), "servers", kClockServersMax);
	if (count == 0)
		xsRangeError("servers: none");
	for (uint32_t index = 0; index < count; index++) {
		xsmcGetIndex(xsVar(0), xsArg(0), index);
		bindingText(the, &xsVar(0), "servers", servers[index], kClockServerBytes);
		if (!servers[index][0])
			xsRangeError("servers: empty");
	}
	stop();
	memcpy(gServers, servers, sizeof(gServers));
	if (!ask(count))
		xsUnknownError("clock: cannot ask");
}

void xs_clock_close(xsMachine *the)
{
	if (!xsmcGetHostData(xsThis))
		return;
	xsmcGetHostDataValidate(xsThis, (void *)&kClockHooks);
	xsmcSetHostData(xsThis, NULL);
	xsmcSetHostDestructor(xsThis, NULL);
	xs_clock_destructor(&gIsOpen);
}

// The watchdog on the chip: a user of ESP-IDF's task watchdog, beside the SDK's own that watches
// the loop of script. The hardware knows one time for all of them (CONFIG_ESP_TASK_WDT_TIMEOUT_S);
// ours is kept by a timer that feeds it in the meantime. What is retained lies in RTC memory.

#include <stdatomic.h>
#include "binding.h"
#include "watchdog-esp32.h"
#include "watchdog-retained.h"
#include "sdkconfig.h"
#include "esp_attr.h"
#include "esp_system.h"
#include "esp_task_wdt.h"
#include "esp_timer.h"

#if !CONFIG_ESP_TASK_WDT_EN
	#error "holdfast/watchdog: sdkconfig has CONFIG_ESP_TASK_WDT_EN=n"
#endif

#define kWatchdogTimeoutMsMax 3600000
#define kWatchdogTickMs 1000
#define kWatchdogHardwareMs (CONFIG_ESP_TASK_WDT_TIMEOUT_S * 1000u)

#if CONFIG_ESP_TASK_WDT_CHECK_IDLE_TASK_CPU0
	#define kWatchdogIdle0 1u
#else
	#define kWatchdogIdle0 0u
#endif
#if CONFIG_ESP_TASK_WDT_CHECK_IDLE_TASK_CPU1
	#define kWatchdogIdle1 2u
#else
	#define kWatchdogIdle1 0u
#endif

_Static_assert(ESP_RST_POWERON == 1 && ESP_RST_SW == 3 && ESP_RST_TASK_WDT == 6 &&
	ESP_RST_BROWNOUT == 9 && ESP_RST_CPU_LOCKUP == 15, "the order of watchdog-retained.c");
_Static_assert(kWatchdogHardwareMs > 2 * kWatchdogTickMs, "the hardware outlasts a late tick");

void xs_watchdog_destructor(void *data);
static const xsHostHooks kWatchdogHooks = { xs_watchdog_destructor, NULL, NULL };

static RTC_NOINIT_ATTR WatchdogRetained gRetained;
static WatchdogRetained gBefore;
static bool gIsBegun = false;
static bool gIsKnown = false;

// There is one, as there is one chip; its object is what may use it.
static bool gIsOpen = false;
static uint32_t gTimeoutMs = 0;
static _Atomic uint32_t gFedMs;
static esp_timer_handle_t gTimer = NULL;
static esp_task_wdt_user_handle_t gUser = NULL;

// ---------------------------------------------------------------- the last life

static void begin(void)
{
	if (gIsBegun)
		return;
	gIsBegun = true;
	gIsKnown = watchdogRetainedBegin(&gRetained, esp_reset_reason() == ESP_RST_POWERON, &gBefore);
}

void watchdogWillRestart(void)
{
	begin();
	watchdogRetainedRestart(&gRetained);
}

// ---------------------------------------------------------------- the hardware

static uint32_t nowMs(void)
{
	return (uint32_t)(esp_timer_get_time() / 1000);
}

// In the task of esp_timer.
static void tick(void *context)
{
	(void)context;
	uint32_t sinceFeedMs = nowMs() - atomic_load(&gFedMs);
	if (watchdogMayFeed(sinceFeedMs, gTimeoutMs, kWatchdogHardwareMs, kWatchdogTickMs))
		esp_task_wdt_reset_user(gUser);
}

static void stop(void)
{
	if (gTimer) {
		esp_timer_stop(gTimer);
		esp_timer_delete(gTimer);
		gTimer = NULL;
	}
	if (gUser) {
		esp_task_wdt_delete_user(gUser);
		gUser = NULL;
	}
}

// Resets in earnest, whatever sdkconfig says of CONFIG_ESP_TASK_WDT_PANIC.
static esp_err_t arm(void)
{
	const esp_task_wdt_config_t settings = {
		.timeout_ms = kWatchdogHardwareMs,
		.idle_core_mask = kWatchdogIdle0 | kWatchdogIdle1,
		.trigger_panic = true,
	};
	esp_err_t error = esp_task_wdt_reconfigure(&settings);
	return error == ESP_ERR_INVALID_STATE ? esp_task_wdt_init(&settings) : error;
}

static esp_err_t start(void)
{
	const esp_timer_create_args_t arguments = { .callback = tick, .name = "holdfast" };
	esp_err_t error = arm();
	if (error == ESP_OK)
		error = esp_task_wdt_add_user("holdfast", &gUser);
	if (error == ESP_OK)
		error = esp_timer_create(&arguments, &gTimer);
	if (error == ESP_OK)
		error = esp_timer_start_periodic(gTimer, kWatchdogTickMs * 1000ull);
	if (error != ESP_OK)
		stop();
	return error;
}

// ---------------------------------------------------------------- what script calls

void xs_watchdog_destructor(void *data)
{
	if (!data)
		return;
	stop();
	gIsOpen = false;
}

void xs_watchdog_constructor(xsMachine *the)
{
	if (gIsOpen)
		xsUnknownError("watchdog: in use");
	begin();
	xsmcSetHostData(xsThis, &gIsOpen);
	xsSetHostHooks(xsThis, (xsHostHooks *)&kWatchdogHooks);
	gIsOpen = true;
}

void xs_watchdog_start(xsMachine *the)
{
	xsmcGetHostDataValidate(xsThis, (void *)&kWatchdogHooks);
	if (xsmcArgc < 1)
		xsTypeError("timeoutMs: missing");
	double timeoutMs = xsmcToNumber(xsArg(0));
	if (!(timeoutMs >= 1 && timeoutMs <= kWatchdogTimeoutMsMax))
		xsRangeError("timeoutMs: not a duration");
	stop();
	gTimeoutMs = (uint32_t)timeoutMs;
	atomic_store(&gFedMs, nowMs());
	if (start() != ESP_OK)
		xsUnknownError("watchdog: cannot start");
}

void xs_watchdog_feed(xsMachine *the)
{
	xsmcGetHostDataValidate(xsThis, (void *)&kWatchdogHooks);
	atomic_store(&gFedMs, nowMs());
	if (gUser)
		esp_task_wdt_reset_user(gUser);
}

void xs_watchdog_retain(xsMachine *the)
{
	char stage[kWatchdogStageBytes];
	xsmcGetHostDataValidate(xsThis, (void *)&kWatchdogHooks);
	if (xsmcArgc < 1)
		xsTypeError("stage: missing");
	bindingText(the, &xsArg(0), "stage", stage, sizeof(stage));
	watchdogRetainedStage(&gRetained, stage);
}

static void setText(xsMachine *the, const char *name, const char *text)
{
	xsmcSetString(xsVar(0), (char *)(uintptr_t)text);
	xsmcSet(xsResult, xsID(name), xsVar(0));
}

void xs_watchdog_get_last_reset(xsMachine *the)
{
	xsmcGetHostDataValidate(xsThis, (void *)&kWatchdogHooks);
	xsmcVars(1);
	xsmcSetNewObject(xsResult);
	setText(the, "reason", watchdogReason((int)esp_reset_reason(), gIsKnown, &gBefore));
	setText(the, "stage", gBefore.stage);
}

void xs_watchdog_close(xsMachine *the)
{
	if (!xsmcGetHostData(xsThis))
		return;
	xsmcGetHostDataValidate(xsThis, (void *)&kWatchdogHooks);
	xsmcSetHostData(xsThis, NULL);
	xsmcSetHostDestructor(xsThis, NULL);
	xs_watchdog_destructor(&gIsOpen);
}

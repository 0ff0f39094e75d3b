// The watchdog on Linux: a timer signal of this process that executes the program again
// (hosts/linux reset.c), so that it also ends an endless loop of script or of C.
#include <math.h>
#include <stdbool.h>
#include <string.h>
#include "xsmc.h"
#include "reset.h"

#define kWatchdogTimeoutMsMax 3600000

void xs_watchdog_destructor(void *data);
static const xsHostHooks kWatchdogHooks = { xs_watchdog_destructor, NULL, NULL };

// There is one, as on the chip; its object is what may use it.
static bool gIsOpen = false;

void xs_watchdog_destructor(void *data)
{
	if (!data)
		return;
	resetWatchdogStop();
	gIsOpen = false;
}

void xs_watchdog_constructor(xsMachine *the)
{
	if (gIsOpen)
		xsUnknownError("watchdog: in use");
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
	resetWatchdogStart((uint32_t)timeoutMs);
}

void xs_watchdog_feed(xsMachine *the)
{
	xsmcGetHostDataValidate(xsThis, (void *)&kWatchdogHooks);
	resetWatchdogFeed();
}

void xs_watchdog_retain(xsMachine *the)
{
	char stage[kResetStageBytes + 1];
	xsmcGetHostDataValidate(xsThis, (void *)&kWatchdogHooks);
	xsType type = xsmcArgc > 0 ? xsmcTypeOf(xsArg(0)) : xsUndefinedType;
	if (type != xsStringType && type != xsStringXType)
		xsTypeError("stage: not a string");
	const char *text = xsmcToString(xsArg(0));
	if (strlen(text) > kResetStageBytes)
		xsRangeError("stage: too long");
	memcpy(stage, text, strlen(text) + 1);
	resetRetain(stage);
}

void xs_watchdog_get_last_reset(xsMachine *the)
{
	xsmcGetHostDataValidate(xsThis, (void *)&kWatchdogHooks);
	xsmcVars(1);
	xsmcSetNewObject(xsResult);
	xsmcSetString(xsVar(0), (char *)(uintptr_t)resetReason());
	xsmcSet(xsResult, xsID("reason"), xsVar(0));
	xsmcSetString(xsVar(0), (char *)(uintptr_t)resetStage());
	xsmcSet(xsResult, xsID("stage"), xsVar(0));
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

// Timers for script over the tasks of the loop. Delays are not limited; the number of timers is.
#include <math.h>
#include <stdlib.h>
#include "xsmc.h"
#include "loop.h"

#define kTimersMax 1024

typedef struct TimerRecord TimerRecord, *Timer;
struct TimerRecord {
	LoopTaskRecord task;
	xsMachine *the;
	xsSlot object;
	xsSlot *callback;
	double intervalMs; // 0: once
};

static int gTimers = 0;

void xs_timer_destructor(void *data);
static void xs_timer_mark(xsMachine *the, void *it, xsMarkRoot markRoot);

static const xsHostHooks kTimerHooks = { xs_timer_destructor, xs_timer_mark, NULL };

void xs_timer_destructor(void *data)
{
	Timer timer = data;
	if (!timer)
		return;
	loopCancel(&timer->task);
	gTimers--;
	free(timer);
}

static void xs_timer_mark(xsMachine *the, void *it, xsMarkRoot markRoot)
{
	Timer timer = it;
	if (timer && timer->callback)
		(*markRoot)(the, timer->callback);
}

// Takes the record from its object, which stays a timer that is over.
static void finish(xsMachine *the, Timer timer)
{
	xsSlot object = timer->object;
	xsForget(timer->object);
	xsmcSetHostData(object, NULL);
	xs_timer_destructor(timer);
}

static void fire(LoopTask task)
{
	Timer timer = task->data;
	xsMachine *machine = timer->the;
	if (timer->intervalMs > 0)
		loopPostAt(task, fmax(task->whenMs + timer->intervalMs, loopNowMs()));
	xsBeginHost(machine);
	xsResult = xsReference(timer->callback);
	if (timer->intervalMs <= 0)
		finish(the, timer);
	xsCallFunction0(xsResult, xsGlobal);
	xsEndHost(machine);
}

// xs_timer_constructor(callback, delayMs, isRepeating)
void xs_timer_constructor(xsMachine *the)
{
	if (xsmcArgc < 2 || !xsmcIsCallable(xsArg(0)))
		xsTypeError("callback: not a function");
	double delayMs = xsmcToNumber(xsArg(1));
	bool isRepeating = xsmcArgc > 2 && xsmcTest(xsArg(2));
	if (!isfinite(delayMs) || delayMs < 0)
		xsRangeError("delayMs: not a duration");
	if (gTimers == kTimersMax)
		xsRangeError("timer: too many");
	Timer timer = calloc(1, sizeof(TimerRecord));
	if (!timer)
		xsUnknownError("timer: no memory");
	gTimers++;
	xsmcSetHostData(xsThis, timer);
	xsSetHostHooks(xsThis, (xsHostHooks *)&kTimerHooks);
	timer->the = the;
	timer->callback = fxToReference(the, &xsArg(0));
	timer->object = xsThis;
	xsRemember(timer->object);
	timer->task.run = fire;
	timer->task.data = timer;
	// A repeated timer without an interval would hold the loop: one millisecond, as the SDK has it.
	timer->intervalMs = isRepeating ? fmax(delayMs, 1) : 0;
	loopPostAt(&timer->task, loopNowMs() + (isRepeating ? timer->intervalMs : delayMs));
}

void xs_timer_close(xsMachine *the)
{
	if (!xsmcGetHostData(xsThis))
		return;
	finish(the, xsmcGetHostDataValidate(xsThis, (void *)&kTimerHooks));
}

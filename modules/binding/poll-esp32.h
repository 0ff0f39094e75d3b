// A thing that is looked at now and then from the loop of the engine, and tells its owner of what
// it finds: on the chip nothing is posted to the engine's queue, which has ten places and, when
// they are taken, blocks or forgets. For the one C file of a class that knows XS.

#ifndef POLL_ESP32_H
#define POLL_ESP32_H

#include "binding.h"
#include "modTimer.h"

typedef struct PollRecord PollRecord, *Poll;
struct PollRecord {
	xsMachine *the;
	xsSlot object;
	modTimer timer; // NULL: stopped
	void (*look)(Poll poll);
};

static inline void pollRun(modTimer timer, void *data, int length)
{
	Poll poll;
	(void)timer;
	// The SDK promises no alignment of what it has kept.
	memcpy(&poll, data, (size_t)length);
	poll->look(poll);
}

// For the object that is being constructed: from now on it is not collected, and `look` is called.
// False when there is no memory; then nothing has happened.
static inline bool pollStart(xsMachine *the, Poll poll, int intervalMs)
{
	poll->timer = modTimerAdd(intervalMs, intervalMs, pollRun, &poll, sizeof(poll));
	if (!poll->timer)
		return false;
	poll->the = the;
	poll->object = xsThis;
	xsRemember(poll->object);
	return true;
}

// Idempotent. May be called by a callback of `look`, which then makes no further call.
static inline void pollStop(Poll poll)
{
	xsMachine *the = poll->the;
	if (!poll->timer)
		return;
	modTimerRemove(poll->timer);
	poll->timer = NULL;
	xsForget(poll->object);
}

// Calls `callback`, if there is one, with `number`; only from inside `look`.
static inline void pollTell(Poll poll, xsSlot *callback, int number)
{
	xsMachine *machine = poll->the;
	if (!callback || !poll->timer)
		return;
	xsBeginHost(machine);
	xsmcSetInteger(xsResult, number);
	xsCallFunction1(xsReference(callback), poll->object, xsResult);
	xsEndHost(machine);
}

// The function `name` of the options, or NULL. It lives for as long as it is marked.
static inline xsSlot *pollCallback(xsMachine *the, const char *name)
{
	xsSlot value;
	bindingOption(the, &value, name);
	if (xsmcTypeOf(value) == xsUndefinedType)
		return NULL;
	if (!xsmcIsCallable(value))
		xsTypeError("%s: not a function", name);
	return fxToReference(the, &value);
}

#endif

// What the chip's C uses of modTimer.h, Moddable SDK 8.2.3, modules/base/timer.

#ifndef HOLDFAST_SDK_MODTIMER_H
#define HOLDFAST_SDK_MODTIMER_H

#include <stdint.h>

typedef struct modTimerRecord *modTimer;
typedef void (*modTimerCallback)(modTimer timer, void *refcon, int refconSize);

modTimer modTimerAdd(int firstInterval, int secondInterval, modTimerCallback cb, void *refcon,
	int refconSize);
void modTimerRemove(modTimer timer);

#endif

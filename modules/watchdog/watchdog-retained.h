// What one life of the chip tells the next, through memory that a reset leaves alone and power-off
// does not; and what follows from it and from the chip's own word. Knows nothing of XS and of the
// chip.

#ifndef WATCHDOG_RETAINED_H
#define WATCHDOG_RETAINED_H

#include <stdbool.h>
#include <stdint.h>

#define kWatchdogStageBytes 16 // with the NUL

typedef struct {
	uint32_t mark;
	uint32_t isRestartWanted; // 0, unless the life ended because somebody wanted it to
	char stage[kWatchdogStageBytes];
	uint32_t check; // over everything before it
} WatchdogRetained;

// At the start of a life: what the last one left goes to `before`, and `memory` begins anew with
// its stage. Where the power was away, or nothing whole is there, `before` is empty: returns false.
bool watchdogRetainedBegin(WatchdogRetained *memory, bool isPowerOn, WatchdogRetained *before);

// A longer stage is cut, and characters that are not printable ASCII become '?'.
void watchdogRetainedStage(WatchdogRetained *memory, const char *stage);
void watchdogRetainedRestart(WatchdogRetained *memory);

// The reason as src/ports.ts names it: from esp_reset_reason() and from what the last life left.
// `isKnown` is what watchdogRetainedBegin returned.
const char *watchdogReason(int chipReason, bool isKnown, const WatchdogRetained *before);

// The hardware has one short time for everybody, ours is longer: a tick feeds it, until so late
// that it fires between `timeoutMs` and a tick more after the last feeding of ours.
bool watchdogMayFeed(uint32_t sinceFeedMs, uint32_t timeoutMs, uint32_t hardwareMs,
	uint32_t tickMs);

#endif

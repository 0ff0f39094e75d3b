// The event loop on poll(2): files that became ready, tasks for the next turn, and timers. Whoever
// registers something owns its memory and takes it out before freeing it.
#ifndef LOOP_H
#define LOOP_H

#include <stdbool.h>
#include <stdint.h>

#define kLoopWatchesMax 64

typedef struct LoopWatchRecord LoopWatchRecord, *LoopWatch;
struct LoopWatchRecord {
	int file;
	short events; // of poll(2); may be changed at any time
	void (*ready)(LoopWatch watch, short events);
	void *data;
	bool isWatched;
};

typedef struct LoopTaskRecord LoopTaskRecord, *LoopTask;
struct LoopTaskRecord {
	void (*run)(LoopTask task);
	void *data;
	LoopTask next;
	bool isPosted;
	// Runs once the loop turned and `whenMs` has come; kept in order of time.
	double whenMs;
};

// False when kLoopWatchesMax files are watched already.
bool loopWatch(LoopWatch watch);
void loopUnwatch(LoopWatch watch);

// Runs in the next turn, never at once. A task that is posted already keeps its place.
void loopPost(LoopTask task);
void loopPostAt(LoopTask task, double whenMs);
void loopCancel(LoopTask task);

// Monotonic milliseconds.
double loopNowMs(void);

// Turns until nothing is left to wait for. `afterEach` runs after every callback.
void loopRun(void (*afterEach)(void));

#endif

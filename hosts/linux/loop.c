// One thread, one poll(2). Callbacks run from here only, so that none runs inside a call of script.
#define _GNU_SOURCE
#include "loop.h"
#include <errno.h>
#include <poll.h>
#include <stddef.h>
#include <time.h>

static LoopWatch gWatches[kLoopWatchesMax];
static LoopTask gTasks = NULL;
static void (*gAfterEach)(void);

bool loopWatch(LoopWatch watch)
{
	for (int index = 0; index < kLoopWatchesMax; index++) {
		if (!gWatches[index]) {
			gWatches[index] = watch;
			watch->isWatched = true;
			return true;
		}
	}
	return false;
}

void loopUnwatch(LoopWatch watch)
{
	watch->isWatched = false;
	for (int index = 0; index < kLoopWatchesMax; index++) {
		if (gWatches[index] == watch)
			gWatches[index] = NULL;
	}
}

double loopNowMs(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1000 + (double)now.tv_nsec / 1000000;
}

void loopPost(LoopTask task)
{
	loopPostAt(task, loopNowMs());
}

void loopPostAt(LoopTask task, double whenMs)
{
	if (task->isPosted)
		return;
	LoopTask *place = &gTasks;
	while (*place && (*place)->whenMs <= whenMs)
		place = &(*place)->next;
	task->whenMs = whenMs;
	task->isPosted = true;
	task->next = *place;
	*place = task;
}

void loopCancel(LoopTask task)
{
	if (!task->isPosted)
		return;
	task->isPosted = false;
	for (LoopTask *place = &gTasks; *place; place = &(*place)->next) {
		if (*place == task) {
			*place = task->next;
			return;
		}
	}
}

// Those that are due now; what they post waits for the next turn, even without a delay.
static void runTasks(void)
{
	double now = loopNowMs();
	while (gTasks && gTasks->whenMs < now) {
		LoopTask task = gTasks;
		gTasks = task->next;
		task->isPosted = false;
		task->run(task);
		gAfterEach();
	}
}

static int waitMs(void)
{
	if (!gTasks)
		return -1;
	double wait = gTasks->whenMs - loopNowMs();
	if (wait <= 0)
		return 0;
	return wait > 60000 ? 60000 : (int)wait + 1;
}

static bool turn(void)
{
	struct pollfd files[kLoopWatchesMax];
	int places[kLoopWatchesMax];
	nfds_t count = 0;
	for (int index = 0; index < kLoopWatchesMax; index++) {
		if (!gWatches[index])
			continue;
		files[count].fd = gWatches[index]->file;
		files[count].events = gWatches[index]->events;
		files[count].revents = 0;
		places[count++] = index;
	}
	if (count == 0 && !gTasks)
		return false;
	int ready = poll(files, count, waitMs());
	for (nfds_t at = 0; ready > 0 && at < count; at++) {
		LoopWatch watch = gWatches[places[at]];
		// A callback before this one may have closed the file, or opened another in its place.
		if (!files[at].revents || !watch || watch->file != files[at].fd)
			continue;
		watch->ready(watch, files[at].revents);
		gAfterEach();
	}
	runTasks();
	return true;
}

void loopRun(void (*afterEach)(void))
{
	gAfterEach = afterEach;
	while (turn())
		;
}

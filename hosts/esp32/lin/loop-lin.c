// What modules written for Linux expect of hosts/linux, on the main loop of the SDK's simulator:
// files that became ready and tasks for the next turn, by GLib. It owns none of their memory.

#define _GNU_SOURCE
#include "loop.h"
#include <dlfcn.h>
#include <glib.h>
#include <glib-unix.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include "reset.h"

#define kLoopRequestMs 50

typedef struct {
	LoopWatch watch;
	guint source;
} WatchedRecord;

static WatchedRecord gWatched[kLoopWatchesMax];
static LoopTask gTasks; // for the next turn
static LoopTask gDue;   // of the running one
static guint gTurn;

// ---------------------------------------------------------------- files

static WatchedRecord *find(const LoopWatch watch)
{
	for (size_t index = 0; index < kLoopWatchesMax; index++) {
		if (gWatched[index].watch == watch)
			return &gWatched[index];
	}
	return NULL;
}

static gboolean onReady(gint file, GIOCondition condition, gpointer data)
{
	LoopWatch watch = data;
	short events = 0;
	(void)file;
	if (condition & G_IO_IN)
		events |= POLLIN;
	if (condition & G_IO_OUT)
		events |= POLLOUT;
	if (condition & G_IO_ERR)
		events |= POLLERR;
	if (condition & G_IO_HUP)
		events |= POLLHUP;
	if (watch->isWatched)
		watch->ready(watch, events);
	return G_SOURCE_CONTINUE;
}

bool loopWatch(LoopWatch watch)
{
	WatchedRecord *place = find(NULL);
	if (!place)
		return false;
	GIOCondition condition = G_IO_ERR | G_IO_HUP;
	if (watch->events & POLLIN)
		condition |= G_IO_IN;
	if (watch->events & POLLOUT)
		condition |= G_IO_OUT;
	watch->isWatched = true;
	place->watch = watch;
	place->source = g_unix_fd_add(watch->file, condition, onReady, watch);
	return true;
}

void loopUnwatch(LoopWatch watch)
{
	WatchedRecord *place = find(watch);
	if (!place)
		return;
	watch->isWatched = false;
	g_source_remove(place->source);
	place->watch = NULL;
}

// ---------------------------------------------------------------- tasks

static gboolean onTurn(gpointer data)
{
	(void)data;
	gDue = gTasks;
	gTasks = NULL;
	gTurn = 0;
	while (gDue) {
		LoopTask task = gDue;
		gDue = task->next;
		task->next = NULL;
		task->isPosted = false;
		task->run(task);
	}
	return G_SOURCE_REMOVE;
}

void loopPost(LoopTask task)
{
	if (task->isPosted)
		return;
	LoopTask *end = &gTasks;
	while (*end)
		end = &(*end)->next;
	*end = task;
	task->next = NULL;
	task->isPosted = true;
	if (gTurn == 0)
		gTurn = g_idle_add_full(G_PRIORITY_DEFAULT, onTurn, NULL, NULL);
}

static void takeOut(LoopTask *list, LoopTask task)
{
	for (LoopTask *at = list; *at; at = &(*at)->next) {
		if (*at == task) {
			*at = task->next;
			return;
		}
	}
}

void loopCancel(LoopTask task)
{
	if (!task->isPosted)
		return;
	takeOut(&gTasks, task);
	takeOut(&gDue, task);
	task->isPosted = false;
}

double loopNowMs(void)
{
	return (double)g_get_monotonic_time() / 1000.0;
}

// ---------------------------------------------------------------- lives

static gboolean onRequest(gpointer data)
{
	(void)data;
	if (resetIsRequested())
		resetRestart("software");
	return G_SOURCE_CONTINUE;
}

// The first step of the time ladder: when the simulator took its copy of the image.
static void tellBuildTime(void)
{
	Dl_info info;
	struct stat status;
	char text[24];
	if (!dladdr((void *)(uintptr_t)&tellBuildTime, &info) || stat(info.dli_fname, &status) != 0)
		return;
	snprintf(text, sizeof(text), "%lld", (long long)status.st_mtime);
	setenv("HOLDFAST_BUILD_TIME", text, 1);
}

// The simulator loads this library with its command line in place: a reset executes it again.
__attribute__((constructor)) static void begin(void)
{
	static gchar *arguments[64];
	gchar *text = NULL;
	gsize length = 0;
	if (g_file_get_contents("/proc/self/cmdline", &text, &length, NULL)) {
		size_t count = 0;
		for (gsize at = 0; at < length && count < G_N_ELEMENTS(arguments) - 1; count++) {
			arguments[count] = text + at;
			at += strlen(text + at) + 1;
		}
	}
	tellBuildTime();
	resetBegin(arguments);
	resetUseReports(true);
	g_timeout_add(kLoopRequestMs, onRequest, NULL);
}

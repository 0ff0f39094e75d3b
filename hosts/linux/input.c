// Lines on standard input, for whoever drives this program as a board. Whatever follows a line that
// is too long belongs to it.
#include <poll.h>
#include <string.h>
#include <unistd.h>
#include "xsmc.h"
#include "loop.h"

#define kInputLineBytesMax 128

static LoopWatchRecord gInput;
static xsMachine *gMachine;
static xsSlot gCallback;
static char gLine[kInputLineBytesMax + 1];
static size_t gLength = 0;

static void tell(const char *line)
{
	xsMachine *machine = gMachine;
	xsBeginHost(machine);
	xsmcVars(1);
	if (line)
		xsmcSetString(xsVar(0), (char *)(uintptr_t)line);
	xsResult = gCallback;
	xsCallFunction1(xsResult, xsGlobal, xsVar(0));
	xsEndHost(machine);
}

static void ready(LoopWatch watch, short events)
{
	char bytes[kInputLineBytesMax];
	(void)events;
	ssize_t count = read(watch->file, bytes, sizeof(bytes));
	if (count <= 0) {
		loopUnwatch(watch);
		tell(NULL);
		return;
	}
	for (ssize_t at = 0; at < count; at++) {
		if (bytes[at] != '\n') {
			if (gLength < kInputLineBytesMax)
				gLine[gLength++] = bytes[at];
			continue;
		}
		gLine[gLength] = 0;
		gLength = 0;
		tell(gLine);
	}
}

// xs_host_listen(callback): with each line, and with undefined at the end of the input. Once.
void xs_host_listen(xsMachine *the)
{
	if (xsmcArgc < 1 || !xsmcIsCallable(xsArg(0)))
		xsTypeError("callback: not a function");
	if (gMachine)
		xsUnknownError("input: in use");
	gMachine = the;
	gCallback = xsArg(0);
	xsRemember(gCallback);
	gInput.file = STDIN_FILENO;
	gInput.events = POLLIN;
	gInput.ready = ready;
	if (!loopWatch(&gInput))
		xsUnknownError("input: too many files");
}

// The program: one machine, one module given on the command line, then the loop until nothing is
// left. Usage: xs-host MODULE [ARGUMENT]…; what the arguments mean is up to the module.
#define _GNU_SOURCE
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "xsmc.h"
#include "loop.h"
#include "machine.h"
#include "reset.h"
#include "limits-of-manifest.h"

#define kMainExitMistake 2
#define kMainLineBytesMax (64 * 1024)

static xsMachine *gMachine;
static int gArgumentCount;
static char **gArguments;

static void afterEach(void)
{
	machineRunJobs(gMachine);
	if (resetIsRequested())
		resetRestart("software");
}

// When the firmware was bundled: the first step of its time ladder.
static void tellBuildTime(const char *module)
{
	char text[24];
	struct stat status;
	if (stat(module, &status) != 0)
		return;
	snprintf(text, sizeof(text), "%lld", (long long)status.st_mtime);
	setenv("HOLDFAST_BUILD_TIME", text, 1);
}

int main(int count, char *arguments[])
{
	if (count < 2) {
		fprintf(stderr, "usage: %s MODULE [ARGUMENT]...\n", arguments[0]);
		return kMainExitMistake;
	}
	resetBegin(arguments);
	gArgumentCount = count;
	gArguments = arguments;
	tellBuildTime(arguments[1]);
	gMachine = machineMake();
	if (!gMachine)
		return kMainExitMistake;
	machineInstallNatives(gMachine);
	machineImport(gMachine, arguments[1]);
	afterEach();
	if (machineModule() == kMachineLoaded || machineModule() == kMachineLoading)
		loopRun(afterEach);
	if (machineModule() == kMachineLoading)
		resetFail("the module waits for something that never comes", "");
	machineDelete(gMachine);
	return 0;
}

// ---------------------------------------------------------------- what script asks of the program

// xs_host_argument(index): a string, or undefined after the last. The module itself is not counted.
void xs_host_argument(xsMachine *the)
{
	if (xsmcArgc < 1)
		xsTypeError("index: missing");
	int index = xsmcToInteger(xsArg(0));
	if (index >= 0 && index + 2 < gArgumentCount)
		xsmcSetString(xsResult, gArguments[index + 2]);
}

// Writes all of `text` to `file` and a line end.
static void writeLine(xsMachine *the, int file)
{
	if (xsmcArgc < 1)
		xsTypeError("text: missing");
	const char *text = xsmcToString(xsArg(0));
	size_t length = strnlen(text, kMainLineBytesMax);
	char *line = malloc(length + 1);
	if (!line)
		xsUnknownError("text: no memory");
	memcpy(line, text, length);
	line[length] = '\n';
	size_t at = 0;
	while (at <= length) {
		ssize_t written = write(file, line + at, length + 1 - at);
		if (written <= 0)
			break;
		at += (size_t)written;
	}
	free(line);
	// Nobody reads what the board says: it has no reason to go on.
	if (at <= length)
		_exit(0);
}

void xs_host_print(xsMachine *the)
{
	writeLine(the, STDOUT_FILENO);
}

void xs_host_trace(xsMachine *the)
{
	writeLine(the, STDERR_FILENO);
}

// xs_host_exit(code): ends the program at once.
void xs_host_exit(xsMachine *the)
{
	_exit(xsmcArgc > 0 ? xsmcToInteger(xsArg(0)) : 0);
}

// xs_host_set_variable(name, value): for the C of modules, and kept across resets.
void xs_host_set_variable(xsMachine *the)
{
	char name[32];
	if (xsmcArgc < 2)
		xsTypeError("name, value: missing");
	xsmcToStringBuffer(xsArg(0), name, sizeof(name));
	if (strncmp(name, "HOLDFAST_", 9))
		xsRangeError("name: not ours");
	setenv(name, xsmcToString(xsArg(1)), 1);
}

// xs_host_seal(): the script is loaded; from now on the heap is the chip's, and events are JSON
// lines.
void xs_host_seal(xsMachine *the)
{
	MachineLimits limits = { kManifestChunkBytes, kManifestSlotCount, kManifestStackCount };
	if (sizeof(xsSlot) > 16)
		limits.chunkBytes *= 2;
	resetUseReports(true);
	machineSeal(the, &limits);
}

static void setNumber(xsMachine *the, const char *name, double value)
{
	xsmcSetNumber(xsVar(0), value);
	xsmcSet(xsResult, xsID(name), xsVar(0));
}

// xs_host_memory(isCollecting): the engine's heap in numbers.
void xs_host_memory(xsMachine *the)
{
	MachineMemory memory = machineMemory(the, xsmcArgc > 0 && xsmcTest(xsArg(0)));
	xsmcVars(1);
	xsmcSetNewObject(xsResult);
	setNumber(the, "chunkBytes", memory.chunkBytes);
	setNumber(the, "chunkBytesPeak", memory.chunkBytesPeak);
	setNumber(the, "slotCount", memory.slotCount);
	setNumber(the, "slotCountPeak", memory.slotCountPeak);
	setNumber(the, "slotBytes", memory.slotBytes);
	setNumber(the, "chunkBytesBase", memory.chunkBytesBase);
	setNumber(the, "slotCountBase", memory.slotCountBase);
}

void xs_host_boot(xsMachine *the)
{
	xsmcSetInteger(xsResult, (int)resetBoot());
}

// xs_host_make_folder(path): with the folders above it; false where that cannot be.
void xs_host_make_folder(xsMachine *the)
{
	char path[PATH_MAX];
	if (xsmcArgc < 1)
		xsTypeError("path: missing");
	xsmcToStringBuffer(xsArg(0), path, sizeof(path));
	for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = 0;
		mkdir(path, 0700);
		*slash = '/';
	}
	mkdir(path, 0700);
	xsmcSetBoolean(xsResult, access(path, W_OK | X_OK) == 0);
}

void xs_host_monotonic_ms(xsMachine *the)
{
	xsmcSetNumber(xsResult, loopNowMs());
}

// The system port on Linux: the process stands for the board. HOLDFAST_STATE names the folder of
// what survives, HOLDFAST_BUILD_TIME when the firmware was bundled; hosts/linux sets both.
#define _GNU_SOURCE
#include <fcntl.h>
#include <malloc.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>
#include "xsmc.h"
#include "reset.h"

#define kSystemHardwareIdBytes 32
#define kSystemPathBytes 4096

void xs_system_destructor(void *data);
static const xsHostHooks kSystemHooks = { xs_system_destructor, NULL, NULL };
static uint8_t gSystem;

// Burnt in when the board is made: like a MAC address, in hex. 0, or −1 where nothing can be kept.
static int readHardwareId(char *id)
{
	char path[kSystemPathBytes];
	uint8_t random[5];
	const char *folder = getenv("HOLDFAST_STATE");
	if (!folder)
		return -1;
	int length = snprintf(path, sizeof(path), "%s/hardware-id", folder);
	if (length < 0 || (size_t)length >= sizeof(path))
		return -1;
	int file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (file < 0)
		return -1;
	ssize_t count = read(file, id, kSystemHardwareIdBytes);
	if (count == 0 && getrandom(random, sizeof(random), 0) == (ssize_t)sizeof(random)) {
		snprintf(id, kSystemHardwareIdBytes, "02%02x%02x%02x%02x%02x", random[0], random[1],
			random[2], random[3], random[4]);
		count = write(file, id, strlen(id));
		fsync(file);
	}
	close(file);
	id[count > 0 ? count : 0] = 0;
	id[strcspn(id, "\r\n ")] = 0;
	return count > 0 ? 0 : -1;
}

void xs_system_destructor(void *data)
{
	(void)data;
}

void xs_system_constructor(xsMachine *the)
{
	xsmcSetHostData(xsThis, &gSystem);
	xsSetHostHooks(xsThis, (xsHostHooks *)&kSystemHooks);
}

void xs_system_restart(xsMachine *the)
{
	xsmcGetHostDataValidate(xsThis, (void *)&kSystemHooks);
	resetRequest();
}

void xs_system_health(xsMachine *the)
{
	xsmcGetHostDataValidate(xsThis, (void *)&kSystemHooks);
	xsmcVars(1);
	xsmcSetNewObject(xsResult);
	xsmcSetNumber(xsVar(0), (double)mallinfo2().fordblks);
	xsmcSet(xsResult, xsID("freeHeapBytes"), xsVar(0));
}

static void setFalse(xsMachine *the, const char *name)
{
	xsmcSetFalse(xsVar(0));
	xsmcSet(xsResult, xsID(name), xsVar(0));
}

// A process has none of a chip's protections, and says so.
void xs_system_posture(xsMachine *the)
{
	xsmcGetHostDataValidate(xsThis, (void *)&kSystemHooks);
	xsmcVars(1);
	xsmcSetNewObject(xsResult);
	xsmcSetString(xsVar(0), "linux");
	xsmcSet(xsResult, xsID("host"), xsVar(0));
	setFalse(the, "secureBoot");
	setFalse(the, "flashEncryption");
	setFalse(the, "storageEncryption");
	xsmcSetTrue(xsVar(0));
	xsmcSet(xsResult, xsID("debugPort"), xsVar(0));
	xsmcSetTrue(xsVar(0));
	xsmcSet(xsResult, xsID("watchdog"), xsVar(0));
}

// There is no second image here to roll back to.
void xs_system_mark_image_valid(xsMachine *the)
{
	xsmcGetHostDataValidate(xsThis, (void *)&kSystemHooks);
}

void xs_system_identify(xsMachine *the)
{
	xsmcGetHostDataValidate(xsThis, (void *)&kSystemHooks);
	resetReport("board-identified", NULL, NULL);
}

void xs_system_get_hardware_id(xsMachine *the)
{
	char id[kSystemHardwareIdBytes + 1] = "";
	xsmcGetHostDataValidate(xsThis, (void *)&kSystemHooks);
	if (readHardwareId(id) != 0)
		xsUnknownError("hardware id: cannot be kept");
	xsmcSetString(xsResult, id);
}

void xs_system_get_build_time(xsMachine *the)
{
	xsmcGetHostDataValidate(xsThis, (void *)&kSystemHooks);
	const char *time = getenv("HOLDFAST_BUILD_TIME");
	xsmcSetNumber(xsResult, time ? strtod(time, NULL) : 0);
}

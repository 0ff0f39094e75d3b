// The serial port on Linux: a pseudo-terminal whose path any serial program can open. It is made at
// the first use, announced as {"event":"pty","path":…} once it is in raw mode, and outlives resets.
// As on the chip nothing waits for a reader: what finds a full buffer is lost.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>
#include "xsmc.h"
#include "loop.h"
#include "options.h"
#include "reset.h"

// More than a FIFO, because a pseudo-terminal delivers without pause.
#define kUSBSerialReceiveBytes 8192
// SERIAL_WRITE_BYTES of the firmware: what a FIFO of the chip takes at once.
#define kUSBSerialWriteBytes 128
#define kUSBSerialPathBytes 64

typedef struct USBSerialRecord USBSerialRecord, *USBSerial;
struct USBSerialRecord {
	xsMachine *the;
	xsSlot object;
	xsSlot *onReadable;
	xsSlot *onWritable;
	LoopWatchRecord watch;
	LoopTaskRecord notice;
	bool isClosed;
	int uses; // the object, and each callback under way
	size_t room;
	size_t received;
	uint8_t input[kUSBSerialReceiveBytes];
};

void xs_usb_serial_destructor(void *data);
static void xs_usb_serial_mark(xsMachine *the, void *it, xsMarkRoot markRoot);
static const xsHostHooks kUSBSerialHooks = {
	xs_usb_serial_destructor, xs_usb_serial_mark, NULL,
};

static int gMaster = -1;
static bool gIsInUse = false;

// ---------------------------------------------------------------- the pseudo-terminal

static int makeRaw(int file)
{
	struct termios settings;
	if (tcgetattr(file, &settings) != 0)
		return -1;
	cfmakeraw(&settings);
	return tcsetattr(file, TCSANOW, &settings);
}

// The slave stays open here: without it the master would see an end whenever the last reader goes,
// and the terminal would fall out of raw mode.
static int makeTerminal(int *slave, char *path, size_t size)
{
	int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (master < 0)
		return -1;
	*slave = -1;
	if (grantpt(master) == 0 && unlockpt(master) == 0 && ptsname_r(master, path, size) == 0)
		*slave = open(path, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (*slave < 0 || makeRaw(*slave) != 0) {
		if (*slave >= 0)
			close(*slave);
		close(master);
		return -1;
	}
	return master;
}

// 0, or −1 when there is no terminal to be had.
static int openTerminal(void)
{
	char path[kUSBSerialPathBytes] = "";
	int slave;
	if (gMaster >= 0)
		return 0;
	if (!resetKeptFiles(&gMaster, &slave) || ptsname_r(gMaster, path, sizeof(path)) != 0)
		gMaster = makeTerminal(&slave, path, sizeof(path));
	if (gMaster < 0)
		return -1;
	fcntl(gMaster, F_SETFL, O_NONBLOCK);
	resetKeepFiles(gMaster, slave);
	resetReport("pty", "path", path);
	return 0;
}

// ---------------------------------------------------------------- callbacks, from the loop only

static void release(USBSerial serial)
{
	if (--serial->uses == 0)
		free(serial);
}

static void callWith(USBSerial serial, xsSlot *callback, size_t count)
{
	xsMachine *machine = serial->the;
	if (!callback || serial->isClosed)
		return;
	serial->uses++;
	xsBeginHost(machine);
	xsmcSetInteger(xsResult, (int)count);
	xsCallFunction1(xsReference(callback), serial->object, xsResult);
	xsEndHost(machine);
	release(serial);
}

static void ready(LoopWatch watch, short events)
{
	USBSerial serial = watch->data;
	uint8_t lost[256];
	(void)events;
	size_t room = kUSBSerialReceiveBytes - serial->received;
	ssize_t count = room > 0 ? read(watch->file, serial->input + serial->received, room) :
		read(watch->file, lost, sizeof(lost));
	if (count <= 0 || room == 0)
		return;
	serial->received += (size_t)count;
	callWith(serial, serial->onReadable, serial->received);
}

static void notify(LoopTask task)
{
	USBSerial serial = task->data;
	serial->room = kUSBSerialWriteBytes;
	callWith(serial, serial->onWritable, serial->room);
}

// ---------------------------------------------------------------- what script calls

static void finish(USBSerial serial)
{
	serial->isClosed = true;
	loopUnwatch(&serial->watch);
	loopCancel(&serial->notice);
	gIsInUse = false;
	release(serial);
}

void xs_usb_serial_destructor(void *data)
{
	if (data)
		finish(data);
}

static void xs_usb_serial_mark(xsMachine *the, void *it, xsMarkRoot markRoot)
{
	USBSerial serial = it;
	if (!serial)
		return;
	if (serial->onReadable)
		(*markRoot)(the, serial->onReadable);
	if (serial->onWritable)
		(*markRoot)(the, serial->onWritable);
}

void xs_usb_serial_constructor(xsMachine *the)
{
	optionsCheck(the);
	xsSlot *onReadable = optionsCallback(the, "onReadable");
	xsSlot *onWritable = optionsCallback(the, "onWritable");
	if (gIsInUse)
		xsUnknownError("USB serial: in use");
	if (openTerminal() != 0)
		xsUnknownError("USB serial: no pseudo-terminal");
	USBSerial serial = calloc(1, sizeof(USBSerialRecord));
	if (!serial)
		xsUnknownError("USB serial: no memory");
	gIsInUse = true;
	serial->the = the;
	serial->uses = 1;
	serial->room = kUSBSerialWriteBytes;
	serial->watch.file = gMaster;
	serial->watch.events = POLLIN;
	serial->watch.ready = ready;
	serial->watch.data = serial;
	serial->notice.run = notify;
	serial->notice.data = serial;
	xsmcSetHostData(xsThis, serial);
	xsSetHostHooks(xsThis, (xsHostHooks *)&kUSBSerialHooks);
	serial->onReadable = onReadable;
	serial->onWritable = onWritable;
	serial->object = xsThis;
	xsRemember(serial->object);
	if (!loopWatch(&serial->watch))
		xsUnknownError("USB serial: too many files");
	loopPost(&serial->notice);
}

void xs_usb_serial_close(xsMachine *the)
{
	USBSerial serial = xsmcGetHostData(xsThis);
	if (!serial)
		return;
	serial = xsmcGetHostDataValidate(xsThis, (void *)&kUSBSerialHooks);
	xsForget(serial->object);
	xsmcSetHostData(xsThis, NULL);
	xsmcSetHostDestructor(xsThis, NULL);
	finish(serial);
}

void xs_usb_serial_read(xsMachine *the)
{
	USBSerial serial = xsmcGetHostDataValidate(xsThis, (void *)&kUSBSerialHooks);
	int requested = optionsByteLength(the, (int)serial->received);
	if (requested > (int)serial->received)
		requested = (int)serial->received;
	if (requested == 0)
		return;
	xsmcSetArrayBuffer(xsResult, serial->input, requested);
	serial->received -= (size_t)requested;
	memmove(serial->input, serial->input + requested, serial->received);
}

void xs_usb_serial_write(xsMachine *the)
{
	USBSerial serial = xsmcGetHostDataValidate(xsThis, (void *)&kUSBSerialHooks);
	size_t length;
	const uint8_t *bytes = optionsBytes(the, &length);
	if (length > serial->room)
		xsRangeError("USB serial: no room");
	if (length == 0)
		return;
	// Whatever the kernel does not take is lost, as on a wire that nobody listens to.
	ssize_t written = write(gMaster, bytes, length);
	(void)written;
	serial->room -= length;
	loopPost(&serial->notice);
}

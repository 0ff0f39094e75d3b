// ECMA-419 TCP client socket with the conduct of the SDK's on lwIP: literal addresses, buffers of
// 8192 bytes, `write` takes all or throws, `read` gives no more than there is, and the end of the
// connection comes without a detail once everything received was read.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "xsmc.h"
#include "loop.h"
#include "options.h"

#define kTCPBufferBytes 8192

typedef enum { kTCPConnecting, kTCPOpen, kTCPEnded, kTCPFailed } TCPState;

typedef struct TCPRecord TCPRecord, *TCP;
struct TCPRecord {
	xsMachine *the;
	xsSlot object;
	xsSlot *onReadable;
	xsSlot *onWritable;
	xsSlot *onError;
	LoopWatchRecord watch;
	// Tells of room, or of the end: what a method must not do itself.
	LoopTaskRecord notice;
	TCPState state;
	bool isClosed;
	int uses; // the object, and each callback under way
	size_t received;
	size_t unsent;
	uint8_t input[kTCPBufferBytes];
	uint8_t output[kTCPBufferBytes];
};

typedef union {
	struct sockaddr any;
	struct sockaddr_in four;
	struct sockaddr_in6 six;
} TCPAddress;

void xs_tcp_destructor(void *data);
static void xs_tcp_mark(xsMachine *the, void *it, xsMarkRoot markRoot);
static const xsHostHooks kTCPHooks = { xs_tcp_destructor, xs_tcp_mark, NULL };

// ---------------------------------------------------------------- below script

static bool parseAddress(const char *text, int port, TCPAddress *address, socklen_t *length)
{
	memset(address, 0, sizeof(*address));
	if (inet_pton(AF_INET, text, &address->four.sin_addr) == 1) {
		address->four.sin_family = AF_INET;
		address->four.sin_port = htons((uint16_t)port);
		*length = sizeof(address->four);
		return true;
	}
	if (inet_pton(AF_INET6, text, &address->six.sin6_addr) == 1) {
		address->six.sin6_family = AF_INET6;
		address->six.sin6_port = htons((uint16_t)port);
		*length = sizeof(address->six);
		return true;
	}
	return false;
}

// A socket that is connecting, or −1.
static int openSocket(const TCPAddress *address, socklen_t length, bool isNoDelay)
{
	int one = 1;
	int file = socket(address->any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (file < 0)
		return -1;
	if (isNoDelay)
		setsockopt(file, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	if (connect(file, &address->any, length) == 0 || errno == EINPROGRESS)
		return file;
	close(file);
	return -1;
}

static void closeSocket(TCP tcp)
{
	if (tcp->watch.isWatched)
		loopUnwatch(&tcp->watch);
	if (tcp->watch.file >= 0)
		close(tcp->watch.file);
	tcp->watch.file = -1;
}

static void release(TCP tcp)
{
	if (--tcp->uses > 0)
		return;
	loopCancel(&tcp->notice);
	closeSocket(tcp);
	free(tcp);
}

// What poll(2) should wait for: bytes where there is room for them, and room where bytes wait.
static void updateEvents(TCP tcp)
{
	short events = 0;
	if (tcp->state == kTCPConnecting || tcp->unsent > 0)
		events |= POLLOUT;
	if (tcp->state == kTCPOpen && tcp->received < kTCPBufferBytes)
		events |= POLLIN;
	tcp->watch.events = events;
}

static void end(TCP tcp)
{
	if (tcp->state == kTCPEnded || tcp->state == kTCPFailed)
		return;
	tcp->state = kTCPEnded;
	tcp->unsent = 0;
	closeSocket(tcp);
	loopPost(&tcp->notice);
}

// Hands what waits to the kernel. True when something went.
static bool flush(TCP tcp)
{
	size_t before = tcp->unsent;
	while (tcp->unsent > 0) {
		ssize_t sent = send(tcp->watch.file, tcp->output, tcp->unsent, MSG_NOSIGNAL);
		if (sent < 0 && errno == EINTR)
			continue;
		if (sent < 0) {
			if (errno != EAGAIN && errno != EWOULDBLOCK)
				end(tcp);
			break;
		}
		tcp->unsent -= (size_t)sent;
		memmove(tcp->output, tcp->output + sent, tcp->unsent);
	}
	return tcp->unsent < before;
}

// True when bytes came.
static bool fill(TCP tcp)
{
	size_t room = kTCPBufferBytes - tcp->received;
	if (room == 0)
		return false;
	ssize_t count = recv(tcp->watch.file, tcp->input + tcp->received, room, 0);
	if (count > 0) {
		tcp->received += (size_t)count;
		return true;
	}
	if (count == 0 || (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR))
		end(tcp);
	return false;
}

// ---------------------------------------------------------------- callbacks, from the loop only

static void callWith(TCP tcp, xsSlot *callback, size_t count)
{
	xsMachine *machine = tcp->the;
	if (!callback || tcp->isClosed)
		return;
	xsBeginHost(machine);
	xsmcSetInteger(xsResult, (int)count);
	xsCallFunction1(xsReference(callback), tcp->object, xsResult);
	xsEndHost(machine);
}

static void fail(TCP tcp)
{
	xsMachine *machine = tcp->the;
	tcp->state = kTCPFailed;
	if (!tcp->onError || tcp->isClosed)
		return;
	xsBeginHost(machine);
	xsCallFunction0(xsReference(tcp->onError), tcp->object);
	xsEndHost(machine);
}

static void notify(LoopTask task)
{
	TCP tcp = task->data;
	tcp->uses++;
	if (tcp->state == kTCPOpen)
		callWith(tcp, tcp->onWritable, kTCPBufferBytes - tcp->unsent);
	else if (tcp->state == kTCPEnded && tcp->received == 0)
		fail(tcp);
	release(tcp);
}

static void ready(LoopWatch watch, short events)
{
	TCP tcp = watch->data;
	int error = 0;
	socklen_t length = sizeof(error);
	tcp->uses++;
	if (tcp->state == kTCPConnecting) {
		getsockopt(watch->file, SOL_SOCKET, SO_ERROR, &error, &length);
		if (error != 0 || (events & POLLOUT) == 0)
			end(tcp);
		else {
			tcp->state = kTCPOpen;
			loopPost(&tcp->notice);
		}
	}
	else {
		if ((events & POLLOUT) && flush(tcp))
			loopPost(&tcp->notice);
		if (tcp->state == kTCPOpen && (events & (POLLIN | POLLHUP | POLLERR)) && fill(tcp))
			callWith(tcp, tcp->onReadable, tcp->received);
	}
	if (!tcp->isClosed)
		updateEvents(tcp);
	release(tcp);
}

// ---------------------------------------------------------------- what script calls

void xs_tcp_destructor(void *data)
{
	TCP tcp = data;
	if (!tcp)
		return;
	tcp->isClosed = true;
	release(tcp);
}

static void xs_tcp_mark(xsMachine *the, void *it, xsMarkRoot markRoot)
{
	TCP tcp = it;
	if (!tcp)
		return;
	if (tcp->onReadable)
		(*markRoot)(the, tcp->onReadable);
	if (tcp->onWritable)
		(*markRoot)(the, tcp->onWritable);
	if (tcp->onError)
		(*markRoot)(the, tcp->onError);
}

static void readAddress(xsMachine *the, TCPAddress *address, socklen_t *length)
{
	char text[INET6_ADDRSTRLEN + 1] = "";
	xsmcVars(1);
	xsmcGet(xsVar(0), xsArg(0), xsID("port"));
	int port = optionsInteger(the, xsVar(0), "port", 1, 65535);
	xsmcGet(xsVar(0), xsArg(0), xsID("address"));
	xsType type = xsmcTypeOf(xsVar(0));
	if (type != xsStringType && type != xsStringXType)
		xsTypeError("address: not a string");
	const char *given = xsmcToString(xsVar(0));
	if (strlen(given) < sizeof(text))
		memcpy(text, given, strlen(given) + 1);
	if (!parseAddress(text, port, address, length))
		xsTypeError("address: not a literal IP address");
}

void xs_tcp_constructor(xsMachine *the)
{
	TCPAddress address;
	socklen_t length = 0;
	optionsCheck(the);
	readAddress(the, &address, &length);
	xsmcGet(xsVar(0), xsArg(0), xsID("noDelay"));
	bool isNoDelay = xsmcTest(xsVar(0));
	xsSlot *onReadable = optionsCallback(the, "onReadable");
	xsSlot *onWritable = optionsCallback(the, "onWritable");
	xsSlot *onError = optionsCallback(the, "onError");

	TCP tcp = calloc(1, sizeof(TCPRecord));
	if (!tcp)
		xsUnknownError("TCP: no memory");
	tcp->the = the;
	tcp->uses = 1;
	tcp->watch.file = -1;
	tcp->watch.ready = ready;
	tcp->watch.data = tcp;
	tcp->notice.run = notify;
	tcp->notice.data = tcp;
	xsmcSetHostData(xsThis, tcp);
	xsSetHostHooks(xsThis, (xsHostHooks *)&kTCPHooks);
	tcp->onReadable = onReadable;
	tcp->onWritable = onWritable;
	tcp->onError = onError;
	tcp->object = xsThis;
	xsRemember(tcp->object);

	tcp->watch.file = openSocket(&address, length, isNoDelay);
	updateEvents(tcp);
	if (tcp->watch.file < 0 || !loopWatch(&tcp->watch))
		end(tcp);
}

void xs_tcp_close(xsMachine *the)
{
	TCP tcp = xsmcGetHostData(xsThis);
	if (!tcp)
		return;
	tcp = xsmcGetHostDataValidate(xsThis, (void *)&kTCPHooks);
	xsForget(tcp->object);
	xsmcSetHostData(xsThis, NULL);
	xsmcSetHostDestructor(xsThis, NULL);
	tcp->isClosed = true;
	loopCancel(&tcp->notice);
	closeSocket(tcp);
	release(tcp);
}

void xs_tcp_read(xsMachine *the)
{
	TCP tcp = xsmcGetHostDataValidate(xsThis, (void *)&kTCPHooks);
	int available = (int)tcp->received;
	int requested = optionsByteLength(the, available);
	if (tcp->state == kTCPFailed)
		xsUnknownError("TCP: failed");
	if (available == 0 || requested == 0)
		return;
	if (requested > available)
		xsRangeError("byteLength: more than there is");
	xsmcSetArrayBuffer(xsResult, tcp->input, requested);
	tcp->received -= (size_t)requested;
	memmove(tcp->input, tcp->input + requested, tcp->received);
	updateEvents(tcp);
	if (tcp->state == kTCPEnded && tcp->received == 0)
		loopPost(&tcp->notice);
}

void xs_tcp_write(xsMachine *the)
{
	TCP tcp = xsmcGetHostDataValidate(xsThis, (void *)&kTCPHooks);
	size_t length;
	const uint8_t *bytes = optionsBytes(the, &length);
	if (tcp->state == kTCPConnecting || tcp->state == kTCPFailed)
		xsUnknownError("TCP: not connected");
	if (length > kTCPBufferBytes - tcp->unsent)
		xsRangeError("TCP: no room");
	// The peer is gone: onError is on its way.
	if (tcp->state == kTCPOpen && length > 0) {
		memcpy(tcp->output + tcp->unsent, bytes, length);
		tcp->unsent += length;
		flush(tcp);
		if (tcp->state == kTCPOpen)
			loopPost(&tcp->notice);
		updateEvents(tcp);
	}
	xsmcSetInteger(xsResult, (int)(kTCPBufferBytes - tcp->unsent));
}

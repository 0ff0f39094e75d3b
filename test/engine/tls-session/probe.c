// A TLS client of one command line: drives modules/tls-socket/tls-session.c over a real socket and
// says what came of it, one line per fact. Built with sanitizers; the tests beside it are at the
// other end. Its arguments, of which those that can be several are given several times:
//
//   port=N name=TEXT authority=FILE [pin=HEX] [certificate=FILE key=FILE] [protocol=TEXT]
//   [time=N] [floor=N] [fragment=N]   the session; files are DER
//   [send=TEXT] [wait=N]              once open: send, and close after N bytes have come
//   [chunk=N]                         feed at most N bytes at a time
//   [connections=N]                   one after the other
//   [then ...]                        what is different from the next connection on; lists grow
//   [starve=1]                        again and again, each with another allocation refused
//   [record=FILE]                     keep what the server sent

#include "probe-request.h"
#include "tls-session.h"

#include <arpa/inet.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define kFileBytesMax 8192
#define kDeadlineMs 20000

// Of the connection that is being made.
static Request gRequest;
static Request gRequests[kRequestsMax];
static size_t gRequestCount;

// ---------------------------------------------------------------- memory

static long gAllocationsLeft = -1;

void *__real_malloc(size_t length);
void *__real_calloc(size_t count, size_t length);
void *__wrap_malloc(size_t length);
void *__wrap_calloc(size_t count, size_t length);
size_t __sanitizer_get_current_allocated_bytes(void);

static bool isRefused(void)
{
	if (gAllocationsLeft < 0)
		return false;
	if (gAllocationsLeft > 0)
		gAllocationsLeft--;
	return gAllocationsLeft == 0;
}

void *__wrap_malloc(size_t length)
{
	return isRefused() ? NULL : __real_malloc(length);
}

void *__wrap_calloc(size_t count, size_t length)
{
	return isRefused() ? NULL : __real_calloc(count, length);
}

// ---------------------------------------------------------------- the session

static size_t readFile(const char *path, uint8_t *bytes)
{
	FILE *file = fopen(path, "rb");
	size_t length;
	if (file == NULL) {
		perror(path);
		exit(2);
	}
	length = fread(bytes, 1, kFileBytesMax, file);
	fclose(file);
	return length;
}

static int loadKey(const char *path, mbedtls_pk_context *key)
{
	static uint8_t bytes[kFileBytesMax];
	const size_t length = readFile(path, bytes);
#if MBEDTLS_VERSION_MAJOR == 3
	return mbedtls_pk_parse_key(key, bytes, length, NULL, 0, compatRandom, NULL);
#else
	return mbedtls_pk_parse_key(key, bytes, length, NULL, 0);
#endif
}

static void addPin(TLSSession session, const char *text)
{
	uint8_t pin[kTLSPinBytes];
	for (size_t index = 0; index < kTLSPinBytes; index++) {
		unsigned value = 0;
		sscanf(text + 2 * index, "%2x", &value);
		pin[index] = (uint8_t)value;
	}
	tlsSessionAddPin(session, pin);
}

static TLSSession createSession(long port)
{
	static uint8_t bytes[kFileBytesMax];
	const Request *request = &gRequest;
	TLSSession session = tlsSessionCreate(request->name, (uint16_t)port);
	if (session == NULL)
		return NULL;
	for (size_t index = 0; index < request->authorityCount; index++) {
		const size_t length = readFile(request->authorities[index], bytes);
		tlsSessionAddAuthority(session, bytes, length);
	}
	for (size_t index = 0; index < request->certificateCount; index++) {
		const size_t length = readFile(request->certificates[index], bytes);
		tlsSessionAddCertificate(session, bytes, length);
	}
	for (size_t index = 0; index < request->pinCount; index++)
		addPin(session, request->pins[index]);
	for (size_t index = 0; index < request->protocolCount; index++)
		tlsSessionAddProtocol(session, request->protocols[index]);
	if (request->key != NULL)
		tlsSessionSetKey(session, request->key, loadKey);
	if (request->time != 0 || request->floor != 0)
		tlsSessionSetTime(session, request->time + request->floor, request->floor != 0);
	if (request->fragment != 0)
		tlsSessionSetFragment(session, (size_t)request->fragment);
	return session;
}

// ---------------------------------------------------------------- one connection

typedef struct {
	TLSSession session;
	int socket;
	bool isOpenSaid;
	size_t received;
	int status;
	FILE *record;
} Connection;

static int connectTo(long port)
{
	const struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	const int file = socket(AF_INET, SOCK_STREAM, 0);
	if (connect(file, (const struct sockaddr *)&address, sizeof(address)) != 0) {
		perror("connect");
		exit(2);
	}
	return file;
}

static void drain(Connection *connection)
{
	uint8_t bytes[300];
	size_t length;
	while ((length = tlsSessionDrain(connection->session, bytes, sizeof(bytes))) > 0) {
		if (send(connection->socket, bytes, length, MSG_NOSIGNAL) != (ssize_t)length)
			return;
	}
}

static void sendText(Connection *connection, const char *text)
{
	const size_t most = tlsSessionRecordBytes(connection->session);
	size_t left = strlen(text);
	while (left > 0) {
		const size_t count = left < most ? left : most;
		if (tlsSessionWrite(connection->session, (const uint8_t *)text, count) != 0)
			return;
		drain(connection);
		text += count;
		left -= count;
	}
}

static void sayOpen(Connection *connection)
{
	const char *protocol = tlsSessionProtocol(connection->session);
	if (connection->isOpenSaid || !tlsSessionIsOpen(connection->session))
		return;
	connection->isOpenSaid = true;
	printf("open resumed=%d protocol=%s record=%zu+%zu\n", tlsSessionIsResumed(connection->session),
		protocol != NULL ? protocol : "", tlsSessionRecordBytes(connection->session),
		tlsSessionRecordOverhead(connection->session));
	if (gRequest.send != NULL)
		sendText(connection, gRequest.send);
}

static void readPlaintext(Connection *connection)
{
	uint8_t bytes[700];
	size_t length;
	while ((length = tlsSessionRead(connection->session, bytes, sizeof(bytes))) > 0) {
		connection->received += length;
		if (connection->received <= sizeof(bytes))
			printf("data %.*s\n", (int)length, (const char *)bytes);
	}
}

// Runs the session until it wants input or has failed.
static void run(Connection *connection)
{
	for (;;) {
		connection->status = tlsSessionStep(connection->session);
		drain(connection);
		sayOpen(connection);
		if (connection->status == kTLSSessionReadable)
			readPlaintext(connection);
		else if (connection->status <= kTLSSessionWantsInput)
			return;
	}
}

// Hands on what came, a chunk at a time. Returns false when the transport is over.
static bool receive(Connection *connection)
{
	uint8_t bytes[4096];
	struct pollfd wait = { .fd = connection->socket, .events = POLLIN };
	ssize_t length;
	if (poll(&wait, 1, kDeadlineMs) != 1)
		return false;
	length = recv(connection->socket, bytes, sizeof(bytes), 0);
	if (length <= 0) {
		tlsSessionEnd(connection->session);
		run(connection);
		return false;
	}
	if (connection->record != NULL)
		fwrite(bytes, 1, (size_t)length, connection->record);
	for (size_t offset = 0; offset < (size_t)length && connection->status >= 0;) {
		const size_t left = (size_t)length - offset;
		const size_t chunk = left < (size_t)gRequest.chunk ? left : (size_t)gRequest.chunk;
		offset += tlsSessionFeed(connection->session, bytes + offset, chunk);
		run(connection);
	}
	return true;
}

static const char *nameOf(int status)
{
	static const char *const names[] = { "", "tcp", "authority", "host-name", "expired",
		"not-yet-valid", "pin", "version", "client-certificate", "resources", "handshake",
		"record", "truncated", "closed" };
	return status < 0 && status >= kTLSSessionClosed ? names[-status] : "waiting";
}

static bool isSatisfied(const Connection *connection)
{
	return connection->isOpenSaid && gRequest.wait >= 0
		&& connection->received >= (size_t)gRequest.wait;
}

static int connectOnce(long port)
{
	Connection connection = { .socket = -1 };
	connection.session = createSession(port);
	if (connection.session == NULL) {
		printf("error resources\n");
		return kTLSSessionResources;
	}
	if (gRequest.record != NULL)
		connection.record = fopen(gRequest.record, "wb");
	connection.status = tlsSessionStart(connection.session);
	if (connection.status == 0) {
		connection.socket = connectTo(port);
		run(&connection);
		while (connection.status >= 0 && !isSatisfied(&connection) && receive(&connection))
			continue;
	}
	if (connection.status < 0) {
		printf("error %s\n", nameOf(connection.status));
	} else {
		printf("closed received=%zu\n", connection.received);
		tlsSessionClose(connection.session);
		drain(&connection);
	}
	tlsSessionFree(connection.session);
	if (connection.socket >= 0)
		close(connection.socket);
	if (connection.record != NULL)
		fclose(connection.record);
	return connection.status;
}

// ---------------------------------------------------------------- the command line

// Every allocation in turn is refused, and all after it: the sooner ones one by one, the later ones
// in strides.
static void starve(void)
{
	for (long count = 1; count < 1000000; count += 1 + count / 8) {
		gAllocationsLeft = count;
		const int status = connectOnce(gRequest.port);
		const bool isEnough = gAllocationsLeft > 0;
		gAllocationsLeft = -1;
		if (isEnough && status >= 0) {
			printf("enough\n");
			return;
		}
		tlsTicketsClear();
	}
}

static void connectAll(void)
{
	size_t settled = 0;
	const long connections = gRequest.connections;
	for (long index = 0; index < connections; index++) {
		gRequest = gRequests[(size_t)index < gRequestCount ? (size_t)index : gRequestCount - 1];
		connectOnce(gRequest.port);
		if (index == 9)
			settled = __sanitizer_get_current_allocated_bytes();
	}
	if (settled != 0)
		printf("heap %zu %zu\n", settled, __sanitizer_get_current_allocated_bytes());
}

int main(int count, char **arguments)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	gRequestCount = parseRequests(count, arguments, gRequests);
	if (gRequestCount == 0)
		return 2;
	gRequest = gRequests[0];
	if (gRequest.starve != 0)
		starve();
	else
		connectAll();
	tlsTicketsClear();
	return 0;
}

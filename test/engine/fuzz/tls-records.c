// Fuzz target of libFuzzer: a hostile server's bytes into a TLS session, up to the first failure.
// The first byte of an input says in which portions the rest is fed. The environment names a file
// with the authority (DER); HOLDFAST_FUZZ_RECORD makes a program of it that connects to that port
// and records an input to start from.

#include "deterministic.h"
#include "tls-session.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define kAuthorityBytesMax 4096

static uint8_t gAuthority[kAuthorityBytesMax];
static size_t gAuthorityLength;

int LLVMFuzzerInitialize(int *count, char ***arguments);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static TLSSession createSession(void)
{
	TLSSession session;
	deterministicStart();
	session = tlsSessionCreate("broker.test", 8883);
	if (session == NULL)
		abort();
	tlsSessionAddAuthority(session, gAuthority, gAuthorityLength);
	tlsSessionAddProtocol(session, "mqtt");
	if (tlsSessionStart(session) != 0)
		abort();
	return session;
}

// What an owner does: takes everything, and answers once it may.
static int run(TLSSession session, bool *isAnswered)
{
	uint8_t bytes[600];
	for (;;) {
		const int status = tlsSessionStep(session);
		while (tlsSessionDrain(session, bytes, sizeof(bytes)) > 0)
			continue;
		while (tlsSessionRead(session, bytes, sizeof(bytes)) > 0)
			continue;
		if (tlsSessionIsOpen(session) && !*isAnswered && status >= 0) {
			*isAnswered = true;
			tlsSessionWrite(session, (const uint8_t *)"hello", 5);
		} else if (status <= kTLSSessionWantsInput) {
			return status;
		}
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	TLSSession session;
	size_t offset = 1;
	bool isAnswered = false;
	int status;
	if (length < 1)
		return 0;
	session = createSession();
	status = run(session, &isAnswered);
	while (offset < length && status >= 0) {
		const size_t left = length - offset;
		const size_t portion = 1 + (size_t)bytes[0] * 16;
		offset += tlsSessionFeed(session, bytes + offset, left < portion ? left : portion);
		status = run(session, &isAnswered);
	}
	if (getenv("HOLDFAST_FUZZ_VERBOSE") != NULL)
		fprintf(stderr, "open=%d status=%d\n", tlsSessionIsOpen(session), status);
	tlsSessionEnd(session);
	run(session, &isAnswered);
	tlsSessionClose(session);
	tlsSessionFree(session);
	tlsTicketsClear();
	return 0;
}

// ---------------------------------------------------------------- recording

static void sendAll(TLSSession session, int file)
{
	uint8_t bytes[512];
	size_t length;
	while ((length = tlsSessionDrain(session, bytes, sizeof(bytes))) > 0) {
		if (send(file, bytes, length, MSG_NOSIGNAL) != (ssize_t)length)
			exit(2);
	}
}

// As run does, with a server at the other end.
static int runWith(TLSSession session, int file)
{
	uint8_t plain[512];
	int status;
	do {
		status = tlsSessionStep(session);
		sendAll(session, file);
		while (tlsSessionRead(session, plain, sizeof(plain)) > 0)
			continue;
	} while (status > 0);
	return status;
}

// Talks to a real server for as long as it has something to say.
static void record(int port, FILE *output)
{
	const struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	const int file = socket(AF_INET, SOCK_STREAM, 0);
	TLSSession session = createSession();
	uint8_t bytes[512];
	ssize_t length;
	int status;
	if (connect(file, (const struct sockaddr *)&address, sizeof(address)) != 0)
		exit(2);
	fputc(4, output);
	status = runWith(session, file);
	while (status >= 0 && (length = recv(file, bytes, sizeof(bytes), 0)) > 0) {
		fwrite(bytes, 1, (size_t)length, output);
		// A session takes more than this at a time.
		tlsSessionFeed(session, bytes, (size_t)length);
		status = runWith(session, file);
	}
	close(file);
	tlsSessionFree(session);
}

int LLVMFuzzerInitialize(int *count, char ***arguments)
{
	const char *path = getenv("HOLDFAST_FUZZ_AUTHORITY");
	const char *port = getenv("HOLDFAST_FUZZ_RECORD");
	FILE *file = path != NULL ? fopen(path, "rb") : NULL;
	(void)count;
	(void)arguments;
	if (file == NULL) {
		fprintf(stderr, "HOLDFAST_FUZZ_AUTHORITY: no such file\n");
		exit(2);
	}
	gAuthorityLength = fread(gAuthority, 1, sizeof(gAuthority), file);
	fclose(file);
	if (port != NULL) {
		record((int)strtol(port, NULL, 10), stdout);
		exit(0);
	}
	return 0;
}

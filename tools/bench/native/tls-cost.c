// A TLS client that counts what a connection takes from the C heap, once with the session of
// modules/tls-socket and once with the library alone, doing the same. callgrind counts instructions
// of the functions fullHandshake and resumedHandshake.
//
//   tls-cost session|library PORT NAME AUTHORITY CERTIFICATE KEY     (files are DER)
//
// Two connections, one after the other; the second one resumes. One line of JSON for each.

#include "tls-session-record.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define kFileBytesMax 8192
#define kHeadBytes 16 // keeps the alignment of malloc

typedef struct {
	uint8_t bytes[kFileBytesMax];
	size_t length;
} File;

static File gAuthority, gCertificate, gKey;
static const char *gName;
static uint16_t gPort;

// ---------------------------------------------------------------- the heap

static size_t gHeap, gHeapPeak;

void *__real_malloc(size_t length);
void __real_free(void *block);
void *__wrap_malloc(size_t length);
void *__wrap_calloc(size_t count, size_t length);
void __wrap_free(void *block);

// Bytes that were asked for; what an allocator adds to each block is its own affair.
void *__wrap_malloc(size_t length)
{
	uint8_t *block = __real_malloc(length + kHeadBytes);
	if (block == NULL)
		return NULL;
	memcpy(block, &length, sizeof(length));
	gHeap += length;
	if (gHeap > gHeapPeak)
		gHeapPeak = gHeap;
	return block + kHeadBytes;
}

void *__wrap_calloc(size_t count, size_t length)
{
	void *block = __wrap_malloc(count * length);
	return block == NULL ? NULL : memset(block, 0, count * length);
}

void __wrap_free(void *block)
{
	size_t length;
	if (block == NULL)
		return;
	memcpy(&length, (uint8_t *)block - kHeadBytes, sizeof(length));
	gHeap -= length;
	__real_free((uint8_t *)block - kHeadBytes);
}

// ---------------------------------------------------------------- both clients

static void die(const char *what)
{
	fprintf(stderr, "%s\n", what);
	exit(1);
}

static int connectSocket(void)
{
	const struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(gPort),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	const int file = socket(AF_INET, SOCK_STREAM, 0);
	if (connect(file, (const struct sockaddr *)&address, sizeof(address)) != 0)
		die("connect: refused");
	return file;
}

static void report(const char *client, bool isResumed, size_t created, size_t steady)
{
	printf("{\"client\":\"%s\",\"resumed\":%s,\"created\":%zu,\"peak\":%zu,\"steady\":%zu,"
		"\"record\":%zu}\n", client, isResumed ? "true" : "false", created, gHeapPeak, steady,
		sizeof(TLSSessionRecord) - kTLSSessionLibraryBytes);
}

// ---------------------------------------------------------------- with our session

static int loadKey(const char *name, mbedtls_pk_context *key)
{
	(void)name;
	return compatParseKey(key, gKey.bytes, gKey.length);
}

static void drain(TLSSession session, int file)
{
	uint8_t bytes[512];
	size_t length;
	while ((length = tlsSessionDrain(session, bytes, sizeof(bytes))) > 0) {
		if (send(file, bytes, length, MSG_NOSIGNAL) != (ssize_t)length)
			die("send: cut");
	}
}

static void shakeHands(TLSSession session, int file)
{
	while (!tlsSessionIsOpen(session)) {
		uint8_t bytes[kTLSSessionInputBytes];
		const int status = tlsSessionStep(session);
		drain(session, file);
		if (status < 0)
			die("the handshake failed");
		if (status != kTLSSessionWantsInput || tlsSessionIsOpen(session))
			continue;
		const ssize_t length = recv(file, bytes, tlsSessionInputRoom(session), 0);
		if (length <= 0)
			die("recv: cut");
		tlsSessionFeed(session, bytes, (size_t)length);
	}
}

// Names for callgrind; both do the same.
__attribute__((noinline)) static void fullHandshake(TLSSession session, int file)
{
	shakeHands(session, file);
	__asm__ volatile("" ::: "memory");
}

__attribute__((noinline)) static void resumedHandshake(TLSSession session, int file)
{
	shakeHands(session, file);
	__asm__ volatile("nop" ::: "memory");
}

static void connectBySession(bool isSecond)
{
	const size_t before = gHeap;
	gHeapPeak = gHeap;
	TLSSession session = tlsSessionCreate(gName, gPort);
	if (session == NULL)
		die("no session");
	tlsSessionAddAuthority(session, gAuthority.bytes, gAuthority.length);
	tlsSessionAddCertificate(session, gCertificate.bytes, gCertificate.length);
	tlsSessionSetKey(session, "key", loadKey);
	if (tlsSessionStart(session) != 0)
		die("the session does not start");
	const size_t created = gHeap - before;
	const int file = connectSocket();
	if (isSecond)
		resumedHandshake(session, file);
	else
		fullHandshake(session, file);
	// A ticket is kept for the next connection: it is part of what this one leaves.
	gHeapPeak -= before;
	report("session", tlsSessionIsResumed(session), created, gHeap - before);
	tlsSessionClose(session);
	drain(session, file);
	tlsSessionFree(session);
	close(file);
}

// ---------------------------------------------------------------- with the library alone

typedef struct {
	mbedtls_ssl_context ssl;
	mbedtls_ssl_config config;
	mbedtls_x509_crt authorities, certificates;
	mbedtls_pk_context key;
	int file;
} Library;

static uint8_t *gSaved;
static size_t gSavedLength;

static int sendBytes(void *context, const unsigned char *bytes, size_t length)
{
	return (int)send(((Library *)context)->file, bytes, length, MSG_NOSIGNAL);
}

static int receiveBytes(void *context, unsigned char *bytes, size_t length)
{
	return (int)recv(((Library *)context)->file, bytes, length, 0);
}

static void configureLibrary(Library *library)
{
	mbedtls_ssl_config *config = &library->config;
	mbedtls_ssl_init(&library->ssl);
	mbedtls_ssl_config_init(config);
	mbedtls_x509_crt_init(&library->authorities);
	mbedtls_x509_crt_init(&library->certificates);
	mbedtls_pk_init(&library->key);
	if (mbedtls_ssl_config_defaults(config, MBEDTLS_SSL_IS_CLIENT, MBEDTLS_SSL_TRANSPORT_STREAM,
			MBEDTLS_SSL_PRESET_DEFAULT) != 0
		|| mbedtls_x509_crt_parse_der(&library->authorities, gAuthority.bytes, gAuthority.length) != 0
		|| mbedtls_x509_crt_parse_der(&library->certificates, gCertificate.bytes,
			gCertificate.length) != 0
		|| loadKey("", &library->key) != 0)
		die("what was given is not right");
	compatConfigureVersions(config);
	compatConfigureStrength(config);
	mbedtls_ssl_conf_authmode(config, MBEDTLS_SSL_VERIFY_REQUIRED);
	mbedtls_ssl_conf_ca_chain(config, &library->authorities, NULL);
	if (mbedtls_ssl_conf_own_cert(config, &library->certificates, &library->key) != 0
		|| mbedtls_ssl_setup(&library->ssl, config) != 0
		|| mbedtls_ssl_set_hostname(&library->ssl, gName) != 0)
		die("the library does not start");
	mbedtls_ssl_set_bio(&library->ssl, library, sendBytes, receiveBytes, NULL);
}

static void offerSaved(Library *library)
{
	mbedtls_ssl_session session;
	mbedtls_ssl_session_init(&session);
	if (mbedtls_ssl_session_load(&session, gSaved, gSavedLength) != 0
		|| mbedtls_ssl_set_session(&library->ssl, &session) != 0)
		die("the saved session is not taken");
	mbedtls_ssl_session_free(&session);
}

// What any client does that wants to resume.
static void saveSession(Library *library)
{
	mbedtls_ssl_session session;
	mbedtls_ssl_session_init(&session);
	if (mbedtls_ssl_get_session(&library->ssl, &session) != 0)
		die("there is no session to save");
	mbedtls_ssl_session_save(&session, NULL, 0, &gSavedLength);
	gSaved = malloc(gSavedLength);
	if (gSaved == NULL
		|| mbedtls_ssl_session_save(&session, gSaved, gSavedLength, &gSavedLength) != 0)
		die("the session cannot be saved");
	mbedtls_ssl_session_free(&session);
}

static void connectByLibrary(bool isSecond)
{
	const size_t before = gHeap;
	gHeapPeak = gHeap;
	Library *library = calloc(1, sizeof(Library));
	if (library == NULL)
		die("no memory");
	configureLibrary(library);
	if (isSecond)
		offerSaved(library);
	const size_t created = gHeap - before;
	library->file = connectSocket();
	if (mbedtls_ssl_handshake(&library->ssl) != 0)
		die("the handshake failed");
	free(gSaved);
	saveSession(library);
	gHeapPeak -= before;
	report("library", isSecond, created, gHeap - before);
	mbedtls_ssl_close_notify(&library->ssl);
	mbedtls_ssl_free(&library->ssl);
	mbedtls_ssl_config_free(&library->config);
	mbedtls_x509_crt_free(&library->authorities);
	mbedtls_x509_crt_free(&library->certificates);
	mbedtls_pk_free(&library->key);
	close(library->file);
	free(library);
}

// ---------------------------------------------------------------- the command line

static void readFile(const char *path, File *file)
{
	FILE *stream = fopen(path, "rb");
	if (stream == NULL)
		die(path);
	file->length = fread(file->bytes, 1, kFileBytesMax, stream);
	fclose(stream);
}

int main(int count, char **words)
{
	static char output[1024]; // or stdio would take one from the heap
	setvbuf(stdout, output, _IOLBF, sizeof(output));
	if (count != 7)
		die("tls-cost session|library PORT NAME AUTHORITY CERTIFICATE KEY");
	gPort = (uint16_t)atoi(words[2]);
	gName = words[3];
	readFile(words[4], &gAuthority);
	readFile(words[5], &gCertificate);
	readFile(words[6], &gKey);
	for (int index = 0; index < 2; index++) {
		if (strcmp(words[1], "session") == 0)
			connectBySession(index == 1);
		else
			connectByLibrary(index == 1);
	}
	return 0;
}

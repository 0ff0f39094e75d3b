// The TLS session as a host object of XS: the only file of this module that knows the engine. No
// logic: arguments are checked and read, tls-session.c does the work, its status goes back as a
// number.

#include "tls-session.h"

#include <stdbool.h>
#include <string.h>
#include "xsmc.h"
#if defined(ESP_PLATFORM) || defined(ESP32)
	#include "xsHost.h"
#endif

// The key store knows mbedTLS by the names that compat.h has included.
#include "../key-store/key-store.h"

void xs_tls_socket_destructor(void *data);
static const xsHostHooks kTLSSocketHooks = { xs_tls_socket_destructor, NULL, NULL };

// In place of a session for which there was no memory: a failure is told later, not thrown.
static uint8_t gNoSession;

void xs_tls_socket_destructor(void *data)
{
	if (data != NULL && data != &gNoSession)
		tlsSessionFree(data);
}

// ---------------------------------------------------------------- arguments

static TLSSession sessionOf(xsMachine *the)
{
	void *data = xsmcGetHostDataValidate(xsThis, (void *)&kTLSSocketHooks);
	return data == &gNoSession ? NULL : data;
}

// Numbers only: to make one of anything else could run script, which could close this session.
static double numberOf(xsMachine *the, int index)
{
	xsType type = xsUndefinedType;
	if (xsmcArgc > index)
		type = xsmcTypeOf(xsArg(index));
	if (type != xsIntegerType && type != xsNumberType)
		xsTypeError("argument: not a number");
	return xsmcToNumber(xsArg(index));
}

static int integerOf(xsMachine *the, int index, int least, int most)
{
	const double number = numberOf(the, index);
	if (!(number >= least && number <= most))
		xsRangeError("argument: out of range");
	return (int)number;
}

// Throws when the text, with its end, does not fit.
static void textOf(xsMachine *the, char *text, size_t length)
{
	xsType type = xsUndefinedType;
	if (xsmcArgc > 0)
		type = xsmcTypeOf(xsArg(0));
	if (type != xsStringType && type != xsStringXType)
		xsTypeError("argument: not a string");
	xsmcToStringBuffer(xsArg(0), text, (xsIntegerValue)length);
}

// The pointer lives until script or the collector runs.
static const uint8_t *bytesOf(xsMachine *the, size_t *length)
{
	void *bytes = NULL;
	xsUnsignedValue count = 0;
	bool isBuffer = xsmcArgc > 0 && xsmcTypeOf(xsArg(0)) == xsReferenceType;
	// Any other host object would be asked for a byteLength, and believed.
	isBuffer = isBuffer && (xsmcIsInstanceOf(xsArg(0), xsArrayBufferPrototype)
		|| xsmcIsInstanceOf(xsArg(0), xsTypedArrayPrototype));
	if (!isBuffer || xsmcGetBufferReadable(xsArg(0), &bytes, &count) != xsBufferRelocatable)
		xsTypeError("argument: no bytes");
	*length = count;
	return bytes;
}

// ---------------------------------------------------------------- what is asked

void xs_tls_socket_constructor(xsMachine *the)
{
	char name[kTLSServerNameBytesMax + 1];
	TLSSession session;
	const int port = integerOf(the, 1, 1, 65535);
	textOf(the, name, sizeof(name));
	session = tlsSessionCreate(name, (uint16_t)port);
	xsmcSetHostData(xsThis, session != NULL ? (void *)session : (void *)&gNoSession);
	xsSetHostHooks(xsThis, (xsHostHooks *)&kTLSSocketHooks);
}

void xs_tls_socket_close(xsMachine *the)
{
	TLSSession session = sessionOf(the);
	xsmcSetHostData(xsThis, NULL);
	xsmcSetHostDestructor(xsThis, NULL);
	tlsSessionFree(session);
}

void xs_tls_socket_add_authority(xsMachine *the)
{
	TLSSession session = sessionOf(the);
	size_t length;
	const uint8_t *bytes = bytesOf(the, &length);
	if (session != NULL)
		tlsSessionAddAuthority(session, bytes, length);
}

void xs_tls_socket_add_certificate(xsMachine *the)
{
	TLSSession session = sessionOf(the);
	size_t length;
	const uint8_t *bytes = bytesOf(the, &length);
	if (session != NULL)
		tlsSessionAddCertificate(session, bytes, length);
}

void xs_tls_socket_add_pin(xsMachine *the)
{
	TLSSession session = sessionOf(the);
	size_t length;
	const uint8_t *bytes = bytesOf(the, &length);
	if (length != kTLSPinBytes)
		xsRangeError("argument: not a pin");
	if (session != NULL)
		tlsSessionAddPin(session, bytes);
}

void xs_tls_socket_add_protocol(xsMachine *the)
{
	TLSSession session = sessionOf(the);
	char name[kTLSProtocolBytesMax + 1];
	textOf(the, name, sizeof(name));
	if (session != NULL)
		tlsSessionAddProtocol(session, name);
}

static int loadKey(const char *name, mbedtls_pk_context *key)
{
	int status = keyStoreStart();
	if (status == 0)
		status = keyStoreLoadForTLS(name, key);
	return status == kKeyStoreNoMemory ? MBEDTLS_ERR_SSL_ALLOC_FAILED : status;
}

void xs_tls_socket_set_key(xsMachine *the)
{
	TLSSession session = sessionOf(the);
	char name[kTLSKeyNameBytesMax + 1];
	textOf(the, name, sizeof(name));
	if (session != NULL)
		tlsSessionSetKey(session, name, loadKey);
}

void xs_tls_socket_set_time(xsMachine *the)
{
	TLSSession session = sessionOf(the);
	const double seconds = numberOf(the, 0);
	const bool isLowerBound = xsmcArgc > 1 && xsmcTest(xsArg(1));
	if (!(seconds >= 0 && seconds <= 9007199254740991.0))
		xsRangeError("argument: out of range");
	if (session != NULL)
		tlsSessionSetTime(session, (int64_t)seconds, isLowerBound);
}

void xs_tls_socket_set_fragment(xsMachine *the)
{
	TLSSession session = sessionOf(the);
	const int bytes = integerOf(the, 0, 512, kTLSFragmentBytesMax);
	if (session != NULL)
		tlsSessionSetFragment(session, (size_t)bytes);
}

void xs_tls_socket_start(xsMachine *the)
{
	TLSSession session = sessionOf(the);
	xsmcSetInteger(xsResult, session != NULL ? tlsSessionStart(session) : kTLSSessionResources);
}

// ---------------------------------------------------------------- bytes and steps

// Without a session nothing was started, and nothing of this is called.
static TLSSession startedOf(xsMachine *the)
{
	TLSSession session = sessionOf(the);
	if (session == NULL)
		xsUnknownError("TLS: not started");
	return session;
}

void xs_tls_socket_input_room(xsMachine *the)
{
	xsmcSetInteger(xsResult, (int)tlsSessionInputRoom(startedOf(the)));
}

void xs_tls_socket_feed(xsMachine *the)
{
	TLSSession session = startedOf(the);
	size_t length;
	const uint8_t *bytes = bytesOf(the, &length);
	if (length > tlsSessionInputRoom(session))
		xsRangeError("argument: too long");
	tlsSessionFeed(session, bytes, length);
}

void xs_tls_socket_end(xsMachine *the)
{
	tlsSessionEnd(startedOf(the));
}

void xs_tls_socket_step(xsMachine *the)
{
	xsmcSetInteger(xsResult, tlsSessionStep(startedOf(the)));
}

// A new ArrayBuffer with up to so many bytes to send, or undefined when there are none.
void xs_tls_socket_drain(xsMachine *the)
{
	TLSSession session = startedOf(the);
	const size_t most = (size_t)integerOf(the, 0, 0, INT32_MAX);
	const size_t there = tlsSessionDrain(session, NULL, 0);
	const size_t count = most < there ? most : there;
	if (count == 0)
		return;
	xsmcSetArrayBuffer(xsResult, NULL, (xsIntegerValue)count);
	tlsSessionDrain(session, xsmcToArrayBuffer(xsResult), count);
}

void xs_tls_socket_is_open(xsMachine *the)
{
	xsmcSetBoolean(xsResult, tlsSessionIsOpen(startedOf(the)));
}

void xs_tls_socket_is_resumed(xsMachine *the)
{
	xsmcSetBoolean(xsResult, tlsSessionIsResumed(startedOf(the)));
}

void xs_tls_socket_record_bytes(xsMachine *the)
{
	xsmcSetInteger(xsResult, (int)tlsSessionRecordBytes(startedOf(the)));
}

void xs_tls_socket_record_overhead(xsMachine *the)
{
	xsmcSetInteger(xsResult, (int)tlsSessionRecordOverhead(startedOf(the)));
}

void xs_tls_socket_readable(xsMachine *the)
{
	TLSSession session = sessionOf(the);
	xsmcSetInteger(xsResult, session != NULL ? (int)tlsSessionReadable(session) : 0);
}

// A new ArrayBuffer with up to so many bytes, or undefined when there are none.
void xs_tls_socket_read(xsMachine *the)
{
	TLSSession session = startedOf(the);
	const size_t most = (size_t)integerOf(the, 0, 0, INT32_MAX);
	const size_t there = tlsSessionReadable(session);
	const size_t count = most < there ? most : there;
	if (count == 0)
		return;
	xsmcSetArrayBuffer(xsResult, NULL, (xsIntegerValue)count);
	tlsSessionRead(session, xsmcToArrayBuffer(xsResult), count);
}

// The bytes from one offset up to another: one record.
void xs_tls_socket_write(xsMachine *the)
{
	TLSSession session = startedOf(the);
	const size_t from = (size_t)integerOf(the, 1, 0, INT32_MAX);
	const size_t to = (size_t)integerOf(the, 2, 0, INT32_MAX);
	size_t length;
	const uint8_t *bytes = bytesOf(the, &length);
	if (from > to || to > length)
		xsRangeError("argument: out of range");
	xsmcSetInteger(xsResult, tlsSessionWrite(session, bytes + from, to - from));
}

void xs_tls_socket_finish(xsMachine *the)
{
	tlsSessionClose(startedOf(the));
}

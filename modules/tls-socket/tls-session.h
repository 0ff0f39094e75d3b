// One TLS client session over memory: bytes received are fed in, bytes to send are drained, nothing
// is waited for. It verifies the peer always, and cannot be told to verify less. Knows nothing of
// XS and of sockets.
//
// Life: create, add what is known of the peer and of ourselves, start; then feed, step and drain
// until a failure or tlsSessionClose; free. One call of step handles one handshake message or one
// record.

#ifndef TLS_SESSION_H
#define TLS_SESSION_H

#include "tls-judge.h"
#include "tls-tickets.h"

// Received and not yet processed. The library collects records in a buffer of its own.
#define kTLSSessionInputBytes 1024
// Plaintext of one record that we send.
#define kTLSSessionRecordBytes 2048
// Room for one such record with whatever its cipher adds, or for a part of a handshake message.
#define kTLSSessionOutputBytes (kTLSSessionRecordBytes + 128)
// Everything that a server may send before the handshake is over: five times a long chain of RSA
// certificates.
#define kTLSSessionHandshakeBytesMax 32768

#define kTLSServerNameBytesMax 253 // RFC 1035 2.3.4
#define kTLSKeyNameBytesMax 15
#define kTLSFragmentBytesMax 4096 // RFC 6066 4
#define kTLSProtocolsMax 4
#define kTLSProtocolBytesMax 15

enum {
	// What tlsSessionStep says.
	kTLSSessionWantsInput = 0,
	kTLSSessionWantsOutput = 1, // drain first
	kTLSSessionAgain = 2, // something was done, and there may be more
	kTLSSessionReadable = 3, // read first
	// Failures, one for each SocketErrorCode of src/ports.ts, in its order. The first one lasts.
	kTLSSessionTCP = -1,
	kTLSSessionAuthority = -2,
	kTLSSessionHostName = -3,
	kTLSSessionExpired = -4,
	kTLSSessionNotYetValid = -5,
	kTLSSessionPin = -6,
	kTLSSessionVersion = -7,
	kTLSSessionClientCertificate = -8,
	kTLSSessionResources = -9,
	kTLSSessionHandshake = -10,
	kTLSSessionRecord = -11,
	kTLSSessionTruncated = -12,
	kTLSSessionClosed = -13
};

typedef struct TLSSessionRecord TLSSessionRecord, *TLSSession;

// Puts the private key `name` into `key`, which is initialized and empty. 0, or an error of the
// library.
typedef int (*TLSSessionLoadKey)(const char *name, mbedtls_pk_context *key);

// 0 when the library that is linked has the shape for which this was compiled.
int tlsSessionSelfCheck(void);

// NULL when there is no memory, or when the self-check fails. `serverName` is a host name or an
// address.
TLSSession tlsSessionCreate(const char *serverName, uint16_t port);
void tlsSessionFree(TLSSession session);

// Before tlsSessionStart. 0 or a failure, which lasts. All bytes are copied; certificates are X.509
// DER.
int tlsSessionAddAuthority(TLSSession session, const uint8_t *bytes, size_t length);
int tlsSessionAddPin(TLSSession session, const uint8_t pin[kTLSPinBytes]);
int tlsSessionAddCertificate(TLSSession session, const uint8_t *bytes, size_t length);
int tlsSessionSetKey(TLSSession session, const char *name, TLSSessionLoadKey load);
int tlsSessionAddProtocol(TLSSession session, const char *name);
int tlsSessionSetTime(TLSSession session, int64_t unixSeconds, bool isLowerBound);
// Asks the peer for records of at most `bytes` (512, 1024, 2048 or 4096). Without it, what the
// library's own buffers demand.
int tlsSessionSetFragment(TLSSession session, size_t bytes);

// 0 or a failure.
int tlsSessionStart(TLSSession session);

// Bytes that tlsSessionFeed takes now.
size_t tlsSessionInputRoom(const TLSSession session);
// Returns how many it took.
size_t tlsSessionFeed(TLSSession session, const uint8_t *bytes, size_t length);
// The transport ended: what was fed is still processed.
void tlsSessionEnd(TLSSession session);
int tlsSessionStep(TLSSession session);
// Copies up to `length` bytes to send; without `bytes`, says how many there are.
size_t tlsSessionDrain(TLSSession session, uint8_t *bytes, size_t length);

// The handshake is over, and the peer is whom we asked for.
bool tlsSessionIsOpen(const TLSSession session);
bool tlsSessionIsResumed(const TLSSession session);
// The protocol that was agreed on, or NULL.
const char *tlsSessionProtocol(const TLSSession session);
// Plaintext of one record, and what a record adds to it. While open.
size_t tlsSessionRecordBytes(const TLSSession session);
size_t tlsSessionRecordOverhead(const TLSSession session);

// Bytes that tlsSessionRead has now.
size_t tlsSessionReadable(const TLSSession session);
// Returns how many it copied.
size_t tlsSessionRead(TLSSession session, uint8_t *bytes, size_t length);
// Takes at most one record, when open and drained. 0 or a failure.
int tlsSessionWrite(TLSSession session, const uint8_t *bytes, size_t length);
// Puts close_notify behind what is to send.
void tlsSessionClose(TLSSession session);

#endif

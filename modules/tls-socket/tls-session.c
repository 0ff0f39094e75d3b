// The second half of a session's life: bytes in and out, the handshake and records. Everything that
// the library says is turned into one of our own codes here. See tls-session.h.

#include "tls-session-record.h"

#include <stdlib.h>
#include <string.h>

// ---------------------------------------------------------------- bytes in and out

size_t tlsSessionInputRoom(const TLSSession session)
{
	return kTLSSessionInputBytes - (session->inputEnd - session->inputStart);
}

size_t tlsSessionFeed(TLSSession session, const uint8_t *bytes, size_t length)
{
	const size_t room = tlsSessionInputRoom(session);
	const size_t count = length < room ? length : room;
	const size_t there = session->inputEnd - session->inputStart;
	memmove(session->input, session->input + session->inputStart, there);
	memcpy(session->input + there, bytes, count);
	session->inputStart = 0;
	session->inputEnd = there + count;
	if (!session->isOpen) {
		for (size_t index = 0; index < count; index++) {
			if (session->handshakeBytes + index >= kTLSSessionHeadBytes)
				break;
			session->firstBytes[session->handshakeBytes + index] = bytes[index];
		}
		session->handshakeBytes += count;
		if (session->handshakeBytes > kTLSSessionHandshakeBytesMax)
			tlsSessionFail(session, kTLSSessionHandshake);
	}
	return count;
}

void tlsSessionEnd(TLSSession session)
{
	session->isEnded = true;
}

size_t tlsSessionDrain(TLSSession session, uint8_t *bytes, size_t length)
{
	const size_t there = session->outputEnd - session->outputStart;
	const size_t count = length < there ? length : there;
	if (bytes == NULL)
		return there;
	memcpy(bytes, session->output + session->outputStart, count);
	session->outputStart += count;
	if (session->outputStart == session->outputEnd)
		session->outputStart = session->outputEnd = 0;
	return count;
}

// ---------------------------------------------------------------- steps

// Alerts by which a server refuses our certificate, RFC 8446 6.2.
static bool isAboutCertificate(int alert)
{
	switch (alert) {
	case MBEDTLS_SSL_ALERT_MSG_BAD_CERT:
	case MBEDTLS_SSL_ALERT_MSG_UNSUPPORTED_CERT:
	case MBEDTLS_SSL_ALERT_MSG_CERT_REVOKED:
	case MBEDTLS_SSL_ALERT_MSG_CERT_EXPIRED:
	case MBEDTLS_SSL_ALERT_MSG_CERT_UNKNOWN:
	case MBEDTLS_SSL_ALERT_MSG_UNKNOWN_CA:
	case MBEDTLS_SSL_ALERT_MSG_ACCESS_DENIED:
	case 116: // certificate_required, which 2.28 does not name
		return true;
	default:
		return false;
	}
}

static int failureOfJudge(const TLSJudge *judge)
{
	switch (tlsJudgeResult(judge)) {
	case kTLSJudgeHostName:
		return kTLSSessionHostName;
	case kTLSJudgeExpired:
		return kTLSSessionExpired;
	case kTLSJudgeNotYetValid:
		return kTLSSessionNotYetValid;
	case kTLSJudgePin:
		return kTLSSessionPin;
	case kTLSJudgeAccepted:
	case kTLSJudgeAuthority:
	default:
		return kTLSSessionAuthority;
	}
}

// Story: 1. we offer TLS 1.2 and its suites; 2. the server takes TLS 1.1 for the highest version of
// both; 3. no suite of ours exists there, and of that alone it complains, but in a record of its
// own version.
static bool isOldServer(const TLSSession session)
{
	const uint8_t *head = session->firstBytes;
	return head[0] == MBEDTLS_SSL_MSG_ALERT && head[1] == 3 && head[2] < 3;
}

static int failureOfAlert(const TLSSession session)
{
	const int alert = compatAlert(&session->ssl);
	if (isAboutCertificate(alert))
		return kTLSSessionClientCertificate;
	if (session->isOpen)
		return kTLSSessionRecord;
	if (alert == MBEDTLS_SSL_ALERT_MSG_PROTOCOL_VERSION || isOldServer(session))
		return kTLSSessionVersion;
	return kTLSSessionHandshake;
}

static int failureOf(const TLSSession session, int status)
{
	const int other = session->isOpen ? kTLSSessionRecord : kTLSSessionHandshake;
	if (session->isEndSeen)
		return session->isOpen ? kTLSSessionTruncated : kTLSSessionTCP;
	if (compatIsOutOfMemory(status))
		return kTLSSessionResources;
	switch (status) {
	case MBEDTLS_ERR_X509_CERT_VERIFY_FAILED:
		return failureOfJudge(&session->judge);
	case kCompatBadVersion:
		return session->isOpen ? kTLSSessionRecord : kTLSSessionVersion;
	case MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY:
		return session->isOpen ? kTLSSessionClosed : kTLSSessionHandshake;
	case MBEDTLS_ERR_SSL_FATAL_ALERT_MESSAGE:
		return failureOfAlert(session);
	default:
		return other;
	}
}

// Of a peer that was judged in this very connection, or of the session that was offered.
static void keepTicket(TLSSession session)
{
	const bool isFresh = session->judge.isLeafSeen;
	TLSTicket ticket = { NULL, 0, session->judge.notBefore, session->judge.notAfter };
	mbedtls_ssl_session saved;
	if (!isFresh) {
		ticket.notBefore = session->ticket.notBefore;
		ticket.notAfter = session->ticket.notAfter;
	}
	mbedtls_ssl_session_init(&saved);
	if (mbedtls_ssl_get_session(&session->ssl, &saved) == 0) {
		mbedtls_ssl_session_save(&saved, NULL, 0, &ticket.length);
		if (ticket.length > 0 && ticket.length <= kTLSTicketBytesMax)
			ticket.bytes = malloc(ticket.length);
		if (ticket.bytes != NULL) {
			if (mbedtls_ssl_session_save(&saved, ticket.bytes, ticket.length, &ticket.length) == 0)
				tlsTicketsKeep(session->ticketKey, &ticket);
			else
				tlsTicketRelease(&ticket);
		}
	}
	mbedtls_ssl_session_free(&saved);
}

// The library is content. A handshake that showed no certificate must have resumed a session that
// was verified; one that showed a certificate must have been judged.
static int opened(TLSSession session)
{
	const TLSJudge *judge = &session->judge;
	if (mbedtls_ssl_get_verify_result(&session->ssl) != 0)
		return tlsSessionFail(session, kTLSSessionAuthority);
	if (judge->isLeafSeen && tlsJudgeResult(judge) != kTLSJudgeAccepted)
		return tlsSessionFail(session, failureOfJudge(judge));
	if (!judge->isLeafSeen && !session->isOffered)
		return tlsSessionFail(session, kTLSSessionAuthority);
	session->isOpen = true;
	// In TLS 1.3 tickets come later.
	if (compatIsTLS12(&session->ssl))
		keepTicket(session);
	return kTLSSessionAgain;
}

// Story: 1. a record of TLS 1.3 holds a ticket; 2. the library has read it, and says that it wants
// to read; 3. what it wants is to be called again, and the server may have nothing more to say for
// hours.
static int wantsInput(TLSSession session)
{
	const bool isStarved = session->isStarved;
	session->isStarved = false;
	return isStarved ? kTLSSessionWantsInput : kTLSSessionAgain;
}

static int handshakeStep(TLSSession session)
{
	const int status = mbedtls_ssl_handshake_step(&session->ssl);
	if (status == 0)
		return compatIsHandshakeOver(&session->ssl) ? opened(session) : kTLSSessionAgain;
	if (status == MBEDTLS_ERR_SSL_WANT_READ)
		return wantsInput(session);
	if (status == MBEDTLS_ERR_SSL_WANT_WRITE)
		return kTLSSessionWantsOutput;
	return tlsSessionFail(session, failureOf(session, status));
}

// A read of nothing makes the library open the next record, and leaves what it holds in the
// library's buffer.
static int recordStep(TLSSession session)
{
	uint8_t nothing;
	const int status = mbedtls_ssl_read(&session->ssl, &nothing, 0);
	if (mbedtls_ssl_get_bytes_avail(&session->ssl) > 0)
		return kTLSSessionReadable;
	if (compatIsNewTicket(status)) {
		keepTicket(session);
		return kTLSSessionAgain;
	}
	if (status == MBEDTLS_ERR_SSL_WANT_READ)
		return wantsInput(session);
	if (status == 0 && !session->isEndSeen)
		return kTLSSessionAgain;
	return tlsSessionFail(session, failureOf(session, status));
}

int tlsSessionStep(TLSSession session)
{
	if (session->failure != 0 || !session->isStarted)
		return tlsSessionFail(session, kTLSSessionHandshake);
	if (!session->isOpen)
		return handshakeStep(session);
	return mbedtls_ssl_get_bytes_avail(&session->ssl) > 0 ? kTLSSessionReadable : recordStep(session);
}

// ---------------------------------------------------------------- open

bool tlsSessionIsOpen(const TLSSession session)
{
	return session->isOpen;
}

bool tlsSessionIsResumed(const TLSSession session)
{
	return session->isOpen && !session->judge.isLeafSeen;
}

const char *tlsSessionProtocol(const TLSSession session)
{
	return session->isOpen ? mbedtls_ssl_get_alpn_protocol(&session->ssl) : NULL;
}

size_t tlsSessionRecordBytes(const TLSSession session)
{
	const int most = session->isOpen ? mbedtls_ssl_get_max_out_record_payload(&session->ssl) : 0;
	if (most <= 0)
		return 0;
	return most < kTLSSessionRecordBytes ? (size_t)most : kTLSSessionRecordBytes;
}

size_t tlsSessionRecordOverhead(const TLSSession session)
{
	const int overhead = session->isOpen ? mbedtls_ssl_get_record_expansion(&session->ssl) : 0;
	return overhead > 0 ? (size_t)overhead : 0;
}

size_t tlsSessionReadable(const TLSSession session)
{
	return session->isOpen ? mbedtls_ssl_get_bytes_avail(&session->ssl) : 0;
}

size_t tlsSessionRead(TLSSession session, uint8_t *bytes, size_t length)
{
	const size_t there = tlsSessionReadable(session);
	const size_t count = length < there ? length : there;
	if (count == 0)
		return 0;
	return mbedtls_ssl_read(&session->ssl, bytes, count) == (int)count ? count : 0;
}

int tlsSessionWrite(TLSSession session, const uint8_t *bytes, size_t length)
{
	int status;
	if (session->failure != 0)
		return session->failure;
	if (!session->isOpen || session->outputEnd != 0 || length > tlsSessionRecordBytes(session))
		return tlsSessionFail(session, kTLSSessionRecord);
	status = mbedtls_ssl_write(&session->ssl, bytes, length);
	return status == (int)length ? 0 : tlsSessionFail(session, failureOf(session, status));
}

void tlsSessionClose(TLSSession session)
{
	if (session->isOpen && session->failure == 0)
		mbedtls_ssl_close_notify(&session->ssl);
	tlsSessionFail(session, kTLSSessionClosed);
}

// What a session holds: shared by tls-session.c and tls-session-start.c, and by nothing else.

#ifndef TLS_SESSION_RECORD_H
#define TLS_SESSION_RECORD_H

#include "tls-session.h"

#define kTLSSessionHeadBytes 3

struct TLSSessionRecord {
	mbedtls_ssl_context ssl;
	mbedtls_ssl_config config;
	mbedtls_x509_crt authorities;
	mbedtls_x509_crt certificates;
	mbedtls_pk_context key;
	TLSJudge judge;
	CompatHash binding; // until start: everything that a ticket is bound to
	uint8_t ticketKey[kTLSTicketKeyBytes];
	TLSTicket ticket; // of the session that was offered
	int failure;
	bool hasKey;
	bool isBindingOpen;
	bool isStarted;
	bool isOpen;
	bool isOffered;
	bool isEnded; // the transport
	bool isEndSeen; // by the library
	bool isStarved; // the library asked for more than there was
	size_t handshakeBytes;
	uint8_t firstBytes[kTLSSessionHeadBytes]; // type and version of the first record received
	size_t protocolCount;
	char protocols[kTLSProtocolsMax][kTLSProtocolBytesMax + 1];
	const char *protocolList[kTLSProtocolsMax + 1];
	size_t inputStart, inputEnd;
	size_t outputStart, outputEnd;
	uint8_t input[kTLSSessionInputBytes];
	uint8_t output[kTLSSessionOutputBytes];
};

// The one place where memory of ours is counted: 4 KB beyond what is the library's.
#define kTLSSessionLibraryBytes (sizeof(mbedtls_ssl_context) + sizeof(mbedtls_ssl_config) \
	+ 2 * sizeof(mbedtls_x509_crt) + sizeof(mbedtls_pk_context))
typedef char assertMemory[sizeof(TLSSessionRecord) - kTLSSessionLibraryBytes <= 4096 ? 1 : -1];
// A record of ours must fit into the library's buffer, and a step must be able to send an alert.
typedef char assertRecord[kTLSSessionRecordBytes <= kCompatOutputBytes ? 1 : -1];

// The first cause lasts.
static inline int tlsSessionFail(TLSSession session, int failure)
{
	if (session->failure == 0)
		session->failure = failure;
	return session->failure;
}

#endif

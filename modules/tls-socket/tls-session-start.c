// The first half of a session's life: what is asked of the peer, what we show it, and what the
// library is told of both. See tls-session.h.

#include "tls-session-record.h"

#include <stdlib.h>
#include <string.h>
#if defined(ESP_PLATFORM) || defined(ESP32)
	#include "lwip/sockets.h"
	#define parseAddress lwip_inet_pton // the SDK's include folders hide the usual name
#else
	#include <arpa/inet.h>
	#define parseAddress inet_pton
#endif

// Only with forward secrecy and authenticated encryption. What a library does not have it skips.
static const int kSuites[] = {
	0x1301, 0x1302, 0x1303, // TLS 1.3: AES-128-GCM, AES-256-GCM, ChaCha20-Poly1305
	MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
	MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
	MBEDTLS_TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
	MBEDTLS_TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
	MBEDTLS_TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
	MBEDTLS_TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
	0
};

// ---------------------------------------------------------------- self-check

#define kProbeBytes 4096
#define kProbePattern 0xA5

typedef union {
	mbedtls_ssl_context ssl;
	mbedtls_ssl_config config;
	mbedtls_ssl_session session;
	mbedtls_x509_crt certificate;
	uint8_t bytes[kProbeBytes];
} Probe;

// How far the library wrote into a block that was not zero.
static size_t writtenBytes(const Probe *probe)
{
	size_t length = kProbeBytes;
	while (length > 0 && probe->bytes[length - 1] == kProbePattern)
		length--;
	return length;
}

int tlsSessionSelfCheck(void)
{
	Probe *probe = malloc(sizeof(Probe));
	bool isSound = mbedtls_version_get_number() == MBEDTLS_VERSION_NUMBER;
	if (probe == NULL)
		return -1;
	memset(probe, kProbePattern, sizeof(*probe));
	mbedtls_ssl_init(&probe->ssl);
	isSound = isSound && writtenBytes(probe) == sizeof(probe->ssl);
	memset(probe, kProbePattern, sizeof(*probe));
	mbedtls_ssl_config_init(&probe->config);
	isSound = isSound && writtenBytes(probe) == sizeof(probe->config);
	memset(probe, kProbePattern, sizeof(*probe));
	mbedtls_ssl_session_init(&probe->session);
	isSound = isSound && writtenBytes(probe) == sizeof(probe->session);
	memset(probe, kProbePattern, sizeof(*probe));
	mbedtls_x509_crt_init(&probe->certificate);
	isSound = isSound && writtenBytes(probe) == sizeof(probe->certificate);
	free(probe);
	return isSound ? 0 : -1;
}

// ---------------------------------------------------------------- create and free

// Everything that a ticket is bound to, each part with its kind and length in front.
static int bindTo(TLSSession session, char kind, const void *bytes, size_t length)
{
	const uint8_t head[5] = { (uint8_t)kind, (uint8_t)(length >> 24), (uint8_t)(length >> 16),
		(uint8_t)(length >> 8), (uint8_t)length };
	if (compatHashAdd(&session->binding, head, sizeof(head)) != 0
		|| compatHashAdd(&session->binding, bytes, length) != 0)
		return tlsSessionFail(session, kTLSSessionResources);
	return 0;
}

static void bindName(TLSSession session, const char *name, uint16_t port)
{
	char lower[kTLSServerNameBytesMax + 1];
	const uint8_t number[2] = { (uint8_t)(port >> 8), (uint8_t)port };
	size_t length = 0;
	for (; name[length] != 0 && length < kTLSServerNameBytesMax; length++) {
		const char letter = name[length];
		lower[length] = letter >= 'A' && letter <= 'Z' ? (char)(letter - 'A' + 'a') : letter;
	}
	bindTo(session, 'n', lower, length);
	bindTo(session, 'p', number, sizeof(number));
}

static int setFragment(TLSSession session, size_t bytes)
{
	static const struct {
		size_t bytes;
		unsigned char code;
	} lengths[] = { { 4096, MBEDTLS_SSL_MAX_FRAG_LEN_4096 }, { 2048, MBEDTLS_SSL_MAX_FRAG_LEN_2048 },
		{ 1024, MBEDTLS_SSL_MAX_FRAG_LEN_1024 }, { 512, MBEDTLS_SSL_MAX_FRAG_LEN_512 } };
	for (size_t index = 0; index < sizeof(lengths) / sizeof(lengths[0]); index++) {
		if (lengths[index].bytes == bytes)
			return mbedtls_ssl_conf_max_frag_len(&session->config, lengths[index].code);
	}
	return -1;
}

// The longest that fits into both buffers of the library, where a record of full length does not.
static int setDefaultFragment(TLSSession session)
{
	size_t bytes = kTLSFragmentBytesMax;
	if (kCompatInputBytes >= 16384 || !kCompatReassembles)
		return 0;
	while (bytes > kCompatInputBytes || bytes > kCompatOutputBytes)
		bytes /= 2;
	return setFragment(session, bytes);
}

static void configure(TLSSession session)
{
	mbedtls_ssl_config *config = &session->config;
	if (mbedtls_ssl_config_defaults(config, MBEDTLS_SSL_IS_CLIENT, MBEDTLS_SSL_TRANSPORT_STREAM,
			MBEDTLS_SSL_PRESET_DEFAULT) != 0 || setDefaultFragment(session) != 0) {
		tlsSessionFail(session, kTLSSessionResources);
		return;
	}
	compatConfigureVersions(config);
	compatConfigureStrength(config);
	mbedtls_ssl_conf_ciphersuites(config, kSuites);
	mbedtls_ssl_conf_authmode(config, MBEDTLS_SSL_VERIFY_REQUIRED);
	mbedtls_ssl_conf_verify(config, tlsJudgeCertificate, &session->judge);
	mbedtls_ssl_conf_session_tickets(config, MBEDTLS_SSL_SESSION_TICKETS_ENABLED);
#if defined(MBEDTLS_SSL_RENEGOTIATION)
	mbedtls_ssl_conf_renegotiation(config, MBEDTLS_SSL_RENEGOTIATION_DISABLED);
	mbedtls_ssl_conf_legacy_renegotiation(config, MBEDTLS_SSL_LEGACY_NO_RENEGOTIATION);
#endif
}

// An address is compared by our judge, and must not be sent as SNI (RFC 6066 3).
static int setName(TLSSession session, const char *name)
{
	TLSJudge *judge = &session->judge;
	if (strlen(name) > kTLSServerNameBytesMax || name[0] == 0)
		return tlsSessionFail(session, kTLSSessionHandshake);
	if (parseAddress(AF_INET, name, judge->address) == 1)
		judge->addressBytes = 4;
	else if (parseAddress(AF_INET6, name, judge->address) == 1)
		judge->addressBytes = 16;
	// 3.6.3 and later demand the call, even for no name.
	if (mbedtls_ssl_set_hostname(&session->ssl, judge->addressBytes > 0 ? NULL : name) != 0)
		return tlsSessionFail(session, kTLSSessionResources);
	return 0;
}

TLSSession tlsSessionCreate(const char *serverName, uint16_t port)
{
	static bool isChecked;
	TLSSession session;
	if (!isChecked && tlsSessionSelfCheck() != 0)
		return NULL;
	isChecked = true;
	if (compatStart() != 0)
		return NULL;
	session = calloc(1, sizeof(TLSSessionRecord));
	if (session == NULL)
		return NULL;
	mbedtls_ssl_init(&session->ssl);
	mbedtls_ssl_config_init(&session->config);
	mbedtls_x509_crt_init(&session->authorities);
	mbedtls_x509_crt_init(&session->certificates);
	mbedtls_pk_init(&session->key);
	tlsJudgeInit(&session->judge);
	session->isBindingOpen = true;
	if (compatHashStart(&session->binding) != 0)
		tlsSessionFail(session, kTLSSessionResources);
	else
		bindName(session, serverName, port);
	configure(session);
	setName(session, serverName);
	return session;
}

void tlsSessionFree(TLSSession session)
{
	if (session == NULL)
		return;
	mbedtls_ssl_free(&session->ssl);
	mbedtls_ssl_config_free(&session->config);
	mbedtls_x509_crt_free(&session->authorities);
	mbedtls_x509_crt_free(&session->certificates);
	mbedtls_pk_free(&session->key);
	tlsTicketRelease(&session->ticket);
	if (session->isBindingOpen)
		compatHashFree(&session->binding);
	mbedtls_platform_zeroize(session, sizeof(*session));
	free(session);
}

// ---------------------------------------------------------------- what is asked

static int failureOf(int status)
{
	return compatIsOutOfMemory(status) ? kTLSSessionResources : kTLSSessionHandshake;
}

static int addCertificate(TLSSession session, mbedtls_x509_crt *chain, const uint8_t *bytes,
	size_t length)
{
	const int status = mbedtls_x509_crt_parse_der(chain, bytes, length);
	if (status == 0)
		return 0;
	return tlsSessionFail(session, failureOf(status));
}

int tlsSessionAddAuthority(TLSSession session, const uint8_t *bytes, size_t length)
{
	bindTo(session, 'a', bytes, length);
	return addCertificate(session, &session->authorities, bytes, length);
}

int tlsSessionAddCertificate(TLSSession session, const uint8_t *bytes, size_t length)
{
	bindTo(session, 'c', bytes, length);
	return addCertificate(session, &session->certificates, bytes, length);
}

int tlsSessionAddPin(TLSSession session, const uint8_t pin[kTLSPinBytes])
{
	TLSJudge *judge = &session->judge;
	if (judge->pinCount == kTLSPinsMax)
		return tlsSessionFail(session, kTLSSessionHandshake);
	memcpy(judge->pins[judge->pinCount++], pin, kTLSPinBytes);
	return bindTo(session, 'k', pin, kTLSPinBytes);
}

int tlsSessionSetKey(TLSSession session, const char *name, TLSSessionLoadKey load)
{
	int status;
	if (session->hasKey)
		return tlsSessionFail(session, kTLSSessionHandshake);
	bindTo(session, 'i', name, strlen(name));
	status = load(name, &session->key);
	if (status != 0)
		return tlsSessionFail(session, failureOf(status));
	session->hasKey = true;
	return 0;
}

int tlsSessionAddProtocol(TLSSession session, const char *name)
{
	const size_t length = strlen(name);
	if (session->protocolCount == kTLSProtocolsMax || length == 0 || length > kTLSProtocolBytesMax)
		return tlsSessionFail(session, kTLSSessionHandshake);
	memcpy(session->protocols[session->protocolCount++], name, length + 1);
	return bindTo(session, 'l', name, length);
}

int tlsSessionSetTime(TLSSession session, int64_t unixSeconds, bool isLowerBound)
{
	session->judge.time.unixSeconds = unixSeconds;
	session->judge.time.isLowerBound = isLowerBound;
	session->judge.time.isKnown = true;
	return session->failure;
}

int tlsSessionSetFragment(TLSSession session, size_t bytes)
{
	// A longer one than the library's buffers is refused by it.
	if (setFragment(session, bytes) != 0)
		return tlsSessionFail(session, kTLSSessionHandshake);
	return session->failure;
}

// ---------------------------------------------------------------- start

// The library's way to our buffers. Zero says that the transport ended.
static int takeReceived(void *context, unsigned char *bytes, size_t length)
{
	TLSSession session = context;
	const size_t there = session->inputEnd - session->inputStart;
	const size_t count = length < there ? length : there;
	if (there == 0) {
		session->isStarved = true;
		if (!session->isEnded)
			return MBEDTLS_ERR_SSL_WANT_READ;
		session->isEndSeen = true;
		return 0;
	}
	memcpy(bytes, session->input + session->inputStart, count);
	session->inputStart += count;
	if (session->inputStart == session->inputEnd)
		session->inputStart = session->inputEnd = 0;
	return (int)count;
}

static int putToSend(void *context, const unsigned char *bytes, size_t length)
{
	TLSSession session = context;
	const size_t room = kTLSSessionOutputBytes - session->outputEnd;
	const size_t count = length < room ? length : room;
	// Part of a record that waits in the library would make it forget the next one that we write.
	if (count == 0 || (session->isOpen && count < length))
		return MBEDTLS_ERR_SSL_WANT_WRITE;
	memcpy(session->output + session->outputEnd, bytes, count);
	session->outputEnd += count;
	return (int)count;
}

// A session of before, when it was verified for the very same and its chain is still in date. A
// ticket that the library does not take is dropped: after an update of the firmware, for instance.
static void offerTicket(TLSSession session)
{
	mbedtls_ssl_session saved;
	TLSTicket *ticket = &session->ticket;
	TLSTicket dates;
	if (!tlsTicketsTake(session->ticketKey, ticket))
		return;
	if (!tlsJudgeDates(&session->judge.time, ticket->notBefore, ticket->notAfter)) {
		tlsTicketRelease(ticket);
		return;
	}
	mbedtls_ssl_session_init(&saved);
	session->isOffered = mbedtls_ssl_session_load(&saved, ticket->bytes, ticket->length) == 0
		&& mbedtls_ssl_set_session(&session->ssl, &saved) == 0;
	mbedtls_ssl_session_free(&saved);
	// The library has what it needs: for the length of the connection only the dates are kept.
	dates = (TLSTicket){ NULL, 0, ticket->notBefore, ticket->notAfter };
	tlsTicketRelease(ticket);
	if (session->isOffered)
		*ticket = dates;
}

static int endBinding(TLSSession session)
{
	const int status = compatHashEnd(&session->binding, session->ticketKey);
	session->isBindingOpen = status != 0;
	return status;
}

int tlsSessionStart(TLSSession session)
{
	mbedtls_ssl_config *config = &session->config;
	const bool hasCertificates = session->certificates.raw.p != NULL;
	if (session->failure != 0)
		return session->failure;
	if (session->isStarted || session->authorities.raw.p == NULL
		|| hasCertificates != session->hasKey)
		return tlsSessionFail(session, kTLSSessionHandshake);
	mbedtls_ssl_conf_ca_chain(config, &session->authorities, NULL);
	if (hasCertificates
		&& mbedtls_ssl_conf_own_cert(config, &session->certificates, &session->key) != 0)
		return tlsSessionFail(session, kTLSSessionResources);
	for (size_t index = 0; index < session->protocolCount; index++)
		session->protocolList[index] = session->protocols[index];
	if (session->protocolCount > 0
		&& mbedtls_ssl_conf_alpn_protocols(config, session->protocolList) != 0)
		return tlsSessionFail(session, kTLSSessionHandshake);
	if (endBinding(session) != 0 || mbedtls_ssl_setup(&session->ssl, config) != 0)
		return tlsSessionFail(session, kTLSSessionResources);
	mbedtls_ssl_set_bio(&session->ssl, session, putToSend, takeReceived, NULL);
	offerTicket(session);
	session->isStarted = true;
	return 0;
}

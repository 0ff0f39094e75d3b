// The one header that knows which mbedTLS is below: 2.28 (Debian 12), 3.6 (ESP-IDF 5.x), 4.x (ESP-
// IDF 6). Every C file that includes a header of mbedTLS or PSA includes this one first; no other
// file asks the version.

#ifndef COMPAT_H
#define COMPAT_H

#ifndef _DEFAULT_SOURCE
	#define _DEFAULT_SOURCE
#endif

// The SDK compiles modules outside of ESP-IDF's build system. Without these, mbedTLS would silently
// take its default configuration, and every structure would have another size than in the library.
#if defined(ESP_PLATFORM) || defined(ESP32)
	#include "esp_idf_version.h"
	#define MBEDTLS_CONFIG_FILE "mbedtls/esp_config.h"
	#if ESP_IDF_VERSION_MAJOR >= 6
		#define MBEDTLS_MAJOR_VERSION 4
		#define TF_PSA_CRYPTO_USER_CONFIG_FILE "mbedtls/esp_config.h"
	#endif
#endif

#include <stddef.h>
#include <stdint.h>

#include "mbedtls/version.h"
#include "mbedtls/pk.h"
#include "mbedtls/platform_util.h"
#include "mbedtls/ssl.h"
#include "mbedtls/x509_crt.h"
#include "mbedtls/x509_csr.h"

#if MBEDTLS_VERSION_NUMBER < 0x021C0000
	#error "mbedTLS 2.28 or later"
#endif

#if MBEDTLS_VERSION_MAJOR == 2
	#define MBEDTLS_PRIVATE(field) field
	#define kCompatBadVersion MBEDTLS_ERR_SSL_BAD_HS_PROTOCOL_VERSION
#else
	#include "psa/crypto.h"
	#define kCompatBadVersion MBEDTLS_ERR_SSL_BAD_PROTOCOL_VERSION
#endif

#if MBEDTLS_VERSION_MAJOR < 4
	#include "mbedtls/sha256.h"
	#if defined(ESP_PLATFORM) || defined(ESP32)
		#include "esp_random.h"
	#else
		#include <errno.h>
		#include <sys/random.h>
	#endif
#endif

#if defined(MBEDTLS_SSL_IN_CONTENT_LEN)
	#define kCompatInputBytes MBEDTLS_SSL_IN_CONTENT_LEN
#else
	#define kCompatInputBytes MBEDTLS_SSL_MAX_CONTENT_LEN
#endif
#if defined(MBEDTLS_SSL_OUT_CONTENT_LEN)
	#define kCompatOutputBytes MBEDTLS_SSL_OUT_CONTENT_LEN
#else
	#define kCompatOutputBytes MBEDTLS_SSL_MAX_CONTENT_LEN
#endif

// 2.28 cannot put handshake messages together that come in several records, so a short maximum
// would make it fail with servers that keep to it.
#define kCompatReassembles (MBEDTLS_VERSION_NUMBER >= 0x03060300)

// These versions of 3.6 eat tickets of TLS 1.3 silently unless they are told not to.
#define kCompatMustAskForTickets \
	(MBEDTLS_VERSION_NUMBER >= 0x03060100 && MBEDTLS_VERSION_MAJOR == 3)

// What is not in the library's configuration cannot be had at run time.
#if !defined(MBEDTLS_SSL_PROTO_TLS1_2) || !defined(MBEDTLS_SSL_CLI_C)
	#error "mbedTLS is configured without TLS 1.2 for clients"
#endif
#if !defined(MBEDTLS_SSL_SERVER_NAME_INDICATION) || !defined(MBEDTLS_SSL_ALPN)
	#error "mbedTLS is configured without server names or ALPN"
#endif
#if !defined(MBEDTLS_SSL_SESSION_TICKETS) || !defined(MBEDTLS_SSL_MAX_FRAGMENT_LENGTH)
	#error "mbedTLS is configured without session tickets or maximum fragment lengths"
#endif
#if !defined(MBEDTLS_SSL_ALL_ALERT_MESSAGES) && MBEDTLS_VERSION_MAJOR == 2
	#error "mbedTLS is configured without alerts"
#endif

// Once per process, idempotent. Returns 0 or an error.
static inline int compatStart(void)
{
#if MBEDTLS_VERSION_MAJOR == 4 || (MBEDTLS_VERSION_MAJOR == 3 && defined(MBEDTLS_PSA_CRYPTO_C))
	return (int)psa_crypto_init();
#else
	return 0;
#endif
}

#if MBEDTLS_VERSION_MAJOR < 4
static inline int compatRandom(void *context, unsigned char *bytes, size_t length)
{
	(void)context;
	#if defined(ESP_PLATFORM) || defined(ESP32)
	esp_fill_random(bytes, length);
	#else
	while (length > 0) {
		ssize_t count = getrandom(bytes, length, 0);
		if (count < 0 && errno != EINTR)
			return -1;
		if (count > 0) {
			bytes += count;
			length -= (size_t)count;
		}
	}
	#endif
	return 0;
}
#endif

// TLS 1.2 at least; the newest that the library has.
static inline void compatConfigureVersions(mbedtls_ssl_config *config)
{
#if MBEDTLS_VERSION_MAJOR == 2
	mbedtls_ssl_conf_min_version(config, MBEDTLS_SSL_MAJOR_VERSION_3, MBEDTLS_SSL_MINOR_VERSION_3);
	mbedtls_ssl_conf_max_version(config, MBEDTLS_SSL_MAJOR_VERSION_3, MBEDTLS_SSL_MINOR_VERSION_3);
#else
	mbedtls_ssl_conf_min_tls_version(config, MBEDTLS_SSL_VERSION_TLS1_2);
	#if defined(MBEDTLS_SSL_PROTO_TLS1_3)
	mbedtls_ssl_conf_max_tls_version(config, MBEDTLS_SSL_VERSION_TLS1_3);
	#else
	mbedtls_ssl_conf_max_tls_version(config, MBEDTLS_SSL_VERSION_TLS1_2);
	#endif
#endif
}

// Curves, signatures and certificates: SHA-256 and better, P-256, P-384, X25519, RSA from 2048
// bits.
static inline void compatConfigureStrength(mbedtls_ssl_config *config)
{
#if MBEDTLS_VERSION_MAJOR == 2
	static const mbedtls_ecp_group_id curves[] = { MBEDTLS_ECP_DP_SECP256R1,
		MBEDTLS_ECP_DP_CURVE25519, MBEDTLS_ECP_DP_SECP384R1, MBEDTLS_ECP_DP_NONE };
	static const int hashes[] = { MBEDTLS_MD_SHA256, MBEDTLS_MD_SHA384, MBEDTLS_MD_SHA512,
		MBEDTLS_MD_NONE };
	mbedtls_ssl_conf_curves(config, curves);
	mbedtls_ssl_conf_sig_hashes(config, hashes);
	mbedtls_ssl_conf_cert_profile(config, &mbedtls_x509_crt_profile_next);
	mbedtls_ssl_conf_rng(config, compatRandom, NULL);
#else
	static const uint16_t groups[] = { MBEDTLS_SSL_IANA_TLS_GROUP_SECP256R1,
		MBEDTLS_SSL_IANA_TLS_GROUP_X25519, MBEDTLS_SSL_IANA_TLS_GROUP_SECP384R1,
		MBEDTLS_SSL_IANA_TLS_GROUP_NONE };
	static const uint16_t algorithms[] = { MBEDTLS_TLS1_3_SIG_ECDSA_SECP256R1_SHA256,
		MBEDTLS_TLS1_3_SIG_ECDSA_SECP384R1_SHA384, MBEDTLS_TLS1_3_SIG_RSA_PSS_RSAE_SHA256,
		MBEDTLS_TLS1_3_SIG_RSA_PSS_RSAE_SHA384, MBEDTLS_TLS1_3_SIG_RSA_PKCS1_SHA256,
		MBEDTLS_TLS1_3_SIG_RSA_PKCS1_SHA384, MBEDTLS_TLS1_3_SIG_NONE };
	mbedtls_ssl_conf_groups(config, groups);
	mbedtls_ssl_conf_sig_algs(config, algorithms);
	mbedtls_ssl_conf_cert_profile(config, &mbedtls_x509_crt_profile_default);
	#if MBEDTLS_VERSION_MAJOR == 3
	mbedtls_ssl_conf_rng(config, compatRandom, NULL);
	#endif
#endif
#if kCompatMustAskForTickets && defined(MBEDTLS_SSL_PROTO_TLS1_3)
	mbedtls_ssl_conf_tls13_enable_signal_new_session_tickets(config,
		MBEDTLS_SSL_TLS1_3_SIGNAL_NEW_SESSION_TICKETS_ENABLED);
#endif
}

static inline int compatIsHandshakeOver(mbedtls_ssl_context *ssl)
{
#if MBEDTLS_VERSION_MAJOR == 2
	return ssl->state == MBEDTLS_SSL_HANDSHAKE_OVER;
#else
	return mbedtls_ssl_is_handshake_over(ssl);
#endif
}

static inline int compatIsTLS12(const mbedtls_ssl_context *ssl)
{
#if MBEDTLS_VERSION_MAJOR == 2
	(void)ssl;
	return 1;
#else
	return mbedtls_ssl_get_version_number(ssl) == MBEDTLS_SSL_VERSION_TLS1_2;
#endif
}

// A ticket of TLS 1.3 arrived: the session can be saved, and the call is made again.
static inline int compatIsNewTicket(int status)
{
#if MBEDTLS_VERSION_MAJOR == 2
	(void)status;
	return 0;
#else
	return status == MBEDTLS_ERR_SSL_RECEIVED_NEW_SESSION_TICKET;
#endif
}

// Description of the fatal alert because of which a call has just failed.
static inline int compatAlert(const mbedtls_ssl_context *ssl)
{
	return ssl->MBEDTLS_PRIVATE(in_msg)[1];
}

// 2.28 and 3.6 add the code of a layer below to that of a layer above.
static inline int compatIsOutOfMemory(int status)
{
#if MBEDTLS_VERSION_MAJOR == 4
	return status == PSA_ERROR_INSUFFICIENT_MEMORY;
#else
	const int low = -status & 0x7F;
	const int high = -(-status & 0xFF80);
	return low == 0x10 || low == 0x6A || high == MBEDTLS_ERR_SSL_ALLOC_FAILED
		|| high == MBEDTLS_ERR_X509_ALLOC_FAILED || high == MBEDTLS_ERR_PK_ALLOC_FAILED
		|| high == MBEDTLS_ERR_ECP_ALLOC_FAILED || high == MBEDTLS_ERR_MD_ALLOC_FAILED
		|| high == MBEDTLS_ERR_CIPHER_ALLOC_FAILED;
#endif
}

// SHA-256 over several pieces.
#if MBEDTLS_VERSION_MAJOR < 4
typedef mbedtls_sha256_context CompatHash;
#else
typedef psa_hash_operation_t CompatHash;
#endif

static inline int compatHashStart(CompatHash *hash)
{
#if MBEDTLS_VERSION_MAJOR == 2
	mbedtls_sha256_init(hash);
	return mbedtls_sha256_starts_ret(hash, 0);
#elif MBEDTLS_VERSION_MAJOR == 3
	mbedtls_sha256_init(hash);
	return mbedtls_sha256_starts(hash, 0);
#else
	*hash = psa_hash_operation_init();
	return (int)psa_hash_setup(hash, PSA_ALG_SHA_256);
#endif
}

static inline int compatHashAdd(CompatHash *hash, const uint8_t *bytes, size_t length)
{
#if MBEDTLS_VERSION_MAJOR == 2
	return mbedtls_sha256_update_ret(hash, bytes, length);
#elif MBEDTLS_VERSION_MAJOR == 3
	return mbedtls_sha256_update(hash, bytes, length);
#else
	return (int)psa_hash_update(hash, bytes, length);
#endif
}

static inline int compatHashEnd(CompatHash *hash, uint8_t sum[32])
{
#if MBEDTLS_VERSION_MAJOR == 2
	const int status = mbedtls_sha256_finish_ret(hash, sum);
	mbedtls_sha256_free(hash);
	return status;
#elif MBEDTLS_VERSION_MAJOR == 3
	const int status = mbedtls_sha256_finish(hash, sum);
	mbedtls_sha256_free(hash);
	return status;
#else
	size_t length;
	return (int)psa_hash_finish(hash, sum, 32, &length);
#endif
}

static inline void compatHashFree(CompatHash *hash)
{
#if MBEDTLS_VERSION_MAJOR < 4
	mbedtls_sha256_free(hash);
#else
	psa_hash_abort(hash);
#endif
}

// ---------------------------------------------------------------- private keys and requests

// A private key in DER.
static inline int compatParseKey(mbedtls_pk_context *key, const uint8_t *der, size_t length)
{
#if MBEDTLS_VERSION_MAJOR == 3
	return mbedtls_pk_parse_key(key, der, length, NULL, 0, compatRandom, NULL);
#else
	return mbedtls_pk_parse_key(key, der, length, NULL, 0);
#endif
}

// ECDSA over a SHA-256 sum; the signature is DER.
static inline int compatSign(mbedtls_pk_context *key, const uint8_t sum[32], uint8_t *signature,
	size_t size, size_t *length)
{
#if MBEDTLS_VERSION_MAJOR == 2
	(void)size;
	return mbedtls_pk_sign(key, MBEDTLS_MD_SHA256, sum, 32, signature, length, compatRandom, NULL);
#elif MBEDTLS_VERSION_MAJOR == 3
	return mbedtls_pk_sign(key, MBEDTLS_MD_SHA256, sum, 32, signature, size, length, compatRandom,
		NULL);
#else
	return mbedtls_pk_sign(key, MBEDTLS_MD_SHA256, sum, 32, signature, size, length);
#endif
}

#if !defined(MBEDTLS_X509_CSR_WRITE_C)
	#error "mbedTLS is configured without certificate requests"
#endif
// PKCS #10 at the END of `der`: returns its length or an error.
static inline int compatWriteRequest(mbedtls_x509write_csr *request, uint8_t *der, size_t size)
{
#if MBEDTLS_VERSION_MAJOR < 4
	return mbedtls_x509write_csr_der(request, der, size, compatRandom, NULL);
#else
	return mbedtls_x509write_csr_der(request, der, size);
#endif
}

#endif

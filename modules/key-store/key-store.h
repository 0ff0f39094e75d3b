// Every private key of the device: made here, used here, kept through the nvs interface, wiped from
// memory after each use. Knows nothing of XS. Functions return 0 or one of the statuses below.

#ifndef KEY_STORE_H
#define KEY_STORE_H

#include <stddef.h>
#include <stdint.h>

#define kKeyStoreNameMax 15
#define kKeyStoreKeysMax 16
#define kKeyStoreCommonNameMax 64
#define kKeyStorePublicKeyBytesMax 65
#define kKeyStoreSignatureBytes 64
// A request with the longest common name has 280 bytes; mbedTLS writes from the end of its buffer.
#define kKeyStoreRequestBytesMax 1024

enum {
	kKeyStoreNoKey = -1,          // nothing under that name, or nothing that this store wrote
	kKeyStoreWrongAlgorithm = -2, // the key is of the other algorithm
	kKeyStoreBadName = -3,        // not 1 to 15 characters of printable ASCII
	kKeyStoreBadCommonName = -4,  // not 1 to 64 characters of [A-Za-z0-9_-]
	kKeyStoreTooMany = -5,        // kKeyStoreKeysMax other keys are there
	kKeyStoreNoMemory = -6,
	kKeyStoreFull = -7,           // the storage has no room
	kKeyStoreWorn = -8,           // the storage cannot be written
	kKeyStoreUnreadable = -9,     // the storage cannot be read
	kKeyStoreFailed = -10         // the cryptographic library refused
};

typedef enum { kKeyStoreEd25519 = 1, kKeyStoreP256 = 2 } KeyStoreAlgorithm;

// Once before anything else, idempotent.
int keyStoreStart(void);

// Makes a new key under `name` in place of any that was there; durable when it returns.
int keyStoreGenerate(const char *name, KeyStoreAlgorithm algorithm);

// Ed25519: 32 bytes; P-256: 65 bytes, uncompressed.
int keyStorePublicKey(const char *name, uint8_t publicKey[kKeyStorePublicKeyBytesMax],
	size_t *length);

// Ed25519 (RFC 8032), or r and s of ECDSA over SHA-256 (ES256).
int keyStoreSign(const char *name, const uint8_t *message, size_t length,
	uint8_t signature[kKeyStoreSignatureBytes]);

// A PKCS #10 request of the P-256 key `name`: DER, in the first `*length` bytes.
int keyStoreRequest(const char *name, const char *commonName,
	uint8_t request[kKeyStoreRequestBytesMax], size_t *length);

int keyStoreErase(const char *name);

// For TLS: the P-256 key `name` as a private key of mbedTLS. `key` was initialised with
// mbedtls_pk_init; the caller ends it with mbedtls_pk_free, which wipes it, in any case. Include
// compat.h first.
struct mbedtls_pk_context;
int keyStoreLoadForTLS(const char *name, struct mbedtls_pk_context *key);

#endif

// Keys in the namespace "hf-keys" of NVS. An entry is one byte of algorithm, then 32 bytes of
// private key (the seed of RFC 8032, or the P-256 scalar, big-endian), then the public key. A
// private key is read for one operation at a time, into memory that is wiped before the function
// returns.

#include "compat.h"
#include <sodium.h>
#include <string.h>
#include "../entropy/entropy-source.h"
#include "key-store.h"
#include "nvs-interface.h"

#define kKeyStorePrivateKeyBytes 32
#define kKeyStoreEntryBytesMax (1 + kKeyStorePrivateKeyBytes + kKeyStorePublicKeyBytesMax)

typedef struct {
	uint8_t bytes[kKeyStoreEntryBytesMax];
	size_t length;
} KeyStoreEntry;

#define kKeyStoreDERBytes 121
// ECPrivateKey (RFC 5915) around the private key, the curve's name and the public key.
static const uint8_t gDERStart[] = { 0x30, 0x77, 0x02, 0x01, 0x01, 0x04, 0x20 };
static const uint8_t gDERMiddle[] = { 0xa0, 0x0a, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03,
	0x01, 0x07, 0xa1, 0x44, 0x03, 0x42, 0x00 };

// The order of P-256.
static const uint8_t gOrder[kKeyStorePrivateKeyBytes] = { 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0,
	0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xbc, 0xe6, 0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84,
	0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51 };

// As deep as the libraries go with a key in hand, and more: 4 KB on the chip.
#define kKeyStoreStackBytes (1024 * sizeof(void *))

// The end of every use of a private key: the entry, and what the libraries left on the stack below.
__attribute__((noinline)) static void wipeStack(void)
{
	uint8_t room[kKeyStoreStackBytes];
	sodium_memzero(room, sizeof(room));
}

static void wipe(KeyStoreEntry *entry)
{
	sodium_memzero(entry, sizeof(*entry));
	wipeStack();
}

static size_t publicKeyBytes(uint8_t algorithm)
{
	return algorithm == kKeyStoreP256 ? kKeyStorePublicKeyBytesMax : crypto_sign_PUBLICKEYBYTES;
}

static uint8_t *privateKeyOf(KeyStoreEntry *entry)
{
	return entry->bytes + 1;
}

static uint8_t *publicKeyOf(KeyStoreEntry *entry)
{
	return entry->bytes + 1 + kKeyStorePrivateKeyBytes;
}

static int checkName(const char *name)
{
	size_t length = 0;
	while (length <= kKeyStoreNameMax && name[length] >= ' ' && name[length] <= '~')
		length++;
	return length > 0 && length <= kKeyStoreNameMax && !name[length] ? 0 : kKeyStoreBadName;
}

// ---------------------------------------------------------------- storage

static int statusOf(esp_err_t error)
{
	switch (error) {
	case ESP_OK:
		return 0;
	case ESP_ERR_NVS_NOT_FOUND:
		return kKeyStoreNoKey;
	case ESP_ERR_NVS_NOT_ENOUGH_SPACE:
		return kKeyStoreFull;
	case ESP_ERR_NO_MEM:
		return kKeyStoreNoMemory;
	default:
		return kKeyStoreUnreadable;
	}
}

static int writeStatusOf(esp_err_t error)
{
	int status = statusOf(error);
	return status == kKeyStoreUnreadable ? kKeyStoreWorn : status;
}

static int openKeys(nvs_open_mode_t mode, nvs_handle_t *handle)
{
	return statusOf(nvsOpen(kNvsKeysNamespace, mode, handle));
}

static int load(const char *name, KeyStoreEntry *entry)
{
	nvs_handle_t handle;
	int status = checkName(name);
	if (status == 0)
		status = openKeys(NVS_READONLY, &handle);
	if (status != 0)
		return status;
	entry->length = sizeof(entry->bytes);
	esp_err_t error = nvs_get_blob(handle, name, entry->bytes, &entry->length);
	nvs_close(handle);
	if (error == ESP_ERR_NVS_INVALID_LENGTH)
		return kKeyStoreNoKey;
	if (error != ESP_OK)
		return statusOf(error);
	uint8_t algorithm = entry->bytes[0];
	bool isKnown = algorithm == kKeyStoreEd25519 || algorithm == kKeyStoreP256;
	size_t length = 1 + kKeyStorePrivateKeyBytes + publicKeyBytes(algorithm);
	return isKnown && entry->length == length ? 0 : kKeyStoreNoKey;
}

// How many keys there are, without counting `name`.
static int countOthers(nvs_handle_t handle, const char *name, int *count)
{
	nvs_iterator_t iterator = NULL;
	nvs_entry_info_t info;
	*count = 0;
	esp_err_t error = nvs_entry_find_in_handle(handle, NVS_TYPE_ANY, &iterator);
	while (error == ESP_OK && iterator) {
		error = nvs_entry_info(iterator, &info);
		if (error == ESP_OK && strcmp(info.key, name) != 0)
			++*count;
		if (error == ESP_OK)
			error = nvs_entry_next(&iterator);
	}
	nvs_release_iterator(iterator);
	return error == ESP_ERR_NVS_NOT_FOUND ? 0 : statusOf(error);
}

static int save(const char *name, const KeyStoreEntry *entry)
{
	nvs_handle_t handle;
	int status = openKeys(NVS_READWRITE, &handle);
	if (status != 0)
		return status;
	int count = 0;
	status = countOthers(handle, name, &count);
	if (status == 0 && count >= kKeyStoreKeysMax)
		status = kKeyStoreTooMany;
	if (status == 0)
		status = writeStatusOf(nvs_set_blob(handle, name, entry->bytes, entry->length));
	if (status == 0)
		status = writeStatusOf(nvs_commit(handle));
	nvs_close(handle);
	return status;
}

// ---------------------------------------------------------------- P-256

// `key` was initialised; the caller frees it in any case.
static int parse(KeyStoreEntry *entry, mbedtls_pk_context *key)
{
	uint8_t der[kKeyStoreDERBytes];
	memcpy(der, gDERStart, sizeof(gDERStart));
	memcpy(der + sizeof(gDERStart), privateKeyOf(entry), kKeyStorePrivateKeyBytes);
	uint8_t *at = der + sizeof(gDERStart) + kKeyStorePrivateKeyBytes;
	memcpy(at, gDERMiddle, sizeof(gDERMiddle));
	memcpy(at + sizeof(gDERMiddle), publicKeyOf(entry), kKeyStorePublicKeyBytesMax);
	int status = compatParseKey(key, der, sizeof(der));
	sodium_memzero(der, sizeof(der));
	if (status == 0)
		return 0;
	return compatIsOutOfMemory(status) ? kKeyStoreNoMemory : kKeyStoreFailed;
}

// A random number from 1 to the order less 1 (FIPS 186-5 A.2.2).
static void makeScalar(uint8_t scalar[kKeyStorePrivateKeyBytes])
{
	do
		randombytes_buf(scalar, kKeyStorePrivateKeyBytes);
	while (sodium_is_zero(scalar, kKeyStorePrivateKeyBytes) ||
		memcmp(scalar, gOrder, kKeyStorePrivateKeyBytes) >= 0);
}

// The public key that belongs to the entry's scalar.
static int derivePoint(KeyStoreEntry *entry)
{
	// The same DER without the public key at its end.
	uint8_t der[sizeof(gDERStart) + kKeyStorePrivateKeyBytes + 12];
	uint8_t info[128];
	memcpy(der, gDERStart, sizeof(gDERStart));
	der[1] = (uint8_t)(sizeof(der) - 2);
	memcpy(der + sizeof(gDERStart), privateKeyOf(entry), kKeyStorePrivateKeyBytes);
	memcpy(der + sizeof(gDERStart) + kKeyStorePrivateKeyBytes, gDERMiddle, 12);
	mbedtls_pk_context key;
	mbedtls_pk_init(&key);
	int status = compatParseKey(&key, der, sizeof(der));
	// SubjectPublicKeyInfo, whose last bytes are the point, at the end of the buffer.
	int length = status == 0 ? mbedtls_pk_write_pubkey_der(&key, info, sizeof(info)) : status;
	mbedtls_pk_free(&key);
	sodium_memzero(der, sizeof(der));
	if (length < kKeyStorePublicKeyBytesMax)
		return compatIsOutOfMemory(length) ? kKeyStoreNoMemory : kKeyStoreFailed;
	memcpy(publicKeyOf(entry), info + sizeof(info) - kKeyStorePublicKeyBytesMax,
		kKeyStorePublicKeyBytesMax);
	return 0;
}

// One INTEGER of an ECDSA signature in DER, as 32 bytes. Where the next one begins, or NULL.
static const uint8_t *readInteger(const uint8_t *at, const uint8_t *end, uint8_t number[32])
{
	if (end - at < 2 || at[0] != 0x02 || at[1] > end - at - 2)
		return NULL;
	const uint8_t *bytes = at + 2;
	const uint8_t *next = bytes + at[1];
	while (bytes < next && *bytes == 0)
		bytes++;
	if (next - bytes > 32)
		return NULL;
	memset(number, 0, 32);
	memcpy(number + 32 - (next - bytes), bytes, (size_t)(next - bytes));
	return next;
}

static int signP256(KeyStoreEntry *entry, const uint8_t *message, size_t length, uint8_t *signature)
{
	uint8_t sum[crypto_hash_sha256_BYTES];
	uint8_t der[80];
	size_t bytes = 0;
	crypto_hash_sha256(sum, message, length);
	mbedtls_pk_context key;
	mbedtls_pk_init(&key);
	int status = parse(entry, &key);
	if (status == 0 && compatSign(&key, sum, der, sizeof(der), &bytes) != 0)
		status = kKeyStoreFailed;
	mbedtls_pk_free(&key);
	if (status != 0)
		return status;
	const uint8_t *end = der + bytes;
	const uint8_t *at = bytes > 2 ? readInteger(der + 2, end, signature) : NULL;
	return at && readInteger(at, end, signature + 32) == end ? 0 : kKeyStoreFailed;
}

// ---------------------------------------------------------------- Ed25519

static void makeEd25519(KeyStoreEntry *entry)
{
	uint8_t secret[crypto_sign_SECRETKEYBYTES];
	randombytes_buf(privateKeyOf(entry), crypto_sign_SEEDBYTES);
	crypto_sign_seed_keypair(publicKeyOf(entry), secret, privateKeyOf(entry));
	sodium_memzero(secret, sizeof(secret));
}

static void signEd25519(KeyStoreEntry *entry, const uint8_t *message, size_t length,
	uint8_t *signature)
{
	// libsodium's secret key is the seed and the public key, which lie side by side in the entry.
	crypto_sign_detached(signature, NULL, message, length, privateKeyOf(entry));
}

// ---------------------------------------------------------------- the interface

int keyStoreStart(void)
{
	entropySourceStart();
	return sodium_init() < 0 || compatStart() != 0 ? kKeyStoreFailed : 0;
}

int keyStoreGenerate(const char *name, KeyStoreAlgorithm algorithm)
{
	KeyStoreEntry entry;
	int status = checkName(name);
	if (status != 0)
		return status;
	entry.bytes[0] = (uint8_t)algorithm;
	entry.length = 1 + kKeyStorePrivateKeyBytes + publicKeyBytes(entry.bytes[0]);
	if (algorithm == kKeyStoreP256) {
		makeScalar(privateKeyOf(&entry));
		status = derivePoint(&entry);
	} else {
		makeEd25519(&entry);
	}
	if (status == 0)
		status = save(name, &entry);
	wipe(&entry);
	return status;
}

int keyStorePublicKey(const char *name, uint8_t publicKey[kKeyStorePublicKeyBytesMax],
	size_t *length)
{
	KeyStoreEntry entry;
	int status = load(name, &entry);
	if (status == 0) {
		*length = publicKeyBytes(entry.bytes[0]);
		memcpy(publicKey, publicKeyOf(&entry), *length);
	}
	wipe(&entry);
	return status;
}

int keyStoreSign(const char *name, const uint8_t *message, size_t length,
	uint8_t signature[kKeyStoreSignatureBytes])
{
	KeyStoreEntry entry;
	int status = load(name, &entry);
	if (status == 0 && entry.bytes[0] == kKeyStoreP256)
		status = signP256(&entry, message, length, signature);
	else if (status == 0)
		signEd25519(&entry, message, length, signature);
	wipe(&entry);
	return status;
}

int keyStoreLoadForTLS(const char *name, mbedtls_pk_context *key)
{
	KeyStoreEntry entry;
	int status = load(name, &entry);
	if (status == 0 && entry.bytes[0] != kKeyStoreP256)
		status = kKeyStoreWrongAlgorithm;
	if (status == 0)
		status = parse(&entry, key);
	wipe(&entry);
	return status;
}

int keyStoreErase(const char *name)
{
	nvs_handle_t handle;
	int status = checkName(name);
	if (status == 0)
		status = openKeys(NVS_READWRITE, &handle);
	if (status != 0)
		return status;
	esp_err_t error = nvs_erase_key(handle, name);
	if (error == ESP_OK)
		error = nvs_commit(handle);
	nvs_close(handle);
	return error == ESP_ERR_NVS_NOT_FOUND ? 0 : writeStatusOf(error);
}

// ---------------------------------------------------------------- certificate requests

static int checkCommonName(const char *commonName)
{
	static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";
	size_t length = strspn(commonName, allowed);
	bool isName = length > 0 && length <= kKeyStoreCommonNameMax && !commonName[length];
	return isName ? 0 : kKeyStoreBadCommonName;
}

// The request at the end of `der`: its length or a status.
static int writeRequest(mbedtls_pk_context *key, const char *commonName, uint8_t *der, size_t size)
{
	char subject[3 + kKeyStoreCommonNameMax + 1] = "CN=";
	mbedtls_x509write_csr request;
	strcpy(subject + 3, commonName);
	mbedtls_x509write_csr_init(&request);
	mbedtls_x509write_csr_set_md_alg(&request, MBEDTLS_MD_SHA256);
	mbedtls_x509write_csr_set_key(&request, key);
	int length = mbedtls_x509write_csr_set_subject_name(&request, subject);
	if (length == 0)
		length = compatWriteRequest(&request, der, size);
	mbedtls_x509write_csr_free(&request);
	if (length > 0)
		return length;
	return compatIsOutOfMemory(length) ? kKeyStoreNoMemory : kKeyStoreFailed;
}

int keyStoreRequest(const char *name, const char *commonName,
	uint8_t request[kKeyStoreRequestBytesMax], size_t *length)
{
	mbedtls_pk_context key;
	mbedtls_pk_init(&key);
	int status = keyStoreLoadForTLS(name, &key);
	if (status == 0)
		status = checkCommonName(commonName);
	if (status == 0)
		status = writeRequest(&key, commonName, request, kKeyStoreRequestBytesMax);
	mbedtls_pk_free(&key);
	wipeStack();
	if (status < 0)
		return status;
	*length = (size_t)status;
	memmove(request, request + kKeyStoreRequestBytesMax - *length, *length);
	return 0;
}

// Uses of modules/key-store, by name: store NAME FOLDER. Ends with 0, or says what is wrong and
// aborts. Those whose results somebody else judges print them in hex.

#define _DEFAULT_SOURCE
#include "compat.h"
#include <errno.h>
#include <sodium.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include "key-store.h"
#include "nvs-linux.h"
#include "power.h"

#define check(condition) checkThat((condition), #condition, __LINE__)

static char gFile[512];

static void checkThat(bool condition, const char *fact, int line)
{
	if (condition)
		return;
	fprintf(stderr, "store.c:%d: not so: %s\n", line, fact);
	abort();
}

static void start(uint32_t pages)
{
	check(nvsLinuxStart(&(NvsLinuxOptions){ gFile, pages * 4096, true }) == ESP_OK);
	check(keyStoreStart() == 0);
}

static void printHex(const uint8_t *bytes, size_t length)
{
	for (size_t index = 0; index < length; index++)
		printf("%02x", bytes[index]);
	printf("\n");
}

// Puts an entry where keys lie, as nobody but a test may.
static void plant(const char *name, const uint8_t *entry, size_t length)
{
	nvs_handle_t handle;
	check(nvs_open("hf-keys", NVS_READWRITE, &handle) == ESP_OK);
	check(nvs_set_blob(handle, name, entry, length) == ESP_OK);
	check(nvs_commit(handle) == ESP_OK);
	nvs_close(handle);
}

static size_t fetch(const char *name, uint8_t *entry, size_t size)
{
	nvs_handle_t handle;
	check(nvs_open("hf-keys", NVS_READONLY, &handle) == ESP_OK);
	check(nvs_get_blob(handle, name, entry, &size) == ESP_OK);
	nvs_close(handle);
	return size;
}

// ---------------------------------------------------------------- for others to judge

// Lines of seed, public key and message in hex come in; signatures go out.
static void vectors(void)
{
	static char line[8192];
	static uint8_t bytes[4096];
	start(16);
	while (fgets(line, sizeof(line), stdin)) {
		size_t length;
		uint8_t entry[65] = { kKeyStoreEd25519 };
		uint8_t publicKey[kKeyStorePublicKeyBytesMax];
		uint8_t signature[kKeyStoreSignatureBytes];
		int status = sodium_hex2bin(bytes, sizeof(bytes), line, strlen(line), " \n", &length, NULL);
		check(status == 0 && length >= 64);
		memcpy(entry + 1, bytes, 64);
		plant("signing", entry, sizeof(entry));
		check(keyStoreSign("signing", bytes + 64, length - 64, signature) == 0);
		check(keyStorePublicKey("signing", publicKey, &length) == 0 && length == 32);
		check(!memcmp(publicKey, bytes + 32, 32));
		printHex(signature, sizeof(signature));
	}
	nvsLinuxStop();
}

// Fresh keys: a public key, a signature over "message", and for P-256 two requests.
static void products(void)
{
	static const KeyStoreAlgorithm algorithms[] = { kKeyStoreEd25519, kKeyStoreP256 };
	static const char longest[] = "0123456789-abcdefghijklmnopqrstuvwxyz_ABCDEFGHIJKLMNOPQRSTUVWXYZ";
	uint8_t bytes[kKeyStoreRequestBytesMax];
	size_t length;
	start(16);
	for (int index = 0; index < 2; index++) {
		check(keyStoreGenerate("key", algorithms[index]) == 0);
		check(keyStorePublicKey("key", bytes, &length) == 0);
		printHex(bytes, length);
		check(keyStoreSign("key", (const uint8_t *)"message", 7, bytes) == 0);
		printHex(bytes, kKeyStoreSignatureBytes);
	}
	check(keyStoreRequest("key", "d", bytes, &length) == 0);
	printHex(bytes, length);
	check(strlen(longest) == kKeyStoreCommonNameMax);
	check(keyStoreRequest("key", longest, bytes, &length) == 0);
	printHex(bytes, length);
	nvsLinuxStop();
}

// ---------------------------------------------------------------- rules

static void refusals(void)
{
	uint8_t bytes[kKeyStoreRequestBytesMax];
	char name[32], common[80];
	size_t length;
	start(16);
	check(keyStorePublicKey("absent", bytes, &length) == kKeyStoreNoKey);
	check(keyStoreSign("absent", bytes, 1, bytes) == kKeyStoreNoKey);
	check(keyStoreErase("absent") == 0);
	static const char *const names[] = { "", "0123456789abcdef", "\xc3\xa9", "tab\t", "\x7f" };
	for (int index = 0; index < 5; index++) {
		check(keyStoreGenerate(names[index], kKeyStoreEd25519) == kKeyStoreBadName);
		check(keyStorePublicKey(names[index], bytes, &length) == kKeyStoreBadName);
		check(keyStoreSign(names[index], bytes, 1, bytes) == kKeyStoreBadName);
		check(keyStoreErase(names[index]) == kKeyStoreBadName);
	}
	for (int index = 0; index < kKeyStoreKeysMax; index++) {
		snprintf(name, sizeof(name), "key number %d", index);
		check(keyStoreGenerate(name, kKeyStoreEd25519) == 0);
	}
	check(keyStoreGenerate("one more", kKeyStoreEd25519) == kKeyStoreTooMany);
	check(keyStoreGenerate("key number 3", kKeyStoreP256) == 0);
	check(keyStoreRequest("key number 4", "d", bytes, &length) == kKeyStoreWrongAlgorithm);
	memset(common, 'x', sizeof(common));
	common[65] = 0;
	check(keyStoreRequest("key number 3", common, bytes, &length) == kKeyStoreBadCommonName);
	check(keyStoreRequest("key number 3", "", bytes, &length) == kKeyStoreBadCommonName);
	check(keyStoreRequest("key number 3", "a,CN=b", bytes, &length) == kKeyStoreBadCommonName);
	check(keyStoreErase("key number 3") == 0);
	check(keyStorePublicKey("key number 3", bytes, &length) == kKeyStoreNoKey);
	check(keyStoreGenerate("one more", kKeyStoreEd25519) == 0);
	nvsLinuxStop();
}

// An entry of another shape is no key, and one that is no point or no scalar does not sign.
static void damaged(void)
{
	uint8_t entry[128], bytes[128];
	size_t length;
	mbedtls_pk_context key;
	start(16);
	check(keyStoreGenerate("key", kKeyStoreP256) == 0);
	size_t whole = fetch("key", entry, sizeof(entry));
	check(whole == 98);
	for (size_t cut = 0; cut <= sizeof(entry); cut++) {
		memset(entry + whole, 0, sizeof(entry) - whole);
		plant("cut", entry, cut);
		int status = keyStoreSign("cut", entry, 1, bytes);
		check(status == (cut == whole ? 0 : kKeyStoreNoKey));
	}
	entry[0] = 3;
	plant("other", entry, whole);
	check(keyStorePublicKey("other", bytes, &length) == kKeyStoreNoKey);
	entry[0] = kKeyStoreP256;
	entry[97] ^= 1;
	plant("point", entry, whole);
	check(keyStoreSign("point", entry, 1, bytes) == kKeyStoreFailed);
	entry[97] ^= 1;
	memset(entry + 1, 0xff, 32);
	plant("scalar", entry, whole);
	check(keyStoreSign("scalar", entry, 1, bytes) == kKeyStoreFailed);
	mbedtls_pk_init(&key);
	check(keyStoreLoadForTLS("scalar", &key) == kKeyStoreFailed);
	mbedtls_pk_free(&key);
	nvsLinuxStop();
}

static void forTLS(void)
{
	uint8_t point[kKeyStorePublicKeyBytesMax], info[128];
	size_t length;
	mbedtls_pk_context key;
	start(16);
	check(keyStoreGenerate("tls-0", kKeyStoreP256) == 0 && keyStoreGenerate("signing", 1) == 0);
	check(keyStorePublicKey("tls-0", point, &length) == 0);
	mbedtls_pk_init(&key);
	check(keyStoreLoadForTLS("tls-0", &key) == 0);
	check(mbedtls_pk_write_pubkey_der(&key, info, sizeof(info)) > 0);
	check(!memcmp(info + sizeof(info) - length, point, length));
	mbedtls_pk_free(&key);
	mbedtls_pk_init(&key);
	check(keyStoreLoadForTLS("signing", &key) == kKeyStoreWrongAlgorithm);
	check(keyStoreLoadForTLS("tls-1", &key) == kKeyStoreNoKey);
	mbedtls_pk_free(&key);
	nvsLinuxStop();
}

// ---------------------------------------------------------------- power, room, memory

static int replace(void)
{
	return keyStoreGenerate("key", kKeyStoreEd25519);
}

static int erase(void)
{
	return keyStoreErase("key");
}

// In a process whose power is cut at call `count`, or when `act` has returned.
static void inLife(long count, bool *isDone, int (*act)(void))
{
	pid_t child = fork();
	check(child >= 0);
	if (child == 0) {
		powerStart(gFile, count, kPowerLost);
		start(16);
		check(act() == 0);
		*isDone = true;
		powerCut();
	}
	int status;
	check(waitpid(child, &status, 0) == child && WEXITSTATUS(status) == kPowerExit);
}

// A key is replaced whole or not at all; what returned is durable.
static void cuts(void)
{
	uint8_t before[kKeyStorePublicKeyBytesMax], after[kKeyStorePublicKeyBytesMax];
	uint8_t signature[kKeyStoreSignatureBytes];
	size_t length, lengthAfter;
	bool *isDone = mmap(NULL, 1, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	check(isDone != MAP_FAILED);
	for (long count = 1; !*isDone; count++) {
		start(16);
		check(keyStoreGenerate("key", kKeyStoreP256) == 0);
		check(keyStorePublicKey("key", before, &length) == 0);
		nvsLinuxStop();
		inLife(count, isDone, replace);
		start(16);
		check(keyStorePublicKey("key", after, &lengthAfter) == 0);
		check(lengthAfter == (*isDone ? 32 : 65));
		check(*isDone || !memcmp(before, after, length));
		check(keyStoreSign("key", before, length, signature) == 0);
		nvsLinuxStop();
	}
	inLife(1000, isDone, erase);
	start(16);
	check(keyStorePublicKey("key", after, &lengthAfter) == kKeyStoreNoKey);
	nvsLinuxStop();
}

static void full(void)
{
	static uint8_t filler[252 * 32];
	uint8_t bytes[kKeyStorePublicKeyBytesMax];
	size_t length;
	nvs_handle_t handle;
	start(3);
	check(nvs_open("hf-filler", NVS_READWRITE, &handle) == ESP_OK);
	check(nvs_set_blob(handle, "filler", filler, (252 - 6) * 32) == ESP_OK);
	check(keyStoreGenerate("key", kKeyStoreP256) == kKeyStoreFull);
	check(keyStorePublicKey("key", bytes, &length) == kKeyStoreNoKey);
	check(nvs_erase_key(handle, "filler") == ESP_OK);
	powerFail(kPowerWrite, EIO);
	check(keyStoreGenerate("key", kKeyStoreP256) == kKeyStoreWorn);
	powerFail(kPowerNone, 0);
	check(keyStoreGenerate("key", kKeyStoreP256) == 0);
	nvsLinuxStop();
	check(keyStoreSign("key", bytes, 1, bytes) == kKeyStoreUnreadable);
}

static long gAllocationsLeft = -1;

void *__real_malloc(size_t length);
void *__real_calloc(size_t count, size_t length);
void *__wrap_malloc(size_t length);
void *__wrap_calloc(size_t count, size_t length);

static bool isRefused(void)
{
	return gAllocationsLeft >= 0 && gAllocationsLeft-- == 0;
}

void *__wrap_malloc(size_t length)
{
	return isRefused() ? NULL : __real_malloc(length);
}

void *__wrap_calloc(size_t count, size_t length)
{
	return isRefused() ? NULL : __real_calloc(count, length);
}

static int useAll(void)
{
	uint8_t request[kKeyStoreRequestBytesMax], signature[kKeyStoreSignatureBytes];
	size_t length;
	int status = keyStoreGenerate("key", kKeyStoreP256);
	if (status == 0)
		status = keyStoreSign("key", (const uint8_t *)"m", 1, signature);
	if (status == 0)
		status = keyStoreRequest("key", "device", request, &length);
	return status;
}

// The Nth allocation is refused, N growing: an error each time, no leak, and the store lives on.
static void starving(void)
{
	int status = 1;
	start(16);
	for (long count = 0; status != 0; count += 1 + count / 20) {
		gAllocationsLeft = count;
		status = useAll();
		gAllocationsLeft = -1;
		check(status == 0 || status == kKeyStoreNoMemory || status == kKeyStoreFailed);
		check(useAll() == 0);
	}
	nvsLinuxStop();
}

int main(int count, char *arguments[])
{
	static const struct {
		const char *name;
		void (*run)(void);
	} uses[] = { { "vectors", vectors }, { "products", products }, { "refusals", refusals },
		{ "damaged", damaged }, { "for-tls", forTLS }, { "cuts", cuts }, { "full", full },
		{ "starving", starving } };
	check(count == 3);
	snprintf(gFile, sizeof(gFile), "%s/key-value.nvs", arguments[2]);
	for (size_t index = 0; index < sizeof(uses) / sizeof(uses[0]); index++) {
		if (!strcmp(uses[index].name, arguments[1])) {
			uses[index].run();
			return 0;
		}
	}
	fprintf(stderr, "no such use: %s\n", arguments[1]);
	return 2;
}

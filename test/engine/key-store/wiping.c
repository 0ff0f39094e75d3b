// Looks for a private key in memory that is given back: wiping FOLDER. Each use of the key store
// runs on a stack that is searched afterwards; every block of heap is searched when it is freed.
// Says where it found one.

#define _DEFAULT_SOURCE
#include "compat.h"
#include <malloc.h>
#include <pthread.h>
#include <sodium.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include "key-store.h"
#include "nvs-linux.h"

#define kStackBytes (512 * 1024)
#define kKeyBytes 32
// So many bytes of a key in a row are not there by chance.
#define kTraceBytes 12

#define check(condition) checkThat((condition), #condition, __LINE__)

static uint8_t gKey[kKeyBytes];
// As big numbers are held: the least byte first.
static uint8_t gReversed[kKeyBytes];
static bool gIsFoundInHeap = false;

static void checkThat(bool condition, const char *fact, int line)
{
	if (condition)
		return;
	fprintf(stderr, "wiping.c:%d: not so: %s\n", line, fact);
	abort();
}

// Reads what others have left, which the sanitizer would not let pass.
__attribute__((no_sanitize("address"))) static bool isSame(const volatile uint8_t *left,
	const uint8_t *right)
{
	for (int index = 0; index < kTraceBytes; index++) {
		if (left[index] != right[index])
			return false;
	}
	return true;
}

__attribute__((no_sanitize("address"))) static bool hasTrace(const volatile uint8_t *bytes,
	size_t length)
{
	for (size_t at = 0; at + kTraceBytes <= length; at++) {
		for (int part = 0; part + kTraceBytes <= kKeyBytes; part += 4) {
			if (isSame(bytes + at, gKey + part) || isSame(bytes + at, gReversed + part))
				return true;
		}
	}
	return false;
}

void __real_free(void *block);
void __wrap_free(void *block);

void __wrap_free(void *block)
{
	if (block && hasTrace(block, malloc_usable_size(block)))
		gIsFoundInHeap = true;
	__real_free(block);
}

// The random numbers of key generation: the key that is looked for.
static const char *implementationName(void)
{
	return "known";
}

static uint32_t number(void)
{
	return 4;
}

static void fill(void *bytes, size_t length)
{
	for (size_t index = 0; index < length; index++)
		((uint8_t *)bytes)[index] = gKey[index % kKeyBytes];
}

static struct randombytes_implementation gRandom = { .implementation_name = implementationName,
	.random = number, .buf = fill };

static void *generateEd25519(void *status)
{
	*(int *)status = keyStoreGenerate("ed", kKeyStoreEd25519);
	return NULL;
}

static void *generateP256(void *status)
{
	*(int *)status = keyStoreGenerate("p", kKeyStoreP256);
	return NULL;
}

static void *signEd25519(void *status)
{
	uint8_t signature[kKeyStoreSignatureBytes];
	*(int *)status = keyStoreSign("ed", (const uint8_t *)"message", 7, signature);
	return NULL;
}

static void *signP256(void *status)
{
	uint8_t signature[kKeyStoreSignatureBytes];
	*(int *)status = keyStoreSign("p", (const uint8_t *)"message", 7, signature);
	return NULL;
}

static void *readPublicKey(void *status)
{
	uint8_t publicKey[kKeyStorePublicKeyBytesMax];
	size_t length;
	*(int *)status = keyStorePublicKey("p", publicKey, &length);
	return NULL;
}

static void *request(void *status)
{
	uint8_t bytes[kKeyStoreRequestBytesMax];
	size_t length;
	*(int *)status = keyStoreRequest("p", "device", bytes, &length);
	return NULL;
}

static void *load(void *status)
{
	mbedtls_pk_context key;
	mbedtls_pk_init(&key);
	*(int *)status = keyStoreLoadForTLS("p", &key);
	mbedtls_pk_free(&key);
	return NULL;
}

// Leaves the key behind, so that the search is seen to find it.
static void *careless(void *status)
{
	volatile uint8_t copy[kKeyBytes];
	for (int index = 0; index < kKeyBytes; index++)
		copy[index] = gKey[index];
	*(int *)status = copy[0] == gKey[0] ? 0 : 1;
	return NULL;
}

typedef struct {
	void *(*use)(void *);
	uint8_t *stack;
	int status;
	bool isFound;
} Search;

// Below the frames of the search itself.
static void useDeeper(Search *search)
{
	volatile uint8_t room[4096];
	room[0] = 0;
	search->use(&search->status);
	room[sizeof(room) - 1] = room[0];
}

// On the stack that it searches: the system discards it when the thread ends.
static void *useAndSearch(void *search)
{
	useDeeper(search);
	((Search *)search)->isFound = hasTrace(((Search *)search)->stack, kStackBytes);
	return NULL;
}

// Whether the stack holds a trace of the key after `use`.
static bool leavesTrace(void *(*use)(void *))
{
	pthread_attr_t attributes;
	pthread_t thread;
	Search search = { .use = use, .status = -1 };
	search.stack = mmap(NULL, kStackBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		0);
	check(search.stack != MAP_FAILED && pthread_attr_init(&attributes) == 0);
	check(pthread_attr_setstack(&attributes, search.stack, kStackBytes) == 0);
	check(pthread_create(&thread, &attributes, useAndSearch, &search) == 0);
	check(pthread_join(thread, NULL) == 0 && search.status == 0);
	munmap(search.stack, kStackBytes);
	pthread_attr_destroy(&attributes);
	return search.isFound;
}

int main(int count, char *arguments[])
{
	static const struct {
		const char *name;
		void *(*use)(void *);
	} uses[] = { { "generate Ed25519", generateEd25519 }, { "sign Ed25519", signEd25519 },
		{ "generate P-256", generateP256 }, { "sign P-256", signP256 },
		{ "public key", readPublicKey }, { "request", request }, { "load for TLS", load } };
	char file[512];
	check(count == 2);
	for (int index = 0; index < kKeyBytes; index++) {
		gKey[index] = (uint8_t)(0x31 + index * 5);
		gReversed[kKeyBytes - 1 - index] = gKey[index];
	}
	randombytes_set_implementation(&gRandom);
	snprintf(file, sizeof(file), "%s/key-value.nvs", arguments[1]);
	check(nvsLinuxStart(&(NvsLinuxOptions){ file, 0x10000, true }) == ESP_OK);
	check(keyStoreStart() == 0);
	check(leavesTrace(careless));
	volatile uint8_t *block = malloc(kKeyBytes);
	for (int index = 0; index < kKeyBytes; index++)
		block[index] = gReversed[index];
	free((void *)block);
	check(gIsFoundInHeap);
	for (size_t index = 0; index < sizeof(uses) / sizeof(uses[0]); index++) {
		gIsFoundInHeap = false;
		if (leavesTrace(uses[index].use))
			printf("%s: the key is on the stack\n", uses[index].name);
		if (gIsFoundInHeap)
			printf("%s: the key is in the heap\n", uses[index].name);
	}
	nvsLinuxStop();
	return 0;
}

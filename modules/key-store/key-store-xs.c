// The key store port on key-store.c: names and messages in, public keys and signatures out.

#include "binding.h"
#include "key-store.h"

#include <stdlib.h>

static void throwIf(xsMachine *the, int status)
{
	switch (status) {
	case 0:
		return;
	case kKeyStoreNoKey:
		xsRangeError("name: no such key");
		return;
	case kKeyStoreWrongAlgorithm:
		xsTypeError("name: not a P-256 key");
		return;
	case kKeyStoreBadName:
		xsRangeError("name: not 1 to 15 characters of ASCII");
		return;
	case kKeyStoreBadCommonName:
		xsRangeError("commonName: not a device id");
		return;
	case kKeyStoreTooMany:
		xsRangeError("too many keys");
		return;
	case kKeyStoreFull:
		bindingThrow(the, "storage-full");
		return;
	case kKeyStoreWorn:
		bindingThrow(the, "storage-worn");
		return;
	case kKeyStoreUnreadable:
		bindingThrow(the, "storage-unreadable");
		return;
	default:
		xsUnknownError("key store: %s", status == kKeyStoreNoMemory ? "no memory" : "failed");
	}
}

// The host data is a mark that the store is open: keys live in key-store.c alone.
void xs_key_store_destructor(void *data)
{
	free(data);
}

static void checkReceiver(xsMachine *the)
{
	if (!xsmcGetHostDataValidate(xsThis, (void *)xs_key_store_destructor))
		xsUnknownError("key store: closed");
}

static void nameArgument(xsMachine *the, char name[kBindingNameBytes])
{
	if (xsmcArgc < 1)
		xsTypeError("name: missing");
	bindingName(the, &xsArg(0), "name", name);
}

void xs_key_store_constructor(xsMachine *the)
{
	throwIf(the, keyStoreStart());
	void *mark = calloc(1, 1);
	if (!mark)
		throwIf(the, kKeyStoreNoMemory);
	xsmcSetHostData(xsThis, mark);
}

void xs_key_store_close(xsMachine *the)
{
	void *mark = xsmcGetHostDataValidate(xsThis, (void *)xs_key_store_destructor);
	xsmcSetHostData(xsThis, NULL);
	free(mark);
}

void xs_key_store_generate(xsMachine *the)
{
	char name[kBindingNameBytes];
	char algorithm[kBindingNameBytes];
	checkReceiver(the);
	nameArgument(the, name);
	if (xsmcArgc < 2)
		xsTypeError("algorithm: missing");
	bindingName(the, &xsArg(1), "algorithm", algorithm);
	if (!strcmp(algorithm, "Ed25519"))
		throwIf(the, keyStoreGenerate(name, kKeyStoreEd25519));
	else if (!strcmp(algorithm, "P-256"))
		throwIf(the, keyStoreGenerate(name, kKeyStoreP256));
	else
		xsTypeError("algorithm: unknown");
}

void xs_key_store_public_key(xsMachine *the)
{
	char name[kBindingNameBytes];
	uint8_t publicKey[kKeyStorePublicKeyBytesMax];
	size_t length;
	checkReceiver(the);
	nameArgument(the, name);
	int status = keyStorePublicKey(name, publicKey, &length);
	if (status == kKeyStoreNoKey)
		return;
	throwIf(the, status);
	xsmcSetArrayBuffer(xsResult, publicKey, (xsIntegerValue)length);
}

void xs_key_store_sign(xsMachine *the)
{
	char name[kBindingNameBytes];
	uint8_t signature[kKeyStoreSignatureBytes];
	size_t length;
	checkReceiver(the);
	nameArgument(the, name);
	if (xsmcArgc < 2)
		xsTypeError("message: missing");
	const uint8_t *message = bindingBytes(the, &xsArg(1), "message", &length);
	throwIf(the, keyStoreSign(name, message, length, signature));
	xsmcSetArrayBuffer(xsResult, signature, sizeof(signature));
}

void xs_key_store_certificate_request(xsMachine *the)
{
	char name[kBindingNameBytes];
	char commonName[kKeyStoreCommonNameMax + 1];
	uint8_t request[kKeyStoreRequestBytesMax];
	size_t length;
	checkReceiver(the);
	nameArgument(the, name);
	if (xsmcArgc < 2)
		xsTypeError("commonName: missing");
	bindingText(the, &xsArg(1), "commonName", commonName, sizeof(commonName));
	throwIf(the, keyStoreRequest(name, commonName, request, &length));
	xsmcSetArrayBuffer(xsResult, request, (xsIntegerValue)length);
}

void xs_key_store_erase(xsMachine *the)
{
	char name[kBindingNameBytes];
	checkReceiver(the);
	nameArgument(the, name);
	throwIf(the, keyStoreErase(name));
}

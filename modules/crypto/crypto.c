// The crypto port on libsodium. It has public operations only: no secret is among its arguments.

#include "binding.h"
#include <sodium.h>

static const uint8_t *argument(xsMachine *the, int index, const char *what, size_t *length)
{
	if (xsmcArgc <= index)
		xsTypeError("%s: missing", what);
	return bindingBytes(the, &xsArg(index), what, length);
}

static void start(xsMachine *the)
{
	if (sodium_init() < 0)
		xsUnknownError("crypto: cannot start");
}

void xs_crypto_sha256(xsMachine *the)
{
	uint8_t sum[crypto_hash_sha256_BYTES];
	size_t length;
	start(the);
	const uint8_t *bytes = argument(the, 0, "bytes", &length);
	crypto_hash_sha256(sum, bytes, length);
	xsmcSetArrayBuffer(xsResult, sum, sizeof(sum));
}

void xs_crypto_ed25519_verify(xsMachine *the)
{
	size_t keyLength, messageLength, signatureLength;
	start(the);
	// Nothing between these allocates, so none of them moves.
	const uint8_t *key = argument(the, 0, "publicKey", &keyLength);
	const uint8_t *message = argument(the, 1, "message", &messageLength);
	const uint8_t *signature = argument(the, 2, "signature", &signatureLength);
	bool isVerified = keyLength == crypto_sign_PUBLICKEYBYTES &&
		signatureLength == crypto_sign_BYTES &&
		crypto_sign_verify_detached(signature, message, messageLength, key) == 0;
	xsmcSetBoolean(xsResult, isVerified);
}

void xs_crypto_constant_time_equal(xsMachine *the)
{
	size_t leftLength, rightLength;
	start(the);
	const uint8_t *left = argument(the, 0, "left", &leftLength);
	const uint8_t *right = argument(the, 1, "right", &rightLength);
	bool isEqual = leftLength == rightLength && sodium_memcmp(left, right, leftLength) == 0;
	xsmcSetBoolean(xsResult, isEqual);
}

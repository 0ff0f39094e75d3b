// Entropy on Linux: getrandom(2), which blocks only before the kernel has gathered enough.
#include <errno.h>
#include <stdint.h>
#include <sys/random.h>
#include "xsmc.h"

void xs_entropy_destructor(void *data);
static const xsHostHooks kEntropyHooks = { xs_entropy_destructor, NULL, NULL };
static uint8_t gEntropy;

// 0, or −1 when the kernel gives none.
static int fill(uint8_t *bytes, size_t length)
{
	size_t at = 0;
	while (at < length) {
		ssize_t count = getrandom(bytes + at, length - at, 0);
		if (count < 0 && errno != EINTR)
			return -1;
		if (count > 0)
			at += (size_t)count;
	}
	return 0;
}

void xs_entropy_destructor(void *data)
{
	(void)data;
}

void xs_entropy_constructor(xsMachine *the)
{
	xsmcSetHostData(xsThis, &gEntropy);
	xsSetHostHooks(xsThis, (xsHostHooks *)&kEntropyHooks);
}

void xs_entropy_fill(xsMachine *the)
{
	void *bytes;
	xsUnsignedValue length;
	xsmcGetHostDataValidate(xsThis, (void *)&kEntropyHooks);
	if (xsmcArgc < 1 || xsmcTypeOf(xsArg(0)) != xsReferenceType)
		xsTypeError("bytes: not a Uint8Array");
	// An object of another class would be asked for its length, and believed.
	if (xsmcGetBufferWritable(xsArg(0), &bytes, &length) != xsBufferRelocatable)
		xsTypeError("bytes: not a Uint8Array");
	if (fill(bytes, length) != 0)
		xsUnknownError("entropy: none");
}

// The entropy port on the chip: its generator, while entropy-source-esp32.c has it fed with noise.

#include "binding.h"
#include "entropy-source.h"
#include "esp_random.h"

void xs_entropy_destructor(void *data);
static const xsHostHooks kEntropyHooks = { xs_entropy_destructor, NULL, NULL };
static uint8_t gEntropy;

void xs_entropy_destructor(void *data)
{
	(void)data;
}

void xs_entropy_constructor(xsMachine *the)
{
	entropySourceStart();
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
	esp_fill_random(bytes, length);
}

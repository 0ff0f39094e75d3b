// Entropy on the chip: its generator, while the radio or the analogue converter feeds it with noise.
// Without either its numbers would be predictable by whoever knows enough of them.

#include "binding.h"
#include "entropy-source.h"
#include "bootloader_random.h"
#include "esp_random.h"

void xs_entropy_destructor(void *data);
static const xsHostHooks kEntropyHooks = { xs_entropy_destructor, NULL, NULL };
static uint8_t gEntropy;

// All of this is called in the task of the engine alone.
static bool gIsWanted = false;
static bool gIsRadioOn = false;
static bool gIsConverterOn = false;

static void update(void)
{
	bool isNeeded = gIsWanted && !gIsRadioOn;
	if (isNeeded == gIsConverterOn)
		return;
	gIsConverterOn = isNeeded;
	if (isNeeded)
		bootloader_random_enable();
	else
		bootloader_random_disable();
}

void entropySourceStart(void)
{
	gIsWanted = true;
	update();
}

void entropySourceRadio(bool isOn)
{
	gIsRadioOn = isOn;
	update();
}

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

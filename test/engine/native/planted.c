// Native code with faults planted in it, loaded into the XS host by tests that must notice them.

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "xsmc.h"

#define kPlantedBytes 64

// Believes what an argument says of its length, as a binding must never do.
void xs_planted_copy(xsMachine *the)
{
	xsmcVars(1);
	xsmcGet(xsVar(0), xsArg(0), xsID("byteLength"));
	size_t length = (size_t)xsmcToInteger(xsVar(0));
	uint8_t *bytes = malloc(kPlantedBytes);
	if (!bytes)
		return;
	memset(bytes, 0xa5, length);
	free(bytes);
}

// Writes where nothing is.
void xs_planted_fault(xsMachine *the)
{
	(void)the;
	*(volatile int *)(uintptr_t)8 = 1;
}

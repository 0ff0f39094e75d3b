// Lines on standard output, for the reports of the device.

#include <stdio.h>
#include "xsmc.h"

void xs_simulator_print(xsMachine *the)
{
	if (xsmcArgc < 1)
		xsTypeError("line: missing");
	puts(xsmcToString(xsArg(0)));
	fflush(stdout);
}

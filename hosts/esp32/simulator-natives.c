// What the SDK's simulator has in place of a chip: lines on standard output for the reports of the
// device, and a restart when the engine gives up.

#include <stdio.h>
#include "xsmc.h"
#include "reset.h"

void xs_simulator_print(xsMachine *the)
{
	if (xsmcArgc < 1)
		xsTypeError("line: missing");
	puts(xsmcToString(xsArg(0)));
	fflush(stdout);
}

void xs_simulator_abort(xsMachine *the)
{
	if (xsmcArgc < 1)
		xsTypeError("reason: missing");
	resetAbort(xsmcToString(xsArg(0)));
}

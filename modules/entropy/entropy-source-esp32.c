// See entropy-source.h. Without the radio or the analogue converter to feed it with noise, the
// chip's generator could be predicted by whoever knows enough of its numbers.

#include "entropy-source.h"

#include "bootloader_random.h"

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

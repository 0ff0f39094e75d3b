// mc.defines.h, which the SDK's mcconfig writes from the "defines" of manifests: a board without
// any.

#ifndef HOLDFAST_SDK_MC_DEFINES_H
#define HOLDFAST_SDK_MC_DEFINES_H

#if defined(HOLDFAST_BOARD_WITH_ALL)
	#define MODDEF_SYSTEM_BUILDTIME 1767225600
	#define MODDEF_SYSTEM_IDENTIFYPIN 2
	#define MODDEF_USBSERIAL_UART 0
#endif

#endif

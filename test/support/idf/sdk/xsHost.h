// xsHost.h, Moddable SDK 8.2.3, xs/platforms/esp: the chip's C is written without what it declares.

#ifndef HOLDFAST_SDK_XSHOST_H
#define HOLDFAST_SDK_XSHOST_H

#include <stdlib.h>
#include <string.h>

#endif

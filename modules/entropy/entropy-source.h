// Where the chip's random numbers come from. They are true only while the radio is on, or else the
// noise of the analogue converter is mixed in; everything that makes keys sees to it that one of
// the two is. On Linux the kernel does, and these functions do nothing.

#ifndef ENTROPY_SOURCE_H
#define ENTROPY_SOURCE_H

#include <stdbool.h>

#if defined(ESP_PLATFORM) || defined(ESP32)
// From now on random numbers are true. Idempotent; the analogue converter is taken unless the radio
// is on.
void entropySourceStart(void);
// By whoever switches the radio, before it goes on and after it has gone off. The same for a sensor
// that needs the analogue converter, for as long as it does: meanwhile only the radio helps.
void entropySourceRadio(bool isOn);
#else
static inline void entropySourceStart(void)
{
}
#endif

#endif

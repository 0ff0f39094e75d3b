// When an image was built, from what the compiler noted in it. Knows nothing of XS and of the chip.

#ifndef SYSTEM_BUILD_TIME_H
#define SYSTEM_BUILD_TIME_H

#include <stdint.h>

// Unix seconds of a day like "Mar  8 2026", less one day: nobody says in which zone it was, and as
// the first step of the time ladder it may be early, never late. 0 for anything else.
int64_t systemBuildTime(const char *date);

#endif

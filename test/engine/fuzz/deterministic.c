// Chance and time for a fuzzer: the same sequence for every session, so that a server's recorded
// answer fits the client that is made anew for each input, and the input goes as deep as the record
// did. Linked with -Wl,--wrap=getrandom,--wrap=time.

#include "deterministic.h"

#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#define kFixedTime 1760000000

static uint64_t gState;

ssize_t __wrap_getrandom(void *bytes, size_t length, unsigned int flags);
time_t __wrap_time(time_t *place);

void deterministicStart(void)
{
	gState = 0x9E3779B97F4A7C15;
}

// splitmix64
ssize_t __wrap_getrandom(void *bytes, size_t length, unsigned int flags)
{
	uint8_t *next = bytes;
	(void)flags;
	for (size_t index = 0; index < length; index++) {
		uint64_t mixed = gState += 0x9E3779B97F4A7C15;
		mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9;
		mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EB;
		next[index] = (uint8_t)(mixed ^ (mixed >> 31));
	}
	return (ssize_t)length;
}

time_t __wrap_time(time_t *place)
{
	if (place != NULL)
		*place = kFixedTime;
	return kFixedTime;
}

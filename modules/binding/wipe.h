// Overwrites secrets with zeros, in a way that no compiler may leave out, for modules that have no
// cryptographic library below them.

#ifndef WIPE_H
#define WIPE_H

#include <stddef.h>
#include <stdint.h>

static inline void wipe(void *memory, size_t length)
{
	volatile uint8_t *bytes = memory;
	while (length > 0)
		bytes[--length] = 0;
}

#endif

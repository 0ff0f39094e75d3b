// The two halves of the chip that is played.

#ifndef BOARD_H
#define BOARD_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>
#include "xsmc.h"

// The chip was used as no chip may be. An abort would only be the next life of the XS host.
static inline __attribute__((noreturn)) void boardFail(const char *what)
{
	fprintf(stderr, "the chip that is played: %s\n", what);
	_exit(70);
}

// Above zero: the analogue converter is on.
extern int gBoardConverter;

// False for what is not about the network.
bool boardNetworkSet(const char *what, uint32_t number);
// Its part of the object that is the result.
void boardNetworkSee(xsMachine *the);
// A property of that object, by way of the first variable.
void boardNumber(xsMachine *the, const char *name, double value);

#endif

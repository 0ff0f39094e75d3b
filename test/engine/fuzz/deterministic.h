// See deterministic.c.

#ifndef DETERMINISTIC_H
#define DETERMINISTIC_H

#include <stddef.h>

// Begins the sequence again. Before each session.
void deterministicStart(void);

#endif

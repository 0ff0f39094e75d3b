// How the programs of this folder say what is wrong.

#ifndef FACTS_H
#define FACTS_H

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#define check(condition) checkThat((condition), #condition, __FILE__, __LINE__)

static inline void checkThat(bool condition, const char *fact, const char *file, int line)
{
	if (condition)
		return;
	fprintf(stderr, "%s:%d: not so: %s\n", file, line, fact);
	abort();
}

#endif

// What the command line of the probe asks for.

#ifndef PROBE_REQUEST_H
#define PROBE_REQUEST_H

#include <stdbool.h>
#include <stddef.h>

#define kFilesMax 8

typedef struct {
	const char *name;
	const char *send;
	const char *key;
	const char *record;
	const char *authorities[kFilesMax], *certificates[kFilesMax];
	const char *pins[kFilesMax], *protocols[kFilesMax];
	size_t authorityCount, certificateCount, pinCount, protocolCount;
	long port, time, floor, fragment, wait, chunk, connections, starve;
} Request;

// `first` is the first connection, `later` all others. Complains and returns false when it does not
// understand.
bool parseRequests(int count, char **arguments, Request *first, Request *later);

#endif

// What the command line of the probe asks for.

#ifndef PROBE_REQUEST_H
#define PROBE_REQUEST_H

#include <stdbool.h>
#include <stddef.h>

#define kFilesMax 8
#define kRequestsMax 3

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

// One for each connection; the last is for all others too. Returns how many there are; 0, with a
// complaint, when it does not understand.
size_t parseRequests(int count, char **arguments, Request requests[kRequestsMax]);

#endif

// Which values nvs-log.c holds and where. A namespace is an entry whose key is empty.

#ifndef NVS_INDEX_H
#define NVS_INDEX_H

#include "nvs-linux.h"

typedef struct {
	char space[NVS_NS_NAME_MAX_SIZE];
	char key[NVS_KEY_NAME_MAX_SIZE];
	uint32_t length;
	// Of the value: its sum, and its place in the file.
	uint32_t sum;
	uint32_t offset;
} NvsIndexEntry;

typedef struct {
	NvsIndexEntry *entries;
	uint32_t count;
	// In NVS's entries of 32 bytes.
	uint32_t unitsMax;
	uint32_t unitsUsed;
} NvsIndex;

// Of a partition of this many bytes. No memory: false.
bool nvsIndexMake(NvsIndex *index, uint32_t partitionBytes);
void nvsIndexFree(NvsIndex *index);

// NULL where there is none.
NvsIndexEntry *nvsIndexFind(const NvsIndex *index, const char *space, const char *key);
// There is room for one more value, while the old one is still there.
bool nvsIndexHasRoom(const NvsIndex *index, const NvsIndexEntry *entry);
// In place of an older one of its name. False when there is no room.
bool nvsIndexPut(NvsIndex *index, const NvsIndexEntry *entry);
void nvsIndexRemove(NvsIndex *index, NvsIndexEntry *entry);

#endif

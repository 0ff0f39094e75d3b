// The index in memory, with the room that NVS would have.

#include <stdlib.h>
#include <string.h>
#include "nvs-index.h"

// Of NVS: units of 32 bytes, 126 to a page of 4096, one page kept free.
#define kNvsIndexUnitBytes 32
#define kNvsIndexPageBytes 4096
#define kNvsIndexPageUnits 126

static uint32_t unitsOf(const NvsIndexEntry *entry)
{
	// A blob costs an index entry, a chunk header and its bytes.
	uint32_t units = (entry->length + kNvsIndexUnitBytes - 1) / kNvsIndexUnitBytes;
	return entry->key[0] ? 2 + units : 1;
}

bool nvsIndexMake(NvsIndex *index, uint32_t partitionBytes)
{
	uint32_t pages = partitionBytes / kNvsIndexPageBytes;
	*index = (NvsIndex){ .unitsMax = (pages - 1) * kNvsIndexPageUnits };
	index->entries = calloc(index->unitsMax, sizeof(NvsIndexEntry));
	return index->entries != NULL;
}

void nvsIndexFree(NvsIndex *index)
{
	free(index->entries);
	*index = (NvsIndex){ .entries = NULL };
}

NvsIndexEntry *nvsIndexFind(const NvsIndex *index, const char *space, const char *key)
{
	for (uint32_t at = 0; at < index->count; at++) {
		NvsIndexEntry *entry = &index->entries[at];
		if (!strcmp(entry->key, key) && !strcmp(entry->space, space))
			return entry;
	}
	return NULL;
}

bool nvsIndexHasRoom(const NvsIndex *index, const NvsIndexEntry *entry)
{
	return index->unitsUsed + unitsOf(entry) <= index->unitsMax;
}

bool nvsIndexPut(NvsIndex *index, const NvsIndexEntry *entry)
{
	NvsIndexEntry *old = nvsIndexFind(index, entry->space, entry->key);
	if (old)
		nvsIndexRemove(index, old);
	if (!nvsIndexHasRoom(index, entry))
		return false;
	index->entries[index->count++] = *entry;
	index->unitsUsed += unitsOf(entry);
	return true;
}

void nvsIndexRemove(NvsIndex *index, NvsIndexEntry *entry)
{
	index->unitsUsed -= unitsOf(entry);
	*entry = index->entries[--index->count];
}

// Raw NOR flash, by partition. Knows nothing of XS. A unit of 32 bytes is programmed at most once
// between erases. Functions return 0 or one of the statuses below.

#ifndef FLASH_PARTITION_H
#define FLASH_PARTITION_H

#include <stdbool.h>
#include <stdint.h>

#define kFlashPartitionBlockBytes 4096
#define kFlashPartitionUnitBytes 32
#define kFlashPartitionErased 0xff
#define kFlashPartitionLabelMax 15

enum {
	kFlashPartitionMissing = -1,    // no partition has this label
	kFlashPartitionRange = -2,      // not inside the partition
	kFlashPartitionAlignment = -3,  // not whole units
	kFlashPartitionProgrammed = -4, // a unit would be programmed twice
	kFlashPartitionNoMemory = -5,
	kFlashPartitionUnreadable = -6,
	kFlashPartitionWorn = -7        // a program or an erase failed
};

typedef struct FlashPartitionRecord FlashPartitionRecord;
typedef FlashPartitionRecord *FlashPartition;

// On success `*partition` is closed by the caller.
int flashPartitionOpen(const char *label, bool isReadOnly, FlashPartition *partition);
void flashPartitionClose(FlashPartition partition);

uint32_t flashPartitionBytes(FlashPartition partition);
int flashPartitionRead(FlashPartition partition, uint32_t offset, uint8_t *bytes, uint32_t length);
int flashPartitionWrite(FlashPartition partition, uint32_t offset, const uint8_t *bytes,
	uint32_t length);
// The blocks from `start` up to `end`, which is not included.
int flashPartitionErase(FlashPartition partition, uint32_t start, uint32_t end);

#endif

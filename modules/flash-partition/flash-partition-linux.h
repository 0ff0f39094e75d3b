// The partitions of the Linux host: files of a folder, made blank when they are first opened.

#ifndef FLASH_PARTITION_LINUX_H
#define FLASH_PARTITION_LINUX_H

#include "flash-partition.h"

typedef struct {
	// Holds LABEL.flash for each partition; it is there.
	const char *folder;
	// Without it durability is left to the operating system: it survives a killed process, not a
	// power cut.
	bool isSynced;
} FlashPartitionLinuxOptions;

// Once; forgets all partitions. A program that does not call this gets, with the first one that it
// opens, "outbox" and "log" in HOLDFAST_STATE/flash, of HOLDFAST_FLASH_KIB (256) each, synced
// unless HOLDFAST_FLASH_SYNC is "none". False: the folder's name is too long.
bool flashPartitionLinuxStart(const FlashPartitionLinuxOptions *options);
// One line of the partition table. False: a wrong label or size, or the table is full.
bool flashPartitionLinuxAdd(const char *label, uint32_t bytes);

#endif

// Partitions of the chip's flash by their labels. An erased unit reads as 0xff also in an encrypted
// partition, where the hardware would show what 0xff decrypts to. What was programmed or erased is
// read back: flash that wears out says so nowhere else.

#include "flash-partition.h"

#include <stdlib.h>
#include <string.h>
#include "esp_err.h"
#include "esp_partition.h"

// Read back so much at a time: a multiple of the unit, on the stack.
#define kChunkBytes 256

struct FlashPartitionRecord {
	const esp_partition_t *partition;
	bool isReadOnly;
};

static bool isBlank(const uint8_t *bytes, uint32_t length)
{
	for (uint32_t index = 0; index < length; index++) {
		if (bytes[index] != kFlashPartitionErased)
			return false;
	}
	return true;
}

static bool isInside(FlashPartition partition, uint32_t offset, uint32_t length)
{
	return offset <= partition->partition->size && length <= partition->partition->size - offset;
}

int flashPartitionOpen(const char *label, bool isReadOnly, FlashPartition *partition)
{
	const esp_partition_t *found = esp_partition_find_first(ESP_PARTITION_TYPE_DATA,
		ESP_PARTITION_SUBTYPE_ANY, label);
	if (!found)
		return kFlashPartitionMissing;
	// Another size of block would make everything above misplace its blocks.
	if (found->erase_size != kFlashPartitionBlockBytes || found->size < kFlashPartitionBlockBytes ||
		found->size % kFlashPartitionBlockBytes)
		return kFlashPartitionUnreadable;
	FlashPartition opened = calloc(1, sizeof(*opened));
	if (!opened)
		return kFlashPartitionNoMemory;
	opened->partition = found;
	opened->isReadOnly = isReadOnly || found->readonly;
	*partition = opened;
	return 0;
}

void flashPartitionClose(FlashPartition partition)
{
	free(partition);
}

uint32_t flashPartitionBytes(FlashPartition partition)
{
	return partition->partition->size;
}

// ---------------------------------------------------------------- reading

// Part of `chunk`, which begins at `start` in flash, goes to the part of `bytes` that it overlaps:
// 0xff for units that are erased.
static void showErased(const uint8_t *chunk, uint32_t start, uint32_t chunkBytes, uint8_t *bytes,
	uint32_t offset, uint32_t length)
{
	for (uint32_t unit = 0; unit < chunkBytes; unit += kFlashPartitionUnitBytes) {
		if (!isBlank(chunk + unit, kFlashPartitionUnitBytes))
			continue;
		uint32_t from = start + unit > offset ? start + unit : offset;
		uint32_t to = start + unit + kFlashPartitionUnitBytes;
		if (to > offset + length)
			to = offset + length;
		if (from < to)
			memset(bytes + (from - offset), kFlashPartitionErased, to - from);
	}
}

int flashPartitionRead(FlashPartition partition, uint32_t offset, uint8_t *bytes, uint32_t length)
{
	uint8_t chunk[kChunkBytes];
	if (!isInside(partition, offset, length))
		return kFlashPartitionRange;
	if (length == 0)
		return 0;
	if (esp_partition_read(partition->partition, offset, bytes, length) != ESP_OK)
		return kFlashPartitionUnreadable;
	if (!partition->partition->encrypted)
		return 0;
	uint32_t end = offset + length;
	for (uint32_t at = offset - offset % kFlashPartitionUnitBytes; at < end; at += kChunkBytes) {
		uint32_t count = partition->partition->size - at;
		if (count > kChunkBytes)
			count = kChunkBytes;
		if (esp_partition_read_raw(partition->partition, at, chunk, count) != ESP_OK)
			return kFlashPartitionUnreadable;
		showErased(chunk, at, count, bytes, offset, length);
	}
	return 0;
}

// ---------------------------------------------------------------- programming

// 0 when the flash from `offset` on is `bytes` (for `bytes` NULL: erased), else `failure`.
static int compare(FlashPartition partition, uint32_t offset, const uint8_t *bytes,
	uint32_t length, int failure)
{
	uint8_t chunk[kChunkBytes];
	for (uint32_t at = 0; at < length; at += kChunkBytes) {
		uint32_t count = length - at < kChunkBytes ? length - at : kChunkBytes;
		const esp_partition_t *flash = partition->partition;
		esp_err_t error = bytes ? esp_partition_read(flash, offset + at, chunk, count) :
			esp_partition_read_raw(flash, offset + at, chunk, count);
		if (error != ESP_OK)
			return kFlashPartitionUnreadable;
		if (bytes ? memcmp(chunk, bytes + at, count) != 0 : !isBlank(chunk, count))
			return failure;
	}
	return 0;
}

int flashPartitionWrite(FlashPartition partition, uint32_t offset, const uint8_t *bytes,
	uint32_t length)
{
	if (!isInside(partition, offset, length))
		return kFlashPartitionRange;
	if (offset % kFlashPartitionUnitBytes || length % kFlashPartitionUnitBytes)
		return kFlashPartitionAlignment;
	if (length == 0)
		return 0;
	if (partition->isReadOnly)
		return kFlashPartitionWorn;
	int status = compare(partition, offset, NULL, length, kFlashPartitionProgrammed);
	if (status != 0)
		return status;
	if (esp_partition_write(partition->partition, offset, bytes, length) != ESP_OK)
		return kFlashPartitionWorn;
	return compare(partition, offset, bytes, length, kFlashPartitionWorn);
}

int flashPartitionErase(FlashPartition partition, uint32_t start, uint32_t end)
{
	uint32_t blocks = partition->partition->size / kFlashPartitionBlockBytes;
	if (start >= end || end > blocks)
		return kFlashPartitionRange;
	if (partition->isReadOnly)
		return kFlashPartitionWorn;
	uint32_t offset = start * kFlashPartitionBlockBytes;
	uint32_t length = (end - start) * kFlashPartitionBlockBytes;
	if (esp_partition_erase_range(partition->partition, offset, length) != ESP_OK)
		return kFlashPartitionWorn;
	return compare(partition, offset, NULL, length, kFlashPartitionWorn);
}

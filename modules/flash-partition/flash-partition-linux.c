// Flash as files, written in place. What NOR forbids is refused here.

#define _DEFAULT_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "flash-partition-linux.h"

#define kFlashPartitionPathMax 1024
#define kFlashPartitionsMax 8
// Of each partition, where nobody says otherwise.
#define kFlashPartitionKib 256

struct FlashPartitionRecord {
	int file;
	bool isSynced;
	uint32_t bytes;
};

typedef struct {
	char label[kFlashPartitionLabelMax + 1];
	uint32_t bytes;
} FlashPartitionLine;

static struct {
	char folder[kFlashPartitionPathMax];
	bool isSynced;
	uint32_t count;
	FlashPartitionLine lines[kFlashPartitionsMax];
} gTable;

bool flashPartitionLinuxStart(const FlashPartitionLinuxOptions *options)
{
	gTable.count = 0;
	gTable.isSynced = options->isSynced;
	int length = snprintf(gTable.folder, sizeof(gTable.folder), "%s", options->folder);
	return length >= 0 && (size_t)length < sizeof(gTable.folder);
}

bool flashPartitionLinuxAdd(const char *label, uint32_t bytes)
{
	size_t length = strlen(label);
	bool isLabel = length > 0 && length <= kFlashPartitionLabelMax && !strchr(label, '/');
	bool isSize = bytes > 0 && bytes % kFlashPartitionBlockBytes == 0 && bytes <= INT32_MAX;
	if (!isLabel || !isSize || gTable.count == kFlashPartitionsMax)
		return false;
	FlashPartitionLine *line = &gTable.lines[gTable.count++];
	memcpy(line->label, label, length + 1);
	line->bytes = bytes;
	return true;
}

// As the host's variables say, for a program that did not make its table itself.
static bool startByEnvironment(void)
{
	char folder[kFlashPartitionPathMax];
	const char *state = getenv("HOLDFAST_STATE");
	const char *sync = getenv("HOLDFAST_FLASH_SYNC");
	const char *size = getenv("HOLDFAST_FLASH_KIB");
	if (!state)
		return false;
	snprintf(folder, sizeof(folder), "%s/flash", state);
	if (mkdir(folder, 0700) != 0 && errno != EEXIST)
		return false;
	FlashPartitionLinuxOptions options = { folder, !sync || strcmp(sync, "none") };
	uint32_t bytes = (size ? (uint32_t)strtoul(size, NULL, 10) : kFlashPartitionKib) * 1024;
	return flashPartitionLinuxStart(&options) && flashPartitionLinuxAdd("outbox", bytes) &&
		flashPartitionLinuxAdd("log", bytes);
}

// ---------------------------------------------------------------- the image

static int writeAll(int file, const uint8_t *bytes, uint32_t length, uint32_t offset)
{
	while (length > 0) {
		ssize_t count = pwrite(file, bytes, length, (off_t)offset);
		if (count < 0 && errno == EINTR)
			continue;
		if (count <= 0)
			return kFlashPartitionWorn;
		bytes += count;
		length -= (uint32_t)count;
		offset += (uint32_t)count;
	}
	return 0;
}

static int readAll(int file, uint8_t *bytes, uint32_t length, uint32_t offset)
{
	while (length > 0) {
		ssize_t count = pread(file, bytes, length, (off_t)offset);
		if (count < 0 && errno == EINTR)
			continue;
		if (count <= 0)
			return kFlashPartitionUnreadable;
		bytes += count;
		length -= (uint32_t)count;
		offset += (uint32_t)count;
	}
	return 0;
}

static int eraseAll(int file, uint32_t start, uint32_t end)
{
	uint8_t block[kFlashPartitionBlockBytes];
	int status = 0;
	memset(block, kFlashPartitionErased, sizeof(block));
	for (uint32_t at = start; status == 0 && at < end; at++)
		status = writeAll(file, block, sizeof(block), at * kFlashPartitionBlockBytes);
	return status;
}

// A new partition is blank, and appears whole or not at all.
static int make(const char *path, uint32_t bytes)
{
	char temporary[2 * kFlashPartitionPathMax];
	snprintf(temporary, sizeof(temporary), "%s.temporary", path);
	int file = open(temporary, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (file < 0)
		return kFlashPartitionUnreadable;
	int status = eraseAll(file, 0, bytes / kFlashPartitionBlockBytes);
	if (status == 0 && gTable.isSynced && fsync(file) != 0)
		status = kFlashPartitionWorn;
	close(file);
	if (status == 0 && rename(temporary, path) != 0)
		status = kFlashPartitionUnreadable;
	return status;
}

static int syncFolder(void)
{
	int folder = open(gTable.folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (folder < 0)
		return kFlashPartitionUnreadable;
	int status = fsync(folder) == 0 ? 0 : kFlashPartitionWorn;
	close(folder);
	return status;
}

static const FlashPartitionLine *lineOf(const char *label)
{
	for (uint32_t index = 0; index < gTable.count; index++) {
		if (!strcmp(gTable.lines[index].label, label))
			return &gTable.lines[index];
	}
	return NULL;
}

// The file of the partition, or a status.
static int openImage(const FlashPartitionLine *line, bool isReadOnly)
{
	char path[kFlashPartitionPathMax + kFlashPartitionLabelMax + 8];
	snprintf(path, sizeof(path), "%s/%s.flash", gTable.folder, line->label);
	int status = access(path, F_OK) == 0 ? 0 : make(path, line->bytes);
	// Even when it was there: the life that made it may have been killed before this.
	if (status == 0 && gTable.isSynced)
		status = syncFolder();
	if (status != 0)
		return status;
	int file = open(path, (isReadOnly ? O_RDONLY : O_RDWR) | O_CLOEXEC);
	if (file < 0)
		return kFlashPartitionUnreadable;
	struct stat facts;
	if (fstat(file, &facts) == 0 && facts.st_size == (off_t)line->bytes)
		return file;
	close(file);
	return kFlashPartitionUnreadable;
}

int flashPartitionOpen(const char *label, bool isReadOnly, FlashPartition *partition)
{
	if (!gTable.folder[0] && !startByEnvironment())
		return kFlashPartitionUnreadable;
	const FlashPartitionLine *line = lineOf(label);
	if (!line)
		return kFlashPartitionMissing;
	FlashPartition record = malloc(sizeof(*record));
	if (!record)
		return kFlashPartitionNoMemory;
	record->file = openImage(line, isReadOnly);
	if (record->file < 0) {
		int status = record->file;
		free(record);
		return status;
	}
	record->bytes = line->bytes;
	record->isSynced = gTable.isSynced;
	*partition = record;
	return 0;
}

void flashPartitionClose(FlashPartition partition)
{
	close(partition->file);
	free(partition);
}

uint32_t flashPartitionBytes(FlashPartition partition)
{
	return partition->bytes;
}

// ---------------------------------------------------------------- what NOR can do

static int check(FlashPartition partition, uint32_t offset, uint32_t length)
{
	bool isInside = offset <= partition->bytes && length <= partition->bytes - offset;
	return isInside ? 0 : kFlashPartitionRange;
}

int flashPartitionRead(FlashPartition partition, uint32_t offset, uint8_t *bytes, uint32_t length)
{
	int status = check(partition, offset, length);
	return status == 0 ? readAll(partition->file, bytes, length, offset) : status;
}

// Every unit that would be programmed is erased.
static int checkBlank(FlashPartition partition, uint32_t offset, uint32_t length)
{
	uint8_t unit[kFlashPartitionUnitBytes];
	for (uint32_t at = offset; at < offset + length; at += kFlashPartitionUnitBytes) {
		int status = readAll(partition->file, unit, sizeof(unit), at);
		if (status != 0)
			return status;
		for (uint32_t index = 0; index < sizeof(unit); index++) {
			if (unit[index] != kFlashPartitionErased)
				return kFlashPartitionProgrammed;
		}
	}
	return 0;
}

static int settle(FlashPartition partition, int status)
{
	if (status == 0 && partition->isSynced && fdatasync(partition->file) != 0)
		status = kFlashPartitionWorn;
	return status;
}

int flashPartitionWrite(FlashPartition partition, uint32_t offset, const uint8_t *bytes,
	uint32_t length)
{
	int status = check(partition, offset, length);
	if (status == 0 && (offset % kFlashPartitionUnitBytes || length % kFlashPartitionUnitBytes))
		status = kFlashPartitionAlignment;
	if (status == 0)
		status = checkBlank(partition, offset, length);
	if (status == 0)
		status = writeAll(partition->file, bytes, length, offset);
	return settle(partition, status);
}

int flashPartitionErase(FlashPartition partition, uint32_t start, uint32_t end)
{
	if (start >= end || end > partition->bytes / kFlashPartitionBlockBytes)
		return kFlashPartitionRange;
	return settle(partition, eraseAll(partition->file, start, end));
}

// Uses of modules/flash-partition on Linux, by name: nor NAME FOLDER. Ends with 0, or says what is
// wrong and aborts.

#define _DEFAULT_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "flash-partition-linux.h"
#include "power.h"

#define kBlocks 4
#define kBytes (kBlocks * kFlashPartitionBlockBytes)
#define kUnit kFlashPartitionUnitBytes

#define check(condition) checkThat((condition), #condition, __LINE__)

static const char *gFolder;

static void checkThat(bool condition, const char *fact, int line)
{
	if (condition)
		return;
	fprintf(stderr, "nor.c:%d: not so: %s\n", line, fact);
	abort();
}

static FlashPartition opened(bool isReadOnly)
{
	FlashPartition partition = NULL;
	check(flashPartitionLinuxStart(&(FlashPartitionLinuxOptions){ gFolder, true }));
	check(flashPartitionLinuxAdd("outbox", kBytes));
	check(flashPartitionOpen("outbox", isReadOnly, &partition) == 0);
	return partition;
}

static bool isAll(FlashPartition partition, uint32_t offset, uint32_t length, uint8_t byte)
{
	uint8_t found[kFlashPartitionBlockBytes];
	check(length <= sizeof(found));
	check(flashPartitionRead(partition, offset, found, length) == 0);
	for (uint32_t index = 0; index < length; index++) {
		if (found[index] != byte)
			return false;
	}
	return true;
}

static void programming(void)
{
	uint8_t units[3 * kUnit];
	memset(units, 0x5a, sizeof(units));
	FlashPartition partition = opened(false);
	check(flashPartitionBytes(partition) == kBytes);
	check(isAll(partition, kBytes - 4096, 4096, 0xff));
	check(flashPartitionWrite(partition, kUnit, units, 2 * kUnit) == 0);
	check(isAll(partition, kUnit, 2 * kUnit, 0x5a) && isAll(partition, 0, kUnit, 0xff));
	// A unit that has bytes is not programmed again, even with the same; nor is its neighbour then.
	check(flashPartitionWrite(partition, kUnit, units, kUnit) == kFlashPartitionProgrammed);
	check(flashPartitionWrite(partition, 2 * kUnit, units, 2 * kUnit) == kFlashPartitionProgrammed);
	check(isAll(partition, 3 * kUnit, kUnit, 0xff));
	check(flashPartitionWrite(partition, kBytes - kUnit, units, kUnit) == 0);
	check(flashPartitionErase(partition, 0, 1) == 0);
	check(isAll(partition, 0, 4096, 0xff) && isAll(partition, kBytes - kUnit, kUnit, 0x5a));
	check(flashPartitionWrite(partition, kUnit, units, kUnit) == 0);
	flashPartitionClose(partition);
	partition = opened(true);
	check(isAll(partition, kUnit, kUnit, 0x5a));
	flashPartitionClose(partition);
}

static void bounds(void)
{
	uint8_t unit[kUnit] = { 0 };
	FlashPartition partition = opened(false);
	check(flashPartitionRead(partition, kBytes, unit, 0) == 0);
	check(flashPartitionRead(partition, kBytes, unit, 1) == kFlashPartitionRange);
	check(flashPartitionRead(partition, 1, unit, UINT32_MAX) == kFlashPartitionRange);
	check(flashPartitionRead(partition, UINT32_MAX, unit, 1) == kFlashPartitionRange);
	check(flashPartitionWrite(partition, kBytes, unit, kUnit) == kFlashPartitionRange);
	check(flashPartitionWrite(partition, kBytes, unit, 0) == 0);
	check(flashPartitionWrite(partition, 1, unit, kUnit) == kFlashPartitionAlignment);
	check(flashPartitionWrite(partition, 0, unit, kUnit - 1) == kFlashPartitionAlignment);
	check(flashPartitionErase(partition, 0, 0) == kFlashPartitionRange);
	check(flashPartitionErase(partition, 2, 1) == kFlashPartitionRange);
	check(flashPartitionErase(partition, 0, kBlocks + 1) == kFlashPartitionRange);
	check(flashPartitionErase(partition, UINT32_MAX, UINT32_MAX) == kFlashPartitionRange);
	check(flashPartitionErase(partition, 0, kBlocks) == 0);
	flashPartitionClose(partition);
}

static void table(void)
{
	FlashPartition partition;
	flashPartitionClose(opened(false));
	check(flashPartitionOpen("other", false, &partition) == kFlashPartitionMissing);
	check(!flashPartitionLinuxAdd("", 4096) && !flashPartitionLinuxAdd("0123456789abcdef", 4096));
	check(!flashPartitionLinuxAdd("a/b", 4096) && !flashPartitionLinuxAdd("a", 4095));
	check(!flashPartitionLinuxAdd("a", 0));
	// The file is there with another size.
	check(flashPartitionLinuxStart(&(FlashPartitionLinuxOptions){ gFolder, true }));
	check(flashPartitionLinuxAdd("outbox", 2 * kBytes));
	check(flashPartitionOpen("outbox", false, &partition) == kFlashPartitionUnreadable);
	check(flashPartitionLinuxStart(&(FlashPartitionLinuxOptions){ "/no/such/folder", true }));
	check(flashPartitionLinuxAdd("outbox", kBytes));
	check(flashPartitionOpen("outbox", false, &partition) == kFlashPartitionUnreadable);
	for (int index = 1; index < 8; index++)
		check(flashPartitionLinuxAdd("more", 4096));
	check(!flashPartitionLinuxAdd("more", 4096));
}

static void failing(void)
{
	uint8_t unit[kUnit] = { 0 };
	FlashPartition partition = opened(false);
	powerFail(kPowerWrite, EIO);
	check(flashPartitionErase(partition, 0, 1) == kFlashPartitionWorn);
	powerFail(kPowerSync, EIO);
	check(flashPartitionWrite(partition, 0, unit, kUnit) == kFlashPartitionWorn);
	powerFail(kPowerNone, 0);
	check(flashPartitionErase(partition, 0, 1) == 0);
	check(flashPartitionWrite(partition, 0, unit, kUnit) == 0);
	flashPartitionClose(partition);
}

int main(int count, char *arguments[])
{
	static const struct {
		const char *name;
		void (*run)(void);
	} uses[] = { { "programming", programming }, { "bounds", bounds }, { "table", table },
		{ "failing", failing } };
	check(count == 3);
	gFolder = arguments[2];
	for (size_t index = 0; index < sizeof(uses) / sizeof(uses[0]); index++) {
		if (!strcmp(uses[index].name, arguments[1])) {
			uses[index].run();
			return 0;
		}
	}
	fprintf(stderr, "no such use: %s\n", arguments[1]);
	return 2;
}

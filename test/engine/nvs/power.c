#define _DEFAULT_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "power.h"

#define kFilesMax 64

// What is on disk of one file.
typedef struct {
	ino_t inode;
	uint8_t *bytes;
	size_t length;
} OnDisk;

static const char *gPath;
static long gLeft = 0;
static PowerMode gMode;
static OnDisk gFiles[kFilesMax];
static int gFileCount = 0;
// The file that has the name `gPath` on disk; 0: none.
static ino_t gNamed = 0;
static PowerCall gFailing = kPowerNone;
static int gCode = 0;

ssize_t __real_pwrite(int file, const void *bytes, size_t length, off_t offset);
int __real_rename(const char *from, const char *to);
int __real_ftruncate(int file, off_t length);

static void check(bool condition, const char *fact)
{
	if (condition)
		return;
	fprintf(stderr, "power: %s\n", fact);
	abort();
}

static ino_t inodeOf(const char *path)
{
	struct stat facts;
	return stat(path, &facts) == 0 ? facts.st_ino : 0;
}

static OnDisk *diskOf(ino_t inode)
{
	for (int index = 0; index < gFileCount; index++) {
		if (gFiles[index].inode == inode)
			return &gFiles[index];
	}
	check(gFileCount < kFilesMax, "too many files");
	gFiles[gFileCount].inode = inode;
	return &gFiles[gFileCount++];
}

static void remember(int file)
{
	struct stat facts;
	check(fstat(file, &facts) == 0, "stat");
	if (S_ISDIR(facts.st_mode)) {
		gNamed = inodeOf(gPath);
		return;
	}
	OnDisk *disk = diskOf(facts.st_ino);
	free(disk->bytes);
	disk->length = (size_t)facts.st_size;
	disk->bytes = malloc(disk->length + 1);
	ssize_t count = pread(file, disk->bytes, disk->length, 0);
	check(count == (ssize_t)disk->length, "read");
}

void powerStart(const char *path, long count, PowerMode mode)
{
	gPath = path;
	gLeft = count;
	gMode = mode;
	gNamed = inodeOf(path);
	int file = open(path, O_RDONLY);
	if (file >= 0) {
		remember(file);
		close(file);
	}
}

void powerFail(PowerCall call, int code)
{
	gFailing = call;
	gCode = code;
}

static void leave(const uint8_t *bytes, size_t length)
{
	int file = open(gPath, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	check(file >= 0 && write(file, bytes, length) == (ssize_t)length, "write");
	close(file);
}

// What is not on disk is gone, or zeros.
static void lose(void)
{
	struct stat facts;
	bool isThere = stat(gPath, &facts) == 0;
	size_t length = isThere ? (size_t)facts.st_size : 0;
	unlink(gPath);
	if (!gNamed)
		return;
	OnDisk *disk = diskOf(gNamed);
	bool isSame = isThere && facts.st_ino == gNamed;
	bool isLonger = gMode == kPowerZeros && isSame && length > disk->length;
	if (!isLonger)
		length = disk->length;
	uint8_t *bytes = calloc(length + 1, 1);
	if (disk->length > 0)
		memcpy(bytes, disk->bytes, disk->length < length ? disk->length : length);
	leave(bytes, length);
}

static bool isCut(void)
{
	return gLeft > 0 && --gLeft == 0;
}

void powerCut(void)
{
	if (gMode != kPowerKept)
		lose();
	_exit(kPowerExit);
}

static bool fails(PowerCall call)
{
	if (gFailing != call)
		return false;
	errno = gCode;
	return true;
}

// Names with two underscores are how the linker's --wrap works.
ssize_t __wrap_pwrite(int file, const void *bytes, size_t length, off_t offset);
int __wrap_fsync(int file);
int __wrap_fdatasync(int file);
int __wrap_rename(const char *from, const char *to);
int __wrap_ftruncate(int file, off_t length);

ssize_t __wrap_pwrite(int file, const void *bytes, size_t length, off_t offset)
{
	if (gFailing == kPowerWrite) {
		static bool isSecond = false;
		isSecond = !isSecond;
		if (isSecond && length > 1)
			return __real_pwrite(file, bytes, length / 2, offset);
		errno = gCode;
		return -1;
	}
	if (isCut()) {
		(void)!__real_pwrite(file, bytes, length / 2, offset);
		powerCut();
	}
	return __real_pwrite(file, bytes, length, offset);
}

int __wrap_fsync(int file)
{
	if (fails(kPowerSync))
		return -1;
	if (isCut())
		powerCut();
	if (gLeft > 0)
		remember(file);
	// What is on disk is kept here: the real disk has no part in it, and the test no need to wait.
	return 0;
}

int __wrap_fdatasync(int file)
{
	return __wrap_fsync(file);
}

int __wrap_rename(const char *from, const char *to)
{
	if (fails(kPowerRename))
		return -1;
	if (isCut())
		powerCut();
	return __real_rename(from, to);
}

int __wrap_ftruncate(int file, off_t length)
{
	if (fails(kPowerTruncate))
		return -1;
	if (isCut())
		powerCut();
	return __real_ftruncate(file, length);
}

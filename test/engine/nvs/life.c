// Lives of modules/nvs on Linux, by name: life NAME FOLDER. Ends with 0, or says what is wrong and
// aborts. Those that are cut print in how many places.

#define _DEFAULT_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "nvs-linux.h"
#include "power.h"

#define kPartitionBytes (3 * 4096)
#define kKeys 5
#define kActs 150
#define kValueBytesMax 1500

#define check(condition) checkThat((condition), #condition, __LINE__)

static char gFile[512];

static void checkThat(bool condition, const char *fact, int line)
{
	if (condition)
		return;
	fprintf(stderr, "life.c:%d: not so: %s\n", line, fact);
	abort();
}

static esp_err_t start(void)
{
	return nvsLinuxStart(&(NvsLinuxOptions){ gFile, kPartitionBytes, true });
}

static nvs_handle_t opened(const char *name)
{
	nvs_handle_t handle;
	check(nvs_open(name, NVS_READWRITE, &handle) == ESP_OK);
	return handle;
}

// ---------------------------------------------------------------- a long life

static const char *const gNames[kKeys] = { "a", "b", "key-with-15-chr", "d", "e" };

static const char *spaceOf(int key)
{
	return key < 3 ? "hf-one" : "hf-two";
}

// Act `index` writes key keyOf(index), or erases it when lengthOf(index) is negative.
static int keyOf(int index)
{
	return (index * 7 + index / 5) % kKeys;
}

static int lengthOf(int index)
{
	static const int lengths[] = { 0, 1, 31, 33, kValueBytesMax, -1, 400, 1000, 64 };
	return lengths[index % 9];
}

static void fillValue(int index, uint8_t *value)
{
	for (int at = 0; at < lengthOf(index); at++)
		value[at] = (uint8_t)(index + at * 31);
}

static void act(int index)
{
	uint8_t value[kValueBytesMax];
	int key = keyOf(index);
	nvs_handle_t handle = opened(spaceOf(key));
	if (lengthOf(index) < 0) {
		esp_err_t status = nvs_erase_key(handle, gNames[key]);
		check(status == ESP_OK || status == ESP_ERR_NVS_NOT_FOUND);
	} else {
		fillValue(index, value);
		check(nvs_set_blob(handle, gNames[key], value, (size_t)lengthOf(index)) == ESP_OK);
	}
	check(nvs_commit(handle) == ESP_OK);
	nvs_close(handle);
}

// The last of the first `count` acts on `key`, or -1.
static int lastAct(int count, int key)
{
	int index = count - 1;
	while (index >= 0 && keyOf(index) != key)
		index--;
	return index;
}

static bool holdsAfter(int count, int key)
{
	uint8_t value[kValueBytesMax + 1], wanted[kValueBytesMax];
	size_t length = sizeof(value);
	nvs_handle_t handle;
	int last = lastAct(count, key);
	bool isThere = last >= 0 && lengthOf(last) >= 0;
	esp_err_t status = nvs_open(spaceOf(key), NVS_READONLY, &handle);
	if (status == ESP_ERR_NVS_NOT_FOUND)
		return !isThere;
	check(status == ESP_OK);
	status = nvs_get_blob(handle, gNames[key], value, &length);
	nvs_close(handle);
	if (status == ESP_ERR_NVS_NOT_FOUND)
		return !isThere;
	check(status == ESP_OK);
	fillValue(last < 0 ? 0 : last, wanted);
	return isThere && length == (size_t)lengthOf(last) && !memcmp(value, wanted, length);
}

static bool isAfter(int count)
{
	for (int key = 0; key < kKeys; key++) {
		if (!holdsAfter(count, key))
			return false;
	}
	return true;
}

static void live(int first, int *done)
{
	check(start() == ESP_OK);
	for (int index = first; index < kActs; index++) {
		act(index);
		*done = index + 1;
	}
	nvsLinuxStop();
}

// A life in a process of its own, cut at call `count`. Returns whether it was cut.
static bool liveAndDie(long count, PowerMode mode, int first, int *done)
{
	pid_t child = fork();
	check(child >= 0);
	if (child == 0) {
		powerStart(gFile, count, mode);
		live(first, done);
		_exit(0);
	}
	int status;
	check(waitpid(child, &status, 0) == child && WIFEXITED(status));
	check(WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == kPowerExit);
	return WEXITSTATUS(status) == kPowerExit;
}

// Old state or new state, nothing else; then a second cut soon after the first, then a whole life.
static void checkRemains(long count, PowerMode mode, int *done)
{
	for (int lives = 0; lives < 2; lives++) {
		check(start() == ESP_OK);
		bool isOld = isAfter(*done);
		if (!isOld && !isAfter(*done + 1)) {
			fprintf(stderr, "cut %ld of mode %d, life %d: %d acts are done\n", count, mode, lives, *done);
			abort();
		}
		check(nvsLinuxDamaged() == 0);
		nvsLinuxStop();
		if (!isOld)
			++*done;
		if (lives == 0)
			liveAndDie(1 + count % 7, mode, *done, done);
	}
	liveAndDie(0, mode, *done, done);
	check(start() == ESP_OK && isAfter(kActs));
	nvsLinuxStop();
}

static void cuts(PowerMode mode)
{
	int *done = mmap(NULL, sizeof(int), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	check(done != MAP_FAILED);
	bool isCut = true;
	long count = 0;
	while (isCut) {
		unlink(gFile);
		*done = 0;
		isCut = liveAndDie(++count, mode, 0, done);
		checkRemains(count, mode, done);
	}
	printf("%ld\n", count - 1);
}

static void killed(void) { cuts(kPowerKept); }
static void lost(void) { cuts(kPowerLost); }
static void zeros(void) { cuts(kPowerZeros); }

// ---------------------------------------------------------------- images

static uint8_t *readImage(size_t *length)
{
	struct stat facts;
	check(stat(gFile, &facts) == 0);
	*length = (size_t)facts.st_size;
	uint8_t *image = malloc(*length + 1);
	FILE *file = fopen(gFile, "rb");
	check(image && file && fread(image, 1, *length, file) == *length);
	fclose(file);
	return image;
}

static void writeImage(const uint8_t *image, size_t length)
{
	FILE *file = fopen(gFile, "wb");
	check(file && fwrite(image, 1, length, file) == length && fclose(file) == 0);
}

static void put(const char *key, const char *value)
{
	nvs_handle_t handle = opened("hf-one");
	check(nvs_set_blob(handle, key, value, strlen(value)) == ESP_OK);
	check(nvs_commit(handle) == ESP_OK);
	nvs_close(handle);
}

static bool holds(const char *key, const char *value)
{
	char found[64];
	size_t length = sizeof(found);
	nvs_handle_t handle = opened("hf-one");
	esp_err_t status = nvs_get_blob(handle, key, found, &length);
	nvs_close(handle);
	if (!value)
		return status == ESP_ERR_NVS_NOT_FOUND;
	return status == ESP_OK && length == strlen(value) && !memcmp(found, value, length);
}

// Three records; `ends` where each begins and the last ends.
static uint8_t *makeImage(size_t ends[4], size_t *length)
{
	check(start() == ESP_OK);
	put("first", "old value");
	for (int index = 0; index < 3; index++) {
		free(readImage(&ends[index]));
		put(index == 1 ? "second" : "first", index == 1 ? "the other" : index ? "newest" : "newer");
	}
	nvsLinuxStop();
	uint8_t *image = readImage(length);
	ends[3] = *length;
	return image;
}

// Cut off at every length: what was whole is there, the next record never was.
static void torn(void)
{
	size_t ends[4], length;
	uint8_t *image = makeImage(ends, &length);
	for (size_t keep = ends[0]; keep <= length; keep++) {
		writeImage(image, keep);
		check(start() == ESP_OK && nvsLinuxDamaged() == 0);
		size_t whole;
		free(readImage(&whole));
		check(whole == ends[keep < ends[1] ? 0 : keep < ends[2] ? 1 : keep < ends[3] ? 2 : 3]);
		check(holds("first", keep >= ends[3] ? "newest" : keep >= ends[1] ? "newer" : "old value"));
		check(holds("second", keep >= ends[2] ? "the other" : NULL));
		put("third", "after the tear");
		nvsLinuxStop();
		check(start() == ESP_OK && holds("third", "after the tear") && nvsLinuxDamaged() == 0);
		nvsLinuxStop();
	}
	free(image);
}

// Every bit of a record in the middle: its key is gone or the record is skipped; the others stand.
static void damaged(void)
{
	size_t ends[4], length;
	uint8_t *image = makeImage(ends, &length);
	for (size_t bit = ends[1] * 8; bit < ends[2] * 8; bit++) {
		image[bit / 8] ^= (uint8_t)(1u << bit % 8);
		writeImage(image, length);
		image[bit / 8] ^= (uint8_t)(1u << bit % 8);
		check(start() == ESP_OK && nvsLinuxDamaged() == 1);
		check(holds("second", NULL) && holds("first", "newest"));
		put("second", "again");
		check(holds("second", "again"));
		nvsLinuxStop();
	}
	// A value that was whole once is not set back to the one before.
	image[ends[1] - 1] ^= 1;
	writeImage(image, ends[2]);
	check(start() == ESP_OK && nvsLinuxDamaged() == 1 && holds("first", NULL));
	nvsLinuxStop();
	free(image);
}

// A value that contains a whole record of another store is a value and nothing else.
static void forged(void)
{
	size_t ends[4], length;
	uint8_t *image = makeImage(ends, &length);
	unlink(gFile);
	check(start() == ESP_OK);
	nvs_handle_t handle = opened("hf-one");
	check(nvs_set_blob(handle, "evil", image + ends[0], length - ends[0]) == ESP_OK);
	check(nvs_commit(handle) == ESP_OK);
	put("last", "one");
	nvsLinuxStop();
	free(image);
	image = readImage(&length);
	// The head of the record around it: the search goes through the value.
	for (size_t at = 0; at + 4 < length; at++) {
		if (!memcmp(image + at, "evil", 4))
			image[at] ^= 0x40;
	}
	writeImage(image, length);
	check(start() == ESP_OK && nvsLinuxDamaged() == 1);
	check(holds("first", NULL) && holds("evil", NULL) && holds("last", "one"));
	nvsLinuxStop();
	free(image);
}

// Another program's file is neither taken nor harmed.
static void foreign(void)
{
	static const uint8_t text[] = "something that somebody else keeps here, longer than a head";
	const size_t lengths[] = { 0, 1, 27, sizeof(text) };
	for (int index = 0; index < 4; index++) {
		size_t length;
		writeImage(text, lengths[index]);
		check(start() == ESP_ERR_NVS_INVALID_STATE);
		uint8_t *image = readImage(&length);
		check(length == lengths[index] && !memcmp(image, text, length));
		free(image);
	}
}

// What a killed process left in the cache is read after the restart: from then on it must last.
static void settled(void)
{
	check(start() == ESP_OK);
	put("first", "old value");
	nvsLinuxStop();
	pid_t child = fork();
	check(child >= 0);
	if (child == 0) {
		powerStart(gFile, 1000, kPowerLost);
		check(start() == ESP_OK);
		check(nvs_set_blob(opened("hf-one"), "first", "newer", 5) == ESP_OK);
		nvsLinuxStop();
		check(start() == ESP_OK && holds("first", "newer"));
		powerCut();
	}
	int status;
	check(waitpid(child, &status, 0) == child && WEXITSTATUS(status) == kPowerExit);
	check(start() == ESP_OK && holds("first", "newer"));
	nvsLinuxStop();
}

int main(int count, char *arguments[])
{
	static const struct {
		const char *name;
		void (*run)(void);
	} lives[] = { { "killed", killed }, { "lost", lost }, { "zeros", zeros }, { "torn", torn },
		{ "settled", settled }, { "damaged", damaged }, { "forged", forged }, { "foreign", foreign } };
	check(count == 3);
	snprintf(gFile, sizeof(gFile), "%s/key-value.nvs", arguments[2]);
	for (size_t index = 0; index < sizeof(lives) / sizeof(lives[0]); index++) {
		if (!strcmp(lives[index].name, arguments[1])) {
			lives[index].run();
			return 0;
		}
	}
	fprintf(stderr, "no such life: %s\n", arguments[1]);
	return 2;
}

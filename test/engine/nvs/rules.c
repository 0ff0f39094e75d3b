// What ESP-IDF's NVS allows and refuses, and what comes of a disk that fails: rules NAME FOLDER.
// Ends with 0, or says what is wrong and aborts.

#define _DEFAULT_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "nvs-linux.h"
#include "power.h"

#define kPartitionBytes (3 * 4096)
// 126 of 32 bytes in each page but one.
#define kUnits 252

#define check(condition) checkThat((condition), #condition, __LINE__)

static char gFile[512];

static void checkThat(bool condition, const char *fact, int line)
{
	if (condition)
		return;
	fprintf(stderr, "rules.c:%d: not so: %s\n", line, fact);
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

static void names(void)
{
	uint8_t value[4] = { 0 };
	size_t length = sizeof(value);
	nvs_handle_t handle;
	check(nvs_open("hf", NVS_READWRITE, &handle) == ESP_ERR_NVS_NOT_INITIALIZED);
	check(start() == ESP_OK);
	check(nvs_open("0123456789abcdef", NVS_READWRITE, &handle) == ESP_ERR_NVS_KEY_TOO_LONG);
	check(nvs_open("", NVS_READWRITE, &handle) == ESP_ERR_NVS_INVALID_NAME);
	check(nvs_open(NULL, NVS_READWRITE, &handle) == ESP_ERR_NVS_INVALID_NAME);
	check(nvs_open("hf", NVS_READWRITE, NULL) == ESP_ERR_INVALID_ARG);
	handle = opened("0123456789abcde");
	check(nvs_set_blob(handle, "0123456789abcdef", value, 1) == ESP_ERR_NVS_KEY_TOO_LONG);
	check(nvs_set_blob(handle, "", value, 1) == ESP_ERR_NVS_INVALID_NAME);
	check(nvs_set_blob(handle, "key", NULL, 1) == ESP_ERR_INVALID_ARG);
	check(nvs_set_blob(handle, "key", value, 508001) == ESP_ERR_NVS_VALUE_TOO_LONG);
	check(nvs_set_blob(handle, "0123456789abcde", value, sizeof(value)) == ESP_OK);
	check(nvs_get_blob(handle, "0123456789abcdef", value, &length) == ESP_ERR_NVS_KEY_TOO_LONG);
	check(nvs_get_blob(handle, "other", value, &length) == ESP_ERR_NVS_NOT_FOUND);
	check(nvs_erase_key(handle, "other") == ESP_ERR_NVS_NOT_FOUND);
	nvsLinuxStop();
}

static void lengths(void)
{
	uint8_t value[8] = { 1, 2, 3, 4, 5 }, found[8] = { 0 };
	check(start() == ESP_OK);
	nvs_handle_t handle = opened("hf");
	check(nvs_set_blob(handle, "key", value, 5) == ESP_OK);
	size_t length = 99;
	check(nvs_get_blob(handle, "key", NULL, &length) == ESP_OK && length == 5);
	length = 4;
	check(nvs_get_blob(handle, "key", found, &length) == ESP_ERR_NVS_INVALID_LENGTH && length == 5);
	check(found[0] == 0);
	length = 8;
	check(nvs_get_blob(handle, "key", found, &length) == ESP_OK && length == 5);
	check(!memcmp(found, value, 8));
	check(nvs_get_blob(handle, "key", found, NULL) == ESP_ERR_INVALID_ARG);
	check(nvs_set_blob(handle, "empty", NULL, 0) == ESP_OK);
	length = 8;
	check(nvs_get_blob(handle, "empty", found, &length) == ESP_OK && length == 0);
	nvsLinuxStop();
}

static void handles(void)
{
	uint8_t value = 7;
	size_t length = 1;
	nvs_handle_t reading, writing = 0;
	check(start() == ESP_OK);
	check(nvs_open("hf", NVS_READONLY, &reading) == ESP_ERR_NVS_NOT_FOUND);
	writing = opened("hf");
	check(nvs_open("hf", NVS_READONLY, &reading) == ESP_OK);
	check(nvs_set_blob(reading, "key", &value, 1) == ESP_ERR_NVS_READ_ONLY);
	check(nvs_set_blob(writing, "key", &value, 1) == ESP_OK);
	check(nvs_get_blob(reading, "key", &value, &length) == ESP_OK);
	check(nvs_erase_key(reading, "key") == ESP_ERR_NVS_READ_ONLY);
	nvs_close(reading);
	nvs_close(reading);
	check(nvs_get_blob(reading, "key", &value, &length) == ESP_ERR_NVS_INVALID_HANDLE);
	check(nvs_commit(reading) == ESP_ERR_NVS_INVALID_HANDLE);
	// The place is taken again, the old handle is not.
	nvs_handle_t again = opened("hf");
	check(again != reading);
	check(nvs_get_blob(reading, "key", &value, &length) == ESP_ERR_NVS_INVALID_HANDLE);
	nvs_handle_t other = opened("hf-other");
	check(nvs_get_blob(other, "key", &value, &length) == ESP_ERR_NVS_NOT_FOUND);
	for (int index = 3; index < 64; index++)
		opened("hf");
	check(nvs_open("hf", NVS_READONLY, &reading) == ESP_ERR_NO_MEM);
	nvsLinuxStop();
	check(nvs_commit(writing) == ESP_ERR_NVS_INVALID_HANDLE);
}

static void iterating(void)
{
	nvs_iterator_t iterator;
	nvs_entry_info_t info;
	check(start() == ESP_OK);
	nvs_handle_t handle = opened("hf");
	check(nvs_set_blob(opened("hf-other"), "x", "x", 1) == ESP_OK);
	check(nvs_entry_find_in_handle(handle, NVS_TYPE_ANY, &iterator) == ESP_ERR_NVS_NOT_FOUND);
	check(!iterator);
	check(nvs_set_blob(handle, "a", "a", 1) == ESP_OK && nvs_set_blob(handle, "b", "b", 1) == ESP_OK);
	check(nvs_set_blob(handle, "a", "c", 1) == ESP_OK);
	check(nvs_entry_find_in_handle(handle, NVS_TYPE_BLOB, &iterator) == ESP_OK);
	int found = 0;
	esp_err_t status = ESP_OK;
	while (status == ESP_OK) {
		check(nvs_entry_info(iterator, &info) == ESP_OK && !strcmp(info.namespace_name, "hf"));
		found = found * 10 + (info.key[0] == 'a' ? 1 : 2);
		status = nvs_entry_next(&iterator);
	}
	check(status == ESP_ERR_NVS_NOT_FOUND && !iterator && (found == 12 || found == 21));
	check(nvs_entry_find_in_handle(handle, NVS_TYPE_ANY, &iterator) == ESP_OK);
	check(nvs_erase_key(handle, "a") == ESP_OK && nvs_erase_key(handle, "b") == ESP_OK);
	check(nvs_entry_next(&iterator) == ESP_ERR_NVS_NOT_FOUND && !iterator);
	nvs_release_iterator(iterator);
	nvsLinuxStop();
}

// Full as a partition of its size is; reading and erasing go on, and an erase makes room.
static void full(void)
{
	static uint8_t value[32 * kUnits];
	size_t length = sizeof(value);
	check(start() == ESP_OK);
	nvs_handle_t handle = opened("hf");
	// One unit for the namespace, two for the value's heads.
	check(nvs_set_blob(handle, "big", value, 32 * (kUnits - 3) + 1) == ESP_ERR_NVS_NOT_ENOUGH_SPACE);
	check(nvs_set_blob(handle, "big", value, 32 * (kUnits - 3)) == ESP_OK);
	check(nvs_set_blob(handle, "big", value, 1) == ESP_ERR_NVS_NOT_ENOUGH_SPACE);
	check(nvs_set_blob(handle, "x", NULL, 0) == ESP_ERR_NVS_NOT_ENOUGH_SPACE);
	check(nvs_get_blob(handle, "big", value, &length) == ESP_OK);
	check(nvs_erase_key(handle, "big") == ESP_OK && nvs_commit(handle) == ESP_OK);
	check(nvs_set_blob(handle, "x", value, 32) == ESP_OK && nvs_commit(handle) == ESP_OK);
	nvsLinuxStop();
	check(start() == ESP_OK);
	check(nvs_get_blob(opened("hf"), "big", NULL, &length) == ESP_ERR_NVS_NOT_FOUND);
	nvsLinuxStop();
}

static off_t fileBytes(void)
{
	struct stat facts;
	check(stat(gFile, &facts) == 0);
	return facts.st_size;
}

// The file stays within a few partitions, however often one value is written.
static void growing(void)
{
	uint8_t value[1000] = { 0 };
	off_t most = 0;
	check(start() == ESP_OK);
	nvs_handle_t handle = opened("hf");
	for (int count = 0; count < 2000; count++) {
		memcpy(value, &count, sizeof(count));
		check(nvs_set_blob(handle, "key", value, sizeof(value)) == ESP_OK);
		check(nvs_commit(handle) == ESP_OK);
		most = fileBytes() > most ? fileBytes() : most;
	}
	check(most < 4 * kPartitionBytes);
	nvsLinuxStop();
}

// One process at a time; its permissions keep others out.
static void alone(void)
{
	struct stat facts;
	check(start() == ESP_OK);
	check(start() == ESP_ERR_NVS_INVALID_STATE);
	check(stat(gFile, &facts) == 0 && (facts.st_mode & 0777) == 0600);
	pid_t child = fork();
	if (child == 0) {
		// Not this process's memory, but its lock.
		execl("/proc/self/exe", "rules", "open", gFile, (char *)NULL);
		_exit(3);
	}
	int status;
	check(waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 1);
	nvsLinuxStop();
}

static bool holds(const char *key, const char *value)
{
	char found[16];
	size_t length = sizeof(found);
	nvs_handle_t handle = opened("hf");
	esp_err_t status = nvs_get_blob(handle, key, found, &length);
	nvs_close(handle);
	return status == ESP_OK && length == strlen(value) && !memcmp(found, value, length);
}

// A write that fails leaves the old value, and no remains that a later one could be confused by.
static void failing(void)
{
	check(start() == ESP_OK);
	nvs_handle_t handle = opened("hf");
	check(nvs_set_blob(handle, "key", "old", 3) == ESP_OK && nvs_commit(handle) == ESP_OK);
	powerFail(kPowerWrite, ENOSPC);
	check(nvs_set_blob(handle, "key", "newer", 5) == ESP_ERR_NVS_NOT_ENOUGH_SPACE);
	powerFail(kPowerWrite, EIO);
	check(nvs_set_blob(handle, "key", "newer", 5) == ESP_FAIL && holds("key", "old"));
	powerFail(kPowerNone, 0);
	off_t before = fileBytes();
	powerFail(kPowerTruncate, EIO);
	check(holds("key", "old"));
	powerFail(kPowerWrite, EIO);
	check(nvs_erase_key(handle, "key") == ESP_FAIL && holds("key", "old"));
	powerFail(kPowerNone, 0);
	check(nvs_set_blob(handle, "key", "last", 4) == ESP_OK && nvs_commit(handle) == ESP_OK);
	check(fileBytes() == before + 52);
	// What could not be forced to disk may be lost for good: only a new file is believed.
	powerFail(kPowerSync, EIO);
	check(nvs_set_blob(handle, "key", "x", 1) == ESP_OK && nvs_commit(handle) == ESP_FAIL);
	check(nvs_commit(handle) == ESP_FAIL);
	powerFail(kPowerRename, EACCES);
	check(nvs_commit(handle) == ESP_FAIL && holds("key", "x"));
	powerFail(kPowerNone, 0);
	struct stat old, renewed;
	check(stat(gFile, &old) == 0 && nvs_commit(handle) == ESP_OK && stat(gFile, &renewed) == 0);
	check(old.st_ino != renewed.st_ino);
	nvsLinuxStop();
	check(start() == ESP_OK && holds("key", "x"));
	nvsLinuxStop();
}

int main(int count, char *arguments[])
{
	static const struct {
		const char *name;
		void (*run)(void);
	} rules[] = { { "names", names }, { "lengths", lengths }, { "handles", handles },
		{ "iterating", iterating }, { "full", full }, { "growing", growing }, { "alone", alone },
		{ "failing", failing } };
	check(count == 3);
	if (!strcmp(arguments[1], "open")) {
		snprintf(gFile, sizeof(gFile), "%s", arguments[2]);
		return start() == ESP_ERR_NVS_INVALID_STATE ? 1 : 0;
	}
	snprintf(gFile, sizeof(gFile), "%s/key-value.nvs", arguments[2]);
	for (size_t index = 0; index < sizeof(rules) / sizeof(rules[0]); index++) {
		if (!strcmp(rules[index].name, arguments[1])) {
			rules[index].run();
			return 0;
		}
	}
	fprintf(stderr, "no such rule: %s\n", arguments[1]);
	return 2;
}

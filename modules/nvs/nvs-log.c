// The log: each record is written once, at the end of the file; the newest of a key counts.
// nvs-record.h has the bytes. What power interrupts:
//   an append    the end of the file is no whole record: opening cuts it off, the old value stands
//   a new file   it is complete and durable before it takes the old one's name
// A damaged record with good ones behind it was whole once: its key is gone, not set back.

#define _DEFAULT_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>
#include "nvs-file.h"
#include "nvs-log.h"
#include "nvs-record.h"

// Of three pages, as ESP-IDF asks.
#define kNvsLogPartitionBytesMin (3 * 4096)
// A file this long is none of ours.
#define kNvsLogFileBytesMax (64 * 1024 * 1024)

typedef struct {
	int file;
	bool isSynced;
	// The file's end is uncertain: it is cut off before the next append.
	bool isTailLoose;
	// What was written may be lost although it reads well: only a new file is sure.
	bool isDoubtful;
	// The file has its name, but the folder may not know it after a power cut.
	bool isFolderLoose;
	uint32_t partitionBytes;
	// Where the next record goes.
	uint32_t end;
	uint32_t damaged;
	NvsRecordSalt salt;
	NvsIndex index;
	char path[kNvsFilePathMax];
	char temporary[kNvsFilePathMax + 4];
} NvsLog;

static NvsLog gLog = { .file = -1 };

// What an entry of the file says about its key. `isWhole`: the value is good too.
static esp_err_t apply(const NvsIndexEntry *entry, bool isWhole, uint32_t kind)
{
	if (isWhole && kind == kNvsRecordValue)
		return nvsIndexPut(&gLog.index, entry) ? ESP_OK : ESP_ERR_NVS_NOT_ENOUGH_SPACE;
	NvsIndexEntry *old = nvsIndexFind(&gLog.index, entry->space, entry->key);
	if (old)
		nvsIndexRemove(&gLog.index, old);
	return ESP_OK;
}

// Builds the index from the file's bytes; leaves gLog.end after the last whole record.
static esp_err_t replay(const uint8_t *image, uint32_t size)
{
	uint32_t at = kNvsRecordHeadBytes;
	while (at < size) {
		NvsIndexEntry entry;
		uint32_t kind = nvsRecordDecode(image, size, at, &gLog.salt, &entry);
		uint32_t next = kind == kNvsRecordDamaged ? at + 1 : entry.offset + entry.length;
		bool isWhole = nvsRecordIsWhole(image, size, at, &gLog.salt);
		if (!isWhole) {
			next = nvsRecordNext(image, size, next, &gLog.salt);
			if (next == size)
				break;
			gLog.damaged++;
		}
		esp_err_t status = kind == kNvsRecordDamaged ? ESP_OK : apply(&entry, isWhole, kind);
		if (status != ESP_OK)
			return status;
		at = next;
	}
	gLog.end = at;
	return ESP_OK;
}

// ---------------------------------------------------------------- a new file

static esp_err_t copy(int file, NvsIndexEntry *entry, uint32_t *end)
{
	uint8_t *record = malloc(kNvsRecordBytes + entry->length);
	if (!record)
		return ESP_ERR_NO_MEM;
	esp_err_t status = nvsFileRead(gLog.file, record + kNvsRecordBytes, entry->length, entry->offset);
	if (status == ESP_OK) {
		nvsRecordEncode(record, &gLog.salt, entry, kNvsRecordValue);
		status = nvsFileWrite(file, record, kNvsRecordBytes + entry->length, *end);
	}
	entry->offset = *end + kNvsRecordBytes;
	*end = entry->offset + entry->length;
	explicit_bzero(record, kNvsRecordBytes + entry->length);
	free(record);
	return status;
}

static esp_err_t writeHead(int file)
{
	uint8_t head[kNvsRecordHeadBytes];
	nvsRecordEncodeHead(head, &gLog.salt);
	return nvsFileWrite(file, head, sizeof(head), 0);
}

// All live records into the temporary file. Sums stay valid because the salt stays.
static esp_err_t fill(int file, NvsIndexEntry *entries, uint32_t *end)
{
	if (flock(file, LOCK_EX | LOCK_NB) != 0)
		return ESP_ERR_NVS_INVALID_STATE;
	esp_err_t status = writeHead(file);
	*end = kNvsRecordHeadBytes;
	for (uint32_t index = 0; status == ESP_OK && index < gLog.index.count; index++)
		status = copy(file, &entries[index], end);
	if (status == ESP_OK && gLog.isSynced && fsync(file) != 0)
		status = ESP_FAIL;
	return status;
}

// Writes a file without what is out of date and puts it in the old one's place.
static esp_err_t renew(void)
{
	size_t bytes = gLog.index.count * sizeof(NvsIndexEntry);
	NvsIndexEntry *entries = malloc(bytes + 1);
	if (!entries)
		return ESP_ERR_NO_MEM;
	memcpy(entries, gLog.index.entries, bytes);
	int file = open(gLog.temporary, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	uint32_t end = 0;
	esp_err_t status = file < 0 ? nvsFileError(errno) : fill(file, entries, &end);
	if (status == ESP_OK && rename(gLog.temporary, gLog.path) != 0)
		status = ESP_FAIL;
	if (status != ESP_OK) {
		if (file >= 0) {
			close(file);
			unlink(gLog.temporary);
		}
		free(entries);
		return status;
	}
	memcpy(gLog.index.entries, entries, bytes);
	free(entries);
	if (gLog.file >= 0)
		close(gLog.file);
	gLog.file = file;
	gLog.end = end;
	gLog.isTailLoose = gLog.isDoubtful = false;
	gLog.isFolderLoose = gLog.isSynced;
	return ESP_OK;
}

static esp_err_t settleFolder(void)
{
	if (gLog.isFolderLoose && nvsFileSyncFolder(gLog.path) != ESP_OK)
		return ESP_FAIL;
	gLog.isFolderLoose = false;
	return ESP_OK;
}

// ---------------------------------------------------------------- opening

static esp_err_t load(uint32_t size)
{
	uint8_t *image = malloc(size);
	if (!image)
		return ESP_ERR_NO_MEM;
	esp_err_t status = nvsFileRead(gLog.file, image, size, 0);
	bool isOurs = status == ESP_OK && nvsRecordDecodeHead(image, &gLog.salt);
	if (isOurs)
		status = replay(image, size);
	explicit_bzero(image, size);
	free(image);
	if (status == ESP_OK && !isOurs)
		status = ESP_ERR_NVS_INVALID_STATE;
	return status;
}

static esp_err_t adopt(void)
{
	struct stat facts;
	if (flock(gLog.file, LOCK_EX | LOCK_NB) != 0)
		return ESP_ERR_NVS_INVALID_STATE;
	if (fstat(gLog.file, &facts) != 0)
		return ESP_FAIL;
	if (facts.st_size < kNvsRecordHeadBytes || facts.st_size > kNvsLogFileBytesMax)
		return ESP_ERR_NVS_INVALID_STATE;
	uint32_t size = (uint32_t)facts.st_size;
	esp_err_t status = load(size);
	if (status != ESP_OK)
		return status;
	// An unfinished append. It goes before anything can be written behind it.
	if (gLog.end < size && ftruncate(gLog.file, (off_t)gLog.end) != 0)
		return ESP_FAIL;
	// A killed process may have left what only the cache holds: it counts from now on, so it must
	// last.
	gLog.isFolderLoose = gLog.isSynced;
	return gLog.isSynced && fsync(gLog.file) != 0 ? ESP_FAIL : ESP_OK;
}

esp_err_t nvsLogOpen(const NvsLinuxOptions *options)
{
	if (gLog.index.entries)
		return ESP_ERR_NVS_INVALID_STATE;
	bool isTooSmall = options->partitionBytes < kNvsLogPartitionBytesMin;
	if (isTooSmall || strlen(options->file) >= kNvsFilePathMax)
		return ESP_ERR_INVALID_ARG;
	gLog = (NvsLog){ .file = -1 };
	strcpy(gLog.path, options->file);
	snprintf(gLog.temporary, sizeof(gLog.temporary), "%s.new", gLog.path);
	gLog.isSynced = options->isSynced;
	gLog.partitionBytes = options->partitionBytes;
	if (!nvsIndexMake(&gLog.index, gLog.partitionBytes))
		return ESP_ERR_NO_MEM;
	gLog.file = open(gLog.path, O_RDWR | O_CLOEXEC);
	esp_err_t status = ESP_FAIL;
	if (gLog.file >= 0) {
		unlink(gLog.temporary);
		status = adopt();
	} else if (errno == ENOENT) {
		ssize_t count = getrandom(gLog.salt.bytes, kNvsRecordSaltBytes, 0);
		status = count == kNvsRecordSaltBytes ? renew() : ESP_FAIL;
	}
	if (status == ESP_OK)
		status = settleFolder();
	if (status != ESP_OK)
		nvsLogClose();
	return status;
}

void nvsLogClose(void)
{
	if (gLog.file >= 0)
		close(gLog.file);
	gLog.file = -1;
	nvsIndexFree(&gLog.index);
}

bool nvsLogIsOpen(void)
{
	return gLog.index.entries != NULL;
}

// ---------------------------------------------------------------- reading and writing

const NvsIndex *nvsLogIndex(void)
{
	return &gLog.index;
}

uint32_t nvsLogDamaged(void)
{
	return gLog.damaged;
}

esp_err_t nvsLogRead(const NvsIndexEntry *entry, void *bytes)
{
	esp_err_t status = nvsFileRead(gLog.file, bytes, entry->length, entry->offset);
	if (status == ESP_OK && nvsRecordSum(&gLog.salt, bytes, entry->length) != entry->sum)
		status = ESP_ERR_NVS_NOT_FOUND;
	return status;
}

// All live records fit into half of this: a head costs 48 bytes here, at least 32 in a partition.
static bool isOverdue(void)
{
	return gLog.end > 3 * gLog.partitionBytes;
}

static esp_err_t tighten(void)
{
	if (gLog.isTailLoose && ftruncate(gLog.file, (off_t)gLog.end) != 0)
		return ESP_FAIL;
	gLog.isTailLoose = false;
	return ESP_OK;
}

// `entry` is complete when it returns.
static esp_err_t append(NvsIndexEntry *entry, uint32_t kind, const void *value)
{
	// A failure is no matter: the old file goes on growing.
	if (isOverdue())
		(void)renew();
	uint32_t bytes = kNvsRecordBytes + entry->length;
	if (gLog.end + bytes > kNvsLogFileBytesMax)
		return ESP_ERR_NVS_NOT_ENOUGH_SPACE;
	esp_err_t status = tighten();
	if (status != ESP_OK)
		return status;
	uint8_t *record = malloc(bytes);
	if (!record)
		return ESP_ERR_NO_MEM;
	if (entry->length > 0)
		memcpy(record + kNvsRecordBytes, value, entry->length);
	entry->sum = nvsRecordSum(&gLog.salt, record + kNvsRecordBytes, entry->length);
	entry->offset = gLog.end + kNvsRecordBytes;
	nvsRecordEncode(record, &gLog.salt, entry, kind);
	status = nvsFileWrite(gLog.file, record, bytes, gLog.end);
	explicit_bzero(record, bytes);
	free(record);
	if (status == ESP_OK) {
		gLog.end += bytes;
	} else {
		gLog.isTailLoose = true;
		(void)tighten();
	}
	return status;
}

static NvsIndexEntry named(const char *space, const char *key, uint32_t length)
{
	NvsIndexEntry entry = { .length = length };
	memcpy(entry.space, space, strlen(space));
	memcpy(entry.key, key, strlen(key));
	return entry;
}

esp_err_t nvsLogStore(const char *space, const char *key, const void *bytes, uint32_t length)
{
	NvsIndexEntry entry = named(space, key, length);
	if (!nvsIndexHasRoom(&gLog.index, &entry))
		return ESP_ERR_NVS_NOT_ENOUGH_SPACE;
	esp_err_t status = append(&entry, kNvsRecordValue, bytes);
	return status == ESP_OK ? apply(&entry, true, kNvsRecordValue) : status;
}

esp_err_t nvsLogErase(const char *space, const char *key)
{
	if (!nvsIndexFind(&gLog.index, space, key))
		return ESP_ERR_NVS_NOT_FOUND;
	NvsIndexEntry entry = named(space, key, 0);
	esp_err_t status = append(&entry, kNvsRecordErased, NULL);
	return status == ESP_OK ? apply(&entry, true, kNvsRecordErased) : status;
}

esp_err_t nvsLogSync(void)
{
	if (gLog.isDoubtful)
		return renew() == ESP_OK ? settleFolder() : ESP_FAIL;
	if (gLog.isSynced && fdatasync(gLog.file) != 0) {
		gLog.isDoubtful = true;
		return ESP_FAIL;
	}
	return settleFolder();
}

// ESP-IDF's NVS functions over one file: names, handles and rules here, bytes in nvs-log.c.

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "nvs-linux.h"
#include "nvs-log.h"

#define kNvsLinuxHandlesMax 64
// What ESP-IDF allows for a blob whatever the size of the partition.
#define kNvsLinuxValueBytesMax 508000
// The partition of the ESP32 host.
#define kNvsLinuxPartitionBytes 0x10000
#define kNvsLinuxPathMax 1024

typedef struct {
	bool isOpen;
	bool isReadOnly;
	// Tells a handle from an earlier one in the same place.
	uint32_t generation;
	char space[NVS_NS_NAME_MAX_SIZE];
} NvsLinuxHandle;

struct nvs_opaque_iterator_t {
	uint32_t index;
	nvs_type_t type;
	char space[NVS_NS_NAME_MAX_SIZE];
};

static NvsLinuxHandle gHandles[kNvsLinuxHandlesMax];

static NvsLinuxHandle *handleOf(nvs_handle_t handle)
{
	uint32_t index = handle % kNvsLinuxHandlesMax;
	NvsLinuxHandle *found = &gHandles[index];
	bool isSame = found->isOpen && found->generation == handle / kNvsLinuxHandlesMax;
	return isSame && nvsLogIsOpen() ? found : NULL;
}

static esp_err_t checkName(const char *name)
{
	if (!name || !*name)
		return ESP_ERR_NVS_INVALID_NAME;
	return strlen(name) < NVS_KEY_NAME_MAX_SIZE ? ESP_OK : ESP_ERR_NVS_KEY_TOO_LONG;
}

// The handle, when it may do this with `key`.
static esp_err_t check(nvs_handle_t handle, const char *key, bool isWriting, NvsLinuxHandle **found)
{
	*found = handleOf(handle);
	if (!*found)
		return ESP_ERR_NVS_INVALID_HANDLE;
	if (isWriting && (*found)->isReadOnly)
		return ESP_ERR_NVS_READ_ONLY;
	return checkName(key);
}

esp_err_t nvsLinuxStart(const NvsLinuxOptions *options)
{
	return nvsLogOpen(options);
}

// As the host's variables say, for a program that did not start it itself.
static esp_err_t startByEnvironment(void)
{
	char file[kNvsLinuxPathMax];
	const char *folder = getenv("HOLDFAST_STATE");
	const char *sync = getenv("HOLDFAST_FLASH_SYNC");
	if (!folder)
		return ESP_ERR_NVS_NOT_INITIALIZED;
	int length = snprintf(file, sizeof(file), "%s/key-value.nvs", folder);
	if (length < 0 || (size_t)length >= sizeof(file))
		return ESP_ERR_INVALID_ARG;
	NvsLinuxOptions options = { file, kNvsLinuxPartitionBytes, !sync || strcmp(sync, "none") };
	return nvsLogOpen(&options);
}

void nvsLinuxStop(void)
{
	for (uint32_t index = 0; index < kNvsLinuxHandlesMax; index++)
		gHandles[index].isOpen = false;
	nvsLogClose();
}

uint32_t nvsLinuxDamaged(void)
{
	return nvsLogDamaged();
}

esp_err_t nvs_open(const char *namespace_name, nvs_open_mode_t open_mode, nvs_handle_t *out_handle)
{
	if (!out_handle)
		return ESP_ERR_INVALID_ARG;
	esp_err_t status = nvsLogIsOpen() ? ESP_OK : startByEnvironment();
	if (status != ESP_OK)
		return status;
	status = checkName(namespace_name);
	if (status != ESP_OK)
		return status;
	uint32_t index = 0;
	while (index < kNvsLinuxHandlesMax && gHandles[index].isOpen)
		index++;
	if (index == kNvsLinuxHandlesMax)
		return ESP_ERR_NO_MEM;
	if (!nvsIndexFind(nvsLogIndex(), namespace_name, "")) {
		if (open_mode == NVS_READONLY)
			return ESP_ERR_NVS_NOT_FOUND;
		status = nvsLogStore(namespace_name, "", NULL, 0);
		if (status == ESP_OK)
			status = nvsLogSync();
		if (status != ESP_OK)
			return status;
	}
	NvsLinuxHandle *handle = &gHandles[index];
	handle->isOpen = true;
	handle->isReadOnly = open_mode == NVS_READONLY;
	handle->generation = (handle->generation + 1) % (UINT32_MAX / kNvsLinuxHandlesMax);
	memcpy(handle->space, namespace_name, strlen(namespace_name) + 1);
	*out_handle = handle->generation * kNvsLinuxHandlesMax + index;
	return ESP_OK;
}

void nvs_close(nvs_handle_t handle)
{
	NvsLinuxHandle *found = handleOf(handle);
	if (found)
		found->isOpen = false;
}

esp_err_t nvs_get_blob(nvs_handle_t handle, const char *key, void *out_value, size_t *length)
{
	NvsLinuxHandle *found;
	esp_err_t status = check(handle, key, false, &found);
	if (status != ESP_OK)
		return status;
	if (!length)
		return ESP_ERR_INVALID_ARG;
	const NvsIndexEntry *entry = nvsIndexFind(nvsLogIndex(), found->space, key);
	if (!entry)
		return ESP_ERR_NVS_NOT_FOUND;
	size_t room = *length;
	*length = entry->length;
	if (!out_value)
		return ESP_OK;
	return room < entry->length ? ESP_ERR_NVS_INVALID_LENGTH : nvsLogRead(entry, out_value);
}

esp_err_t nvs_set_blob(nvs_handle_t handle, const char *key, const void *value, size_t length)
{
	NvsLinuxHandle *found;
	esp_err_t status = check(handle, key, true, &found);
	if (status != ESP_OK)
		return status;
	if (!value && length > 0)
		return ESP_ERR_INVALID_ARG;
	if (length > kNvsLinuxValueBytesMax)
		return ESP_ERR_NVS_VALUE_TOO_LONG;
	return nvsLogStore(found->space, key, value, (uint32_t)length);
}

esp_err_t nvs_erase_key(nvs_handle_t handle, const char *key)
{
	NvsLinuxHandle *found;
	esp_err_t status = check(handle, key, true, &found);
	if (status != ESP_OK)
		return status;
	return nvsLogErase(found->space, key);
}

esp_err_t nvs_commit(nvs_handle_t handle)
{
	return handleOf(handle) ? nvsLogSync() : ESP_ERR_NVS_INVALID_HANDLE;
}

// ---------------------------------------------------------------- iterating

static bool isListed(const struct nvs_opaque_iterator_t *iterator)
{
	const NvsIndexEntry *entry = &nvsLogIndex()->entries[iterator->index];
	bool isType = iterator->type == NVS_TYPE_BLOB || iterator->type == NVS_TYPE_ANY;
	return isType && entry->key[0] && !strcmp(entry->space, iterator->space);
}

// From where it stands to the next one that it lists; releases it at the end.
static esp_err_t seek(nvs_iterator_t *iterator)
{
	while ((*iterator)->index < nvsLogIndex()->count && !isListed(*iterator))
		(*iterator)->index++;
	if ((*iterator)->index < nvsLogIndex()->count)
		return ESP_OK;
	nvs_release_iterator(*iterator);
	*iterator = NULL;
	return ESP_ERR_NVS_NOT_FOUND;
}

esp_err_t nvs_entry_find_in_handle(nvs_handle_t handle, nvs_type_t type,
	nvs_iterator_t *output_iterator)
{
	if (!output_iterator)
		return ESP_ERR_INVALID_ARG;
	*output_iterator = NULL;
	NvsLinuxHandle *found = handleOf(handle);
	if (!found)
		return ESP_ERR_NVS_INVALID_HANDLE;
	nvs_iterator_t iterator = calloc(1, sizeof(*iterator));
	if (!iterator)
		return ESP_ERR_NO_MEM;
	iterator->type = type;
	memcpy(iterator->space, found->space, sizeof(iterator->space));
	*output_iterator = iterator;
	return seek(output_iterator);
}

esp_err_t nvs_entry_next(nvs_iterator_t *iterator)
{
	if (!iterator || !*iterator)
		return ESP_ERR_INVALID_ARG;
	(*iterator)->index++;
	return seek(iterator);
}

esp_err_t nvs_entry_info(const nvs_iterator_t iterator, nvs_entry_info_t *out_info)
{
	if (!iterator || !out_info)
		return ESP_ERR_INVALID_ARG;
	if (iterator->index >= nvsLogIndex()->count)
		return ESP_ERR_NVS_NOT_FOUND;
	const NvsIndexEntry *entry = &nvsLogIndex()->entries[iterator->index];
	memcpy(out_info->namespace_name, entry->space, sizeof(entry->space));
	memcpy(out_info->key, entry->key, sizeof(entry->key));
	out_info->type = NVS_TYPE_BLOB;
	return ESP_OK;
}

void nvs_release_iterator(nvs_iterator_t iterator)
{
	free(iterator);
}

// The key-value port on the C interface of NVS, for both hosts.

#include "binding.h"
#include "nvs-interface.h"

#include <stdlib.h>

typedef struct {
	nvs_handle_t handle;
	bool isReadOnly;
} NVSRecord;
typedef NVSRecord *NVS;

static void throwIf(xsMachine *the, esp_err_t status)
{
	switch (status) {
	case ESP_OK:
		return;
	case ESP_ERR_NVS_NOT_ENOUGH_SPACE:
		bindingThrow(the, "storage-full");
		return;
	case ESP_FAIL:
		bindingThrow(the, "storage-worn");
		return;
	default:
		bindingThrow(the, "storage-unreadable");
	}
}

// What fails while it writes will fail again, whatever the flash below calls it.
static void throwIfNotWritten(xsMachine *the, esp_err_t status)
{
	bool isNamed = status == ESP_OK || status == ESP_ERR_NVS_NOT_ENOUGH_SPACE;
	throwIf(the, isNamed ? status : ESP_FAIL);
}

void xs_nvs_destructor(void *data)
{
	NVS nvs = data;
	if (nvs) {
		nvs_close(nvs->handle);
		free(nvs);
	}
}

static NVS receiver(xsMachine *the)
{
	NVS nvs = xsmcGetHostDataValidate(xsThis, (void *)xs_nvs_destructor);
	if (!nvs)
		xsUnknownError("key-value store: closed");
	return nvs;
}

static NVS writableReceiver(xsMachine *the)
{
	NVS nvs = receiver(the);
	if (nvs->isReadOnly)
		xsUnknownError("key-value store: read only");
	return nvs;
}

static void keyArgument(xsMachine *the, char key[kBindingNameBytes])
{
	if (xsmcArgc < 1)
		xsTypeError("key: missing");
	bindingName(the, &xsArg(0), "key", key);
}

void xs_nvs_constructor(xsMachine *the)
{
	char path[kBindingNameBytes];
	char format[kBindingNameBytes];
	xsmcVars(1);
	bindingOption(the, &xsVar(0), "path");
	bindingName(the, &xsVar(0), "path", path);
	if (!strcmp(path, kNvsKeysNamespace))
		xsRangeError("path: private keys stay in C");
	bindingOption(the, &xsVar(0), "format");
	bindingName(the, &xsVar(0), "format", format);
	if (strcmp(format, "buffer"))
		xsTypeError("format: only \"buffer\" is known");
	bool isReadOnly = bindingIsReadOnly(the, &xsVar(0));
	NVS nvs = calloc(1, sizeof(*nvs));
	if (!nvs)
		xsUnknownError("key-value store: no memory");
	esp_err_t status = nvsOpen(path, isReadOnly ? NVS_READONLY : NVS_READWRITE, &nvs->handle);
	if (status != ESP_OK) {
		free(nvs);
		throwIf(the, status);
	}
	nvs->isReadOnly = isReadOnly;
	xsmcSetHostData(xsThis, nvs);
}

void xs_nvs_close(xsMachine *the)
{
	NVS nvs = xsmcGetHostDataValidate(xsThis, (void *)xs_nvs_destructor);
	if (!nvs)
		return;
	xsmcSetHostData(xsThis, NULL);
	xs_nvs_destructor(nvs);
}

void xs_nvs_read(xsMachine *the)
{
	char key[kBindingNameBytes];
	NVS nvs = receiver(the);
	keyArgument(the, key);
	size_t length = 0;
	esp_err_t status = nvs_get_blob(nvs->handle, key, NULL, &length);
	if (status == ESP_ERR_NVS_NOT_FOUND)
		return;
	throwIf(the, status);
	// What another program wrote: more than a value may have.
	if (length > kNvsValueBytesMax)
		throwIf(the, ESP_ERR_NVS_INVALID_LENGTH);
	xsmcSetArrayBuffer(xsResult, NULL, (xsIntegerValue)length);
	status = nvs_get_blob(nvs->handle, key, xsmcToArrayBuffer(xsResult), &length);
	if (status == ESP_ERR_NVS_NOT_FOUND) {
		xsmcSetUndefined(xsResult);
		return;
	}
	throwIf(the, status);
}

void xs_nvs_write(xsMachine *the)
{
	char key[kBindingNameBytes];
	size_t length;
	NVS nvs = writableReceiver(the);
	keyArgument(the, key);
	if (xsmcArgc < 2)
		xsTypeError("value: missing");
	const uint8_t *value = bindingBytes(the, &xsArg(1), "value", &length);
	if (length > kNvsValueBytesMax)
		xsRangeError("value: too long");
	esp_err_t status = nvs_set_blob(nvs->handle, key, value, length);
	if (status == ESP_OK)
		status = nvs_commit(nvs->handle);
	throwIfNotWritten(the, status);
}

void xs_nvs_delete(xsMachine *the)
{
	char key[kBindingNameBytes];
	NVS nvs = writableReceiver(the);
	keyArgument(the, key);
	esp_err_t status = nvs_erase_key(nvs->handle, key);
	if (status == ESP_ERR_NVS_NOT_FOUND)
		return;
	if (status == ESP_OK)
		status = nvs_commit(nvs->handle);
	throwIfNotWritten(the, status);
}

// The key at a position, or undefined after the last: the iterator is gone before script goes on.
static esp_err_t keyAt(nvs_handle_t handle, uint32_t position, nvs_entry_info_t *info)
{
	nvs_iterator_t iterator = NULL;
	esp_err_t status = nvs_entry_find_in_handle(handle, NVS_TYPE_ANY, &iterator);
	for (uint32_t index = 0; status == ESP_OK && index < position; index++)
		status = nvs_entry_next(&iterator);
	if (status == ESP_OK)
		status = nvs_entry_info(iterator, info);
	nvs_release_iterator(iterator);
	return status;
}

void xs_nvs_keys(xsMachine *the)
{
	nvs_entry_info_t info;
	NVS nvs = receiver(the);
	xsmcVars(1);
	xsmcSetNewArray(xsResult, 0);
	esp_err_t status = ESP_OK;
	for (uint32_t position = 0; status == ESP_OK; position++) {
		status = keyAt(nvs->handle, position, &info);
		if (status != ESP_OK)
			break;
		xsmcSetString(xsVar(0), info.key);
		xsmcSetIndex(xsResult, position, xsVar(0));
	}
	if (status != ESP_ERR_NVS_NOT_FOUND)
		throwIf(the, status);
}

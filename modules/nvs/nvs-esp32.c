// Opens the partition "hf-nvs" of the chip, encrypted where NVS encryption is configured. The keys
// are those of the default partition, which the SDK's start-up makes on the first boot; this file
// only reads them, since new keys would make everything unreadable that is there.

#include "nvs-interface.h"

#include "wipe.h"
#include "nvs_flash.h"
#include "sdkconfig.h"

static bool gIsOpen = false;

#if CONFIG_NVS_ENCRYPTION
static esp_err_t openPartition(void)
{
	nvs_sec_cfg_t keys;
	nvs_sec_scheme_t *scheme = nvs_flash_get_default_security_scheme();
	if (!scheme)
		return ESP_ERR_NVS_INVALID_STATE;
	esp_err_t error = nvs_flash_read_security_cfg_v2(scheme, &keys);
	if (error == ESP_OK)
		error = nvs_flash_secure_init_partition(kNvsPartition, &keys);
	wipe(&keys, sizeof(keys));
	return error;
}
#else
static esp_err_t openPartition(void)
{
	return nvs_flash_init_partition(kNvsPartition);
}
#endif

bool nvsIsEncrypted(void)
{
#if CONFIG_NVS_ENCRYPTION
	return gIsOpen;
#else
	return false;
#endif
}

esp_err_t nvsOpen(const char *name, nvs_open_mode_t mode, nvs_handle_t *handle)
{
	if (!gIsOpen) {
		esp_err_t error = openPartition();
		if (error == ESP_ERR_NO_MEM)
			return error;
		// Whatever it was, it is not that a key or a namespace is missing.
		if (error != ESP_OK)
			return ESP_ERR_NVS_INVALID_STATE;
		gIsOpen = true;
	}
	return nvs_open_from_partition(kNvsPartition, name, mode, handle);
}

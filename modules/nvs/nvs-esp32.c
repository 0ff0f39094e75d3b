// Opens the partition "hf-nvs" of the chip, encrypted where NVS encryption is configured. The keys
// are those of the default partition, which the SDK's start-up makes on the first boot; this file
// only reads them, since new keys would make everything unreadable that is there. The default
// partition itself is emptied when it seems to be why the chip starts again and again.

#include "nvs-interface.h"

#include "wipe.h"
#include "esp_attr.h"
#include "esp_partition.h"
#include "esp_private/startup_internal.h"
#include "esp_system.h"
#include "nvs_flash.h"
#include "sdkconfig.h"

// Starts in a row that ended in a panic before script came to open anything.
#define kNvsPanicsMax 3

static bool gIsOpen = false;
static RTC_NOINIT_ATTR uint32_t gPanics;

// Story: 1. the SDK's start-up opens the default partition, and aborts where it cannot; 2. the chip
// starts again, for ever, and no script ever runs. Nothing of ours lies there, and the drivers make
// theirs anew. Only so late, and with the count begun anew, because this runs before the scheduler:
// should it fail itself, the chip is no worse off.
ESP_SYSTEM_INIT_FN(nvsDefaultPartition, SECONDARY, BIT(0), 300)
{
	gPanics = esp_reset_reason() == ESP_RST_PANIC ? gPanics + 1 : 0;
	if (gPanics < kNvsPanicsMax)
		return ESP_OK;
	gPanics = 0;
	const esp_partition_t *found = esp_partition_find_first(ESP_PARTITION_TYPE_DATA,
		ESP_PARTITION_SUBTYPE_DATA_NVS, "nvs");
	if (found)
		esp_partition_erase_range(found, 0, found->size);
	return ESP_OK;
}

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
	gPanics = 0;
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

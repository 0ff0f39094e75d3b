// The storage of the chip that is played: flash that is encrypted, and NVS by the rules that the
// Linux host keeps.

#include <stdlib.h>
#include <string.h>
#include "esp_partition.h"
#include "nvs_flash.h"

static uint8_t gFlash[1024 * 1024];
// Of two partitions on the same flash: nobody opens both here.
static esp_partition_t gPartition = { .type = ESP_PARTITION_TYPE_DATA, .erase_size = 4096,
	.label = "outbox or log", .encrypted = true };

static uint8_t maskAt(size_t offset)
{
	return (uint8_t)(0x35 ^ offset * 7);
}

const esp_partition_t *esp_partition_find_first(esp_partition_type_t type,
	esp_partition_subtype_t subtype, const char *label)
{
	const char *size = getenv("HOLDFAST_FLASH_KIB");
	(void)type;
	(void)subtype;
	if (strcmp(label, "outbox") != 0 && strcmp(label, "log") != 0)
		return NULL;
	if (gPartition.size == 0) {
		gPartition.size = (size ? (uint32_t)atoi(size) : 256) * 1024;
		memset(gFlash, 0xff, sizeof(gFlash));
	}
	return &gPartition;
}

esp_err_t esp_partition_read_raw(const esp_partition_t *partition, size_t src_offset, void *dst,
	size_t size)
{
	memcpy(dst, gFlash + src_offset, size);
	return src_offset + size <= partition->size ? ESP_OK : ESP_FAIL;
}

esp_err_t esp_partition_read(const esp_partition_t *partition, size_t src_offset, void *dst,
	size_t size)
{
	esp_err_t error = esp_partition_read_raw(partition, src_offset, dst, size);
	for (size_t index = 0; index < size; index++)
		((uint8_t *)dst)[index] ^= maskAt(src_offset + index);
	return error;
}

esp_err_t esp_partition_write(const esp_partition_t *partition, size_t dst_offset, const void *src,
	size_t size)
{
	for (size_t index = 0; index < size; index++)
		gFlash[dst_offset + index] &= ((const uint8_t *)src)[index] ^ maskAt(dst_offset + index);
	return dst_offset + size <= partition->size ? ESP_OK : ESP_FAIL;
}

esp_err_t esp_partition_erase_range(const esp_partition_t *partition, size_t offset, size_t size)
{
	memset(gFlash + offset, 0xff, size);
	return offset + size <= partition->size ? ESP_OK : ESP_FAIL;
}

nvs_sec_scheme_t *nvs_flash_get_default_security_scheme(void)
{
	static nvs_sec_scheme_t scheme;
	return &scheme;
}

esp_err_t nvs_flash_read_security_cfg_v2(nvs_sec_scheme_t *scheme_cfg, nvs_sec_cfg_t *cfg)
{
	memset(cfg, 1, sizeof(*cfg));
	return scheme_cfg ? ESP_OK : ESP_FAIL;
}

esp_err_t nvs_flash_secure_init_partition(const char *partition_label, nvs_sec_cfg_t *cfg)
{
	return cfg && !strcmp(partition_label, "hf-nvs") ? ESP_OK : ESP_FAIL;
}

// The rules of NVS are those that the Linux host keeps, in the same functions.
esp_err_t nvs_open(const char *namespace_name, nvs_open_mode_t open_mode, nvs_handle_t *out_handle);

esp_err_t nvs_open_from_partition(const char *part_name, const char *namespace_name,
	nvs_open_mode_t open_mode, nvs_handle_t *out_handle)
{
	if (strcmp(part_name, "hf-nvs") != 0)
		return ESP_FAIL;
	return nvs_open(namespace_name, open_mode, out_handle);
}

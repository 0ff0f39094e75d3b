// The chip's flash partitions, NVS partition and entropy source over an ESP-IDF that is written
// here, from its documentation: storage NAME. Ends with 0, or says what is wrong and aborts.

#include <string.h>
#include "bootloader_random.h"
#include "entropy-source.h"
#include "esp_partition.h"
#include "esp_private/startup_internal.h"
#include "esp_system.h"
#include "facts.h"
#include "flash-partition.h"
#include "nvs-interface.h"
#include "nvs_flash.h"

#define kBlocks 3
#define kBytes (kBlocks * kFlashPartitionBlockBytes)
#define kUnit kFlashPartitionUnitBytes

// ---------------------------------------------------------------- flash of the chip

static uint8_t gFlash[kBytes];
static esp_partition_t gPartition = { .type = ESP_PARTITION_TYPE_DATA, .size = kBytes,
	.erase_size = kFlashPartitionBlockBytes, .label = "outbox" };
static bool gIsWorn; // programs and erases do not take, and nobody says so
static bool gIsDead; // no access succeeds
static esp_partition_t gDefault = { .type = ESP_PARTITION_TYPE_DATA,
	.subtype = ESP_PARTITION_SUBTYPE_DATA_NVS, .size = 0x6000, .erase_size = 4096, .label = "nvs" };
static int gDefaultErases;
static uint32_t gPrograms;

// Stands for encryption: what is programmed depends on place and key.
static uint8_t maskAt(size_t offset)
{
	return (uint8_t)(gPartition.encrypted ? 0x35 ^ offset * 7 : 0);
}

const esp_partition_t *esp_partition_find_first(esp_partition_type_t type,
	esp_partition_subtype_t subtype, const char *label)
{
	if (type == gDefault.type && subtype == gDefault.subtype && !strcmp(label, gDefault.label))
		return &gDefault;
	bool isOurs = type == ESP_PARTITION_TYPE_DATA && subtype == ESP_PARTITION_SUBTYPE_ANY;
	return isOurs && !strcmp(label, gPartition.label) ? &gPartition : NULL;
}

esp_err_t esp_partition_read_raw(const esp_partition_t *partition, size_t src_offset, void *dst,
	size_t size)
{
	check(partition == &gPartition && src_offset + size <= kBytes);
	memcpy(dst, gFlash + src_offset, size);
	return gIsDead ? ESP_FAIL : ESP_OK;
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
	check(partition == &gPartition && dst_offset + size <= kBytes);
	check(!partition->encrypted || (dst_offset % 16 == 0 && size % 16 == 0));
	gPrograms++;
	for (size_t index = 0; !gIsWorn && index < size; index++)
		gFlash[dst_offset + index] &= ((const uint8_t *)src)[index] ^ maskAt(dst_offset + index);
	return gIsDead ? ESP_FAIL : ESP_OK;
}

esp_err_t esp_partition_erase_range(const esp_partition_t *partition, size_t offset, size_t size)
{
	if (partition == &gDefault) {
		check(offset == 0 && size == gDefault.size);
		gDefaultErases++;
		return gIsDead ? ESP_FAIL : ESP_OK;
	}
	check(partition == &gPartition && offset + size <= kBytes && size > 0);
	check(offset % 4096 == 0 && size % 4096 == 0);
	if (!gIsWorn)
		memset(gFlash + offset, 0xff, size);
	return gIsDead ? ESP_FAIL : ESP_OK;
}

static FlashPartition opened(void)
{
	FlashPartition partition = NULL;
	memset(gFlash, 0xff, sizeof(gFlash));
	check(flashPartitionOpen("outbox", false, &partition) == 0);
	check(flashPartitionBytes(partition) == kBytes);
	return partition;
}

// Every part of flash reads as units 1 and 2 of `units`, and 0xff beside them.
static void checkReads(FlashPartition partition, const uint8_t units[2 * kUnit])
{
	uint8_t expected[4 * kUnit], found[4 * kUnit];
	memset(expected, 0xff, sizeof(expected));
	memcpy(expected + kUnit, units, 2 * kUnit);
	for (uint32_t from = 0; from < sizeof(expected); from++) {
		for (uint32_t to = from; to <= sizeof(expected); to++) {
			memset(found, 0x11, sizeof(found));
			check(flashPartitionRead(partition, from, found, to - from) == 0);
			check(memcmp(found, expected + from, to - from) == 0);
			check(to - from == sizeof(found) || found[to - from] == 0x11);
		}
	}
}

static void programming(void)
{
	uint8_t units[2 * kUnit], block[kFlashPartitionBlockBytes];
	for (size_t index = 0; index < sizeof(units); index++)
		units[index] = (uint8_t)(index < kUnit ? index : 0xff - index);
	FlashPartition partition = opened();
	check(flashPartitionWrite(partition, kUnit, units, sizeof(units)) == 0);
	checkReads(partition, units);
	uint32_t programs = gPrograms;
	check(flashPartitionWrite(partition, kUnit, units, kUnit) == kFlashPartitionProgrammed);
	check(flashPartitionWrite(partition, 0, units, 2 * kUnit) == kFlashPartitionProgrammed);
	check(flashPartitionWrite(partition, 1, units, kUnit) == kFlashPartitionAlignment);
	check(flashPartitionWrite(partition, 0, units, kUnit - 1) == kFlashPartitionAlignment);
	check(flashPartitionWrite(partition, kBytes, units, kUnit) == kFlashPartitionRange);
	check(flashPartitionWrite(partition, 0xffffffe0, units, kUnit) == kFlashPartitionRange);
	check(gPrograms == programs);
	// The end of the partition, which is no multiple of what is read at a time.
	check(flashPartitionWrite(partition, kBytes - kUnit, units, kUnit) == 0);
	check(flashPartitionRead(partition, kBytes - 4096, block, 4096) == 0);
	check(memcmp(block + 4096 - kUnit, units, kUnit) == 0 && block[4096 - kUnit - 1] == 0xff);
	check(flashPartitionRead(partition, kBytes - 1, block, 2) == kFlashPartitionRange);
	check(flashPartitionErase(partition, 0, 1) == 0);
	memset(units, 0xff, sizeof(units));
	checkReads(partition, units);
	check(flashPartitionErase(partition, 1, 1) == kFlashPartitionRange);
	check(flashPartitionErase(partition, 2, 4) == kFlashPartitionRange);
	check(flashPartitionErase(partition, 0, kBlocks) == 0);
	flashPartitionClose(partition);
}

static void encrypted(void)
{
	gPartition.encrypted = true;
	programming();
}

static void worn(void)
{
	uint8_t units[kUnit] = { 1, 2, 3 };
	FlashPartition partition = opened();
	gIsWorn = true;
	check(flashPartitionWrite(partition, 0, units, kUnit) == kFlashPartitionWorn);
	gIsWorn = false;
	check(flashPartitionWrite(partition, 0, units, kUnit) == 0);
	gIsWorn = true;
	check(flashPartitionErase(partition, 0, 1) == kFlashPartitionWorn);
	gIsWorn = false;
	check(flashPartitionErase(partition, 0, 1) == 0);
	gIsDead = true;
	check(flashPartitionRead(partition, 0, units, kUnit) == kFlashPartitionUnreadable);
	check(flashPartitionErase(partition, 0, 1) == kFlashPartitionWorn);
	flashPartitionClose(partition);
}

static void table(void)
{
	FlashPartition partition = NULL;
	check(flashPartitionOpen("log", false, &partition) == kFlashPartitionMissing && !partition);
	gPartition.erase_size = 65536;
	check(flashPartitionOpen("outbox", false, &partition) == kFlashPartitionUnreadable);
	gPartition.erase_size = 4096;
	gPartition.size = kBytes + 512;
	check(flashPartitionOpen("outbox", false, &partition) == kFlashPartitionUnreadable);
}

// ---------------------------------------------------------------- NVS of the chip

static esp_err_t gKeysError, gInitError;
static int gInits;
static char gOpened[64];

nvs_sec_scheme_t *nvs_flash_get_default_security_scheme(void)
{
	static nvs_sec_scheme_t scheme;
	return &scheme;
}

esp_err_t nvs_flash_read_security_cfg_v2(nvs_sec_scheme_t *scheme_cfg, nvs_sec_cfg_t *cfg)
{
	check(scheme_cfg != NULL);
	memset(cfg, 0x77, sizeof(*cfg));
	return gKeysError;
}

esp_err_t nvs_flash_secure_init_partition(const char *partition_label, nvs_sec_cfg_t *cfg)
{
	check(!strcmp(partition_label, "hf-nvs") && cfg->eky[0] == 0x77 && cfg->tky[31] == 0x77);
	gInits++;
	return gInitError;
}

esp_err_t nvs_open_from_partition(const char *part_name, const char *namespace_name,
	nvs_open_mode_t open_mode, nvs_handle_t *out_handle)
{
	snprintf(gOpened, sizeof(gOpened), "%s/%s/%d", part_name, namespace_name, (int)open_mode);
	*out_handle = 7;
	return ESP_OK;
}

static void storing(void)
{
	static const esp_err_t errors[] = { ESP_FAIL, 0x105, ESP_ERR_NVS_NOT_FOUND, 0x110d, 0x1110,
		ESP_ERR_NVS_NOT_ENOUGH_SPACE, 0xf001 };
	nvs_handle_t handle = 0;
	check(!nvsIsEncrypted());
	// Whatever is wrong with partition or keys has one name, and is tried again by the next call.
	for (size_t index = 0; index < sizeof(errors) / sizeof(errors[0]); index++) {
		gInitError = errors[index];
		check(nvsOpen("hf-config", NVS_READONLY, &handle) == ESP_ERR_NVS_INVALID_STATE);
		gInitError = ESP_OK;
		gKeysError = errors[index];
		check(nvsOpen("hf-config", NVS_READWRITE, &handle) == ESP_ERR_NVS_INVALID_STATE);
		gKeysError = ESP_OK;
	}
	gInitError = ESP_ERR_NO_MEM;
	check(nvsOpen("hf-config", NVS_READONLY, &handle) == ESP_ERR_NO_MEM);
	gInitError = ESP_OK;
	check(gOpened[0] == 0 && !nvsIsEncrypted());
	gInits = 0;
	check(nvsOpen("hf-config", NVS_READWRITE, &handle) == ESP_OK && handle == 7 && gInits == 1);
	check(!strcmp(gOpened, "hf-nvs/hf-config/1") && nvsIsEncrypted());
	check(nvsOpen("hf-keys", NVS_READONLY, &handle) == ESP_OK && gInits == 1);
	check(!strcmp(gOpened, "hf-nvs/hf-keys/0"));
}

// As the chip's start-up finds it.
extern esp_err_t __esp_system_init_fn_nvsDefaultPartition(void);

static esp_reset_reason_t gReason;

esp_reset_reason_t esp_reset_reason(void)
{
	return gReason;
}

// A start of the chip; `isFine` where script gets so far as to open something.
static void started(esp_reset_reason_t reason, bool isFine)
{
	nvs_handle_t handle;
	gReason = reason;
	check(__esp_system_init_fn_nvsDefaultPartition() == ESP_OK);
	if (isFine)
		check(nvsOpen("hf-config", NVS_READONLY, &handle) == ESP_OK);
}

static void restarting(void)
{
	for (int round = 0; round < 5; round++) {
		started(ESP_RST_PANIC, true);
		started(ESP_RST_PANIC, false);
		started(ESP_RST_PANIC, false);
		started(ESP_RST_SW, false);
		started(ESP_RST_PANIC, false);
		started(ESP_RST_PANIC, false);
		started(ESP_RST_TASK_WDT, true);
	}
	check(gDefaultErases == 0);
	started(ESP_RST_POWERON, false);
	for (int round = 1; round <= 7; round++) {
		started(ESP_RST_PANIC, false);
		check(gDefaultErases == round / 3);
		gIsDead = round > 3;
	}
	gDefault.label[0] = 'x'; // no such partition
	for (int round = 1; round <= 7; round++)
		started(ESP_RST_PANIC, false);
	check(gDefaultErases == 2);
}

// ---------------------------------------------------------------- where chance comes from

static int gSource; // 1: the converter is on

void bootloader_random_enable(void)
{
	check(gSource++ == 0);
}

void bootloader_random_disable(void)
{
	check(--gSource == 0);
}

static void chance(void)
{
	entropySourceRadio(false);
	check(gSource == 0); // nobody has asked yet
	entropySourceStart();
	entropySourceStart();
	check(gSource == 1);
	entropySourceRadio(true);
	entropySourceRadio(true);
	entropySourceStart();
	check(gSource == 0); // the radio feeds it, and needs the converter to itself
	entropySourceRadio(false);
	check(gSource == 1);
}

int main(int count, char **arguments)
{
	static const struct {
		const char *name;
		void (*run)(void);
	} uses[] = { { "programming", programming }, { "encrypted", encrypted }, { "worn", worn },
		{ "table", table }, { "storing", storing },
		{ "restarting", restarting }, { "chance", chance } };
	for (size_t index = 0; count == 2 && index < sizeof(uses) / sizeof(uses[0]); index++) {
		if (strcmp(uses[index].name, arguments[1]) == 0) {
			uses[index].run();
			return 0;
		}
	}
	return 2;
}

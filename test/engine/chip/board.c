// A chip made of nothing: the functions of ESP-IDF and of the SDK's timers that the chip's modules
// call, over the loop of the XS host on Linux, and functions by which script plays the world. Time
// goes faster here than outside.

#define _DEFAULT_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include "binding.h"
#include "board.h"
#include "bootloader_random.h"
#include "driver/usb_serial_jtag.h"
#include "esp_app_desc.h"
#include "esp_efuse_table.h"
#include "esp_flash_encrypt.h"
#include "esp_heap_caps.h"
#include "esp_mac.h"
#include "esp_ota_ops.h"
#include "esp_partition.h"
#include "esp_random.h"
#include "esp_secure_boot.h"
#include "esp_system.h"
#include "esp_task_wdt.h"
#include "esp_timer.h"
#include "loop.h"
#include "modTimer.h"
#include "nvs_flash.h"
#include "reset.h"

#define kBoardSpeed 20

// ---------------------------------------------------------------- the SDK's timers

struct modTimerRecord {
	LoopTaskRecord task;
	modTimerCallback call;
	int repeatMs;
	bool isRunning;
	bool isRemoved;
	int size;
	uint8_t data[16];
};

static void expire(LoopTask task)
{
	modTimer timer = task->data;
	timer->isRunning = true;
	timer->call(timer, timer->data, timer->size);
	timer->isRunning = false;
	if (timer->isRemoved || timer->repeatMs == 0)
		free(timer);
	else
		loopPostAt(task, loopNowMs() + (double)timer->repeatMs / kBoardSpeed);
}

modTimer modTimerAdd(int firstInterval, int secondInterval, modTimerCallback cb, void *refcon,
	int refconSize)
{
	modTimer timer = calloc(1, sizeof(*timer));
	if (!timer || refconSize > (int)sizeof(timer->data))
		abort();
	timer->call = cb;
	timer->repeatMs = secondInterval;
	timer->size = refconSize;
	if (refconSize > 0)
		memcpy(timer->data, refcon, (size_t)refconSize);
	timer->task.run = expire;
	timer->task.data = timer;
	loopPostAt(&timer->task, loopNowMs() + (double)firstInterval / kBoardSpeed);
	return timer;
}

void modTimerRemove(modTimer timer)
{
	timer->isRemoved = true;
	loopCancel(&timer->task);
	if (!timer->isRunning)
		free(timer);
}

// ---------------------------------------------------------------- time

int64_t esp_timer_get_time(void)
{
	return (int64_t)(loopNowMs() * 1000) * kBoardSpeed;
}

esp_err_t esp_timer_create(const esp_timer_create_args_t *create_args, esp_timer_handle_t *out)
{
	*out = (esp_timer_handle_t)(uintptr_t)create_args->callback;
	return ESP_OK;
}

esp_err_t esp_timer_start_periodic(esp_timer_handle_t timer, uint64_t period)
{
	return timer && period > 0 ? ESP_OK : ESP_FAIL;
}

esp_err_t esp_timer_stop(esp_timer_handle_t timer)
{
	return timer ? ESP_OK : ESP_FAIL;
}

esp_err_t esp_timer_delete(esp_timer_handle_t timer)
{
	return timer ? ESP_OK : ESP_FAIL;
}

static struct {
	int users, resets;
	bool isPanicking;
} gHardware;

esp_err_t esp_task_wdt_init(const esp_task_wdt_config_t *config)
{
	gHardware.isPanicking = config->trigger_panic;
	return ESP_OK;
}

esp_err_t esp_task_wdt_reconfigure(const esp_task_wdt_config_t *config)
{
	return esp_task_wdt_init(config);
}

esp_err_t esp_task_wdt_add_user(const char *user_name, esp_task_wdt_user_handle_t *user)
{
	gHardware.users++;
	*user = (esp_task_wdt_user_handle_t)(uintptr_t)user_name;
	return ESP_OK;
}

esp_err_t esp_task_wdt_reset_user(esp_task_wdt_user_handle_t user)
{
	gHardware.resets++;
	return user && gHardware.users > 0 ? ESP_OK : ESP_FAIL;
}

esp_err_t esp_task_wdt_delete_user(esp_task_wdt_user_handle_t user)
{
	gHardware.users--;
	return user ? ESP_OK : ESP_FAIL;
}

// ---------------------------------------------------------------- the chip

const esp_efuse_desc_t *ESP_EFUSE_DIS_PAD_JTAG[] = { NULL };
const esp_efuse_desc_t *ESP_EFUSE_DIS_USB_JTAG[] = { NULL };
const esp_efuse_desc_t *ESP_EFUSE_DIS_DOWNLOAD_MODE[] = { NULL };
const esp_efuse_desc_t *ESP_EFUSE_ENABLE_SECURITY_DOWNLOAD[] = { NULL };

bool esp_efuse_read_field_bit(const esp_efuse_desc_t *field[])
{
	return field == ESP_EFUSE_ENABLE_SECURITY_DOWNLOAD;
}

bool esp_secure_boot_enabled(void)
{
	return false;
}

esp_flash_enc_mode_t esp_get_flash_encryption_mode(void)
{
	return ESP_FLASH_ENC_MODE_DEVELOPMENT;
}

esp_err_t esp_efuse_mac_get_default(uint8_t *mac)
{
	memcpy(mac, "\x02\x00\x5e\x10\xaf\x01", 6);
	return ESP_OK;
}

esp_err_t esp_read_mac(uint8_t *mac, esp_mac_type_t type)
{
	return type == ESP_MAC_ETH ? esp_efuse_mac_get_default(mac) : ESP_FAIL;
}

const esp_app_desc_t *esp_app_get_description(void)
{
	static const esp_app_desc_t description = { .date = "Mar 18 2026" };
	return &description;
}

esp_err_t esp_ota_mark_app_valid_cancel_rollback(void)
{
	return ESP_FAIL; // it was not on trial
}

size_t heap_caps_get_free_size(uint32_t caps)
{
	return caps == (MALLOC_CAP_INTERNAL | MALLOC_CAP_8BIT) ? 100000 : 0;
}

size_t heap_caps_get_largest_free_block(uint32_t caps)
{
	return heap_caps_get_free_size(caps) / 2;
}

size_t heap_caps_get_minimum_free_size(uint32_t caps)
{
	return heap_caps_get_free_size(caps) / 4;
}

esp_reset_reason_t esp_reset_reason(void)
{
	return ESP_RST_POWERON;
}

void esp_restart(void)
{
	resetRestart("software");
}

void esp_fill_random(void *buf, size_t len)
{
	if (getrandom(buf, len, 0) != (ssize_t)len)
		abort();
}

int gBoardConverter;

void bootloader_random_enable(void)
{
	gBoardConverter++;
}

void bootloader_random_disable(void)
{
	gBoardConverter--;
}

// ---------------------------------------------------------------- storage

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

// ---------------------------------------------------------------- the serial line

static uint8_t gLine[8192];
static size_t gLineBytes;
static bool gIsUnplugged;

esp_err_t usb_serial_jtag_driver_install(usb_serial_jtag_driver_config_t *config)
{
	gLineBytes = 0;
	return config->rx_buffer_size >= 2048 && config->tx_buffer_size >= 256 ? ESP_OK : ESP_FAIL;
}

esp_err_t usb_serial_jtag_driver_uninstall(void)
{
	return ESP_OK;
}

// At the other end somebody sends everything back in capitals.
int usb_serial_jtag_write_bytes(const void *src, size_t size, uint32_t ticks_to_wait)
{
	if (gIsUnplugged || size > sizeof(gLine) - gLineBytes || ticks_to_wait != 0)
		return 0;
	for (size_t index = 0; index < size; index++) {
		uint8_t byte = ((const uint8_t *)src)[index];
		gLine[gLineBytes++] = byte >= 'a' && byte <= 'z' ? (uint8_t)(byte - 32) : byte;
	}
	return (int)size;
}

int usb_serial_jtag_read_bytes(void *buf, uint32_t length, uint32_t ticks_to_wait)
{
	size_t count = length < gLineBytes ? length : gLineBytes;
	if (ticks_to_wait != 0)
		abort();
	memcpy(buf, gLine, count);
	gLineBytes -= count;
	memmove(gLine, gLine + count, gLineBytes);
	return (int)count;
}

// ---------------------------------------------------------------- the world, for script

// set(what, number): what the chip's surroundings do from now on.
void xs_board_set(xsMachine *the)
{
	char what[24];
	bindingText(the, &xsArg(0), "what", what, sizeof(what));
	uint32_t number = bindingInteger(the, &xsArg(1), "number", 0xffff);
	if (!strcmp(what, "unplugged"))
		gIsUnplugged = number != 0;
	else if (!boardNetworkSet(what, number))
		xsRangeError("what: unknown");
}

void boardNumber(xsMachine *the, const char *name, double value)
{
	xsmcSetNumber(xsVar(0), value);
	xsmcSet(xsResult, xsID(name), xsVar(0));
}

// see(): what the modules did to the chip.
void xs_board_see(xsMachine *the)
{
	xsmcVars(1);
	xsmcSetNewObject(xsResult);
	boardNetworkSee(the);
	boardNumber(the, "isConverterOn", gBoardConverter);
	boardNumber(the, "watchdogUsers", gHardware.users);
	boardNumber(the, "watchdogResets", gHardware.resets);
	boardNumber(the, "isWatchdogPanicking", gHardware.isPanicking);
}

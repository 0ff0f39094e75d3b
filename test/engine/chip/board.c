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
#include "driver/gpio.h"
#include "driver/uart.h"
#include "driver/usb_serial_jtag.h"
#include "esp_app_desc.h"
#include "esp_efuse_table.h"
#include "esp_flash_encrypt.h"
#include "esp_heap_caps.h"
#include "esp_mac.h"
#include "esp_ota_ops.h"
#include "esp_random.h"
#include "esp_secure_boot.h"
#include "esp_system.h"
#include "esp_task_wdt.h"
#include "esp_timer.h"
#include "loop.h"
#include "modTimer.h"
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
		boardFail("no room for a timer");
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
		boardFail("no random numbers");
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

// ---------------------------------------------------------------- the serial line

static uint8_t gLine[8192];
static size_t gLineBytes;
static bool gIsUnplugged;

// At the other end somebody sends everything back in capitals.
static int sendLine(const void *src, size_t size)
{
	if (gIsUnplugged || size > sizeof(gLine) - gLineBytes)
		return 0;
	for (size_t index = 0; index < size; index++) {
		uint8_t byte = ((const uint8_t *)src)[index];
		gLine[gLineBytes++] = byte >= 'a' && byte <= 'z' ? (uint8_t)(byte - 32) : byte;
	}
	return (int)size;
}

static int receiveLine(void *buf, uint32_t length, uint32_t ticks_to_wait)
{
	size_t count = length < gLineBytes ? length : gLineBytes;
	if (ticks_to_wait != 0)
		boardFail("somebody waits for the serial line");
	memcpy(buf, gLine, count);
	gLineBytes -= count;
	memmove(gLine, gLine + count, gLineBytes);
	return (int)count;
}

esp_err_t usb_serial_jtag_driver_install(usb_serial_jtag_driver_config_t *config)
{
	gLineBytes = 0;
	return config->rx_buffer_size >= 2048 && config->tx_buffer_size >= 256 ? ESP_OK : ESP_FAIL;
}

esp_err_t usb_serial_jtag_driver_uninstall(void)
{
	return ESP_OK;
}

int usb_serial_jtag_write_bytes(const void *src, size_t size, uint32_t ticks_to_wait)
{
	return ticks_to_wait == 0 ? sendLine(src, size) : -1;
}

int usb_serial_jtag_read_bytes(void *buf, uint32_t length, uint32_t ticks_to_wait)
{
	return receiveLine(buf, length, ticks_to_wait);
}

esp_err_t uart_driver_install(uart_port_t uart_num, int rx_buffer_size, int tx_buffer_size,
	int queue_size, QueueHandle_t *uart_queue, int intr_alloc_flags)
{
	gLineBytes = 0;
	bool isPlain = queue_size == 0 && !uart_queue && intr_alloc_flags == 0 && uart_num == 0;
	return isPlain && rx_buffer_size >= 2048 && tx_buffer_size >= 256 ? ESP_OK : ESP_FAIL;
}

esp_err_t uart_driver_delete(uart_port_t uart_num)
{
	return uart_num == 0 ? ESP_OK : ESP_FAIL;
}

esp_err_t uart_param_config(uart_port_t uart_num, const uart_config_t *uart_config)
{
	return uart_num == 0 && uart_config->baud_rate == 115200 ? ESP_OK : ESP_FAIL;
}

int uart_read_bytes(uart_port_t uart_num, void *buf, uint32_t length, uint32_t ticks_to_wait)
{
	return uart_num == 0 ? receiveLine(buf, length, ticks_to_wait) : -1;
}

// The real one waits for room, and with it the engine would: nobody may ask for that.
int uart_write_bytes(uart_port_t uart_num, const void *src, size_t size)
{
	if (gIsUnplugged)
		boardFail("somebody waits for room in the UART");
	return uart_num == 0 ? sendLine(src, size) : -1;
}

esp_err_t uart_get_tx_buffer_free_size(uart_port_t uart_num, size_t *size)
{
	*size = gIsUnplugged ? 3 : sizeof(gLine) - gLineBytes;
	return uart_num == 0 ? ESP_OK : ESP_FAIL;
}

// ---------------------------------------------------------------- the light

static int gBlinks;
static uint32_t gLight;

esp_err_t gpio_set_direction(gpio_num_t gpio_num, gpio_mode_t mode)
{
	return gpio_num == 2 && mode == GPIO_MODE_OUTPUT ? ESP_OK : ESP_FAIL;
}

esp_err_t gpio_set_level(gpio_num_t gpio_num, uint32_t level)
{
	gBlinks += gLight != level;
	gLight = level;
	return gpio_num == 2 ? ESP_OK : ESP_FAIL;
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
	boardNumber(the, "blinks", gBlinks);
	boardNumber(the, "light", gLight);
	boardNumber(the, "watchdogUsers", gHardware.users);
	boardNumber(the, "watchdogResets", gHardware.resets);
	boardNumber(the, "isWatchdogPanicking", gHardware.isPanicking);
}

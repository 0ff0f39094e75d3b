// The system port on the chip. What the image says about its own safety is read from the chip's
// eFuses where the chip knows it, and from the configuration it was built with otherwise.

#include <stdio.h>
#include "../nvs/nvs-interface.h"
#include "../watchdog/watchdog-esp32.h"
#include "binding.h"
#include "mc.defines.h"
#include "modTimer.h"
#include "sdkconfig.h"
#include "system-build-time.h"
#include "esp_app_desc.h"
#include "esp_efuse.h"
#include "esp_efuse_table.h"
#include "esp_flash_encrypt.h"
#include "esp_heap_caps.h"
#include "esp_mac.h"
#include "esp_ota_ops.h"
#include "esp_secure_boot.h"
#include "esp_system.h"
#if defined(MODDEF_SYSTEM_IDENTIFYPIN)
	#include "driver/gpio.h"
#endif

// Of the memory that Wi-Fi and TLS take theirs from.
#define kSystemMemory (MALLOC_CAP_INTERNAL | MALLOC_CAP_8BIT)
#define kSystemBlinkMs 250
#define kSystemBlinks 20

void xs_system_destructor(void *data);
static const xsHostHooks kSystemHooks = { xs_system_destructor, NULL, NULL };
static uint8_t gSystem;

void xs_system_destructor(void *data)
{
	(void)data;
}

void xs_system_constructor(xsMachine *the)
{
	xsmcSetHostData(xsThis, &gSystem);
	xsSetHostHooks(xsThis, (xsHostHooks *)&kSystemHooks);
}

// ---------------------------------------------------------------- restart

static void restart(modTimer timer, void *data, int length)
{
	(void)timer;
	(void)data;
	(void)length;
	esp_restart();
}

// Once the running turn is over; at once when there is no memory even for that.
void xs_system_restart(xsMachine *the)
{
	xsmcGetHostDataValidate(xsThis, (void *)&kSystemHooks);
	watchdogWillRestart();
	if (!modTimerAdd(0, 0, restart, NULL, 0))
		esp_restart();
}

void xs_system_mark_image_valid(xsMachine *the)
{
	xsmcGetHostDataValidate(xsThis, (void *)&kSystemHooks);
	// An image that was never on trial is refused, and none the worse.
	esp_ota_mark_app_valid_cancel_rollback();
}

// ---------------------------------------------------------------- facts

static void setNumber(xsMachine *the, const char *name, size_t number)
{
	xsmcSetNumber(xsVar(0), (double)number);
	xsmcSet(xsResult, xsID(name), xsVar(0));
}

static void setBoolean(xsMachine *the, const char *name, bool value)
{
	xsmcSetBoolean(xsVar(0), value);
	xsmcSet(xsResult, xsID(name), xsVar(0));
}

static void setText(xsMachine *the, const char *name, const char *text)
{
	xsmcSetString(xsVar(0), (char *)(uintptr_t)text);
	xsmcSet(xsResult, xsID(name), xsVar(0));
}

void xs_system_health(xsMachine *the)
{
	xsmcGetHostDataValidate(xsThis, (void *)&kSystemHooks);
	xsmcVars(1);
	xsmcSetNewObject(xsResult);
	setNumber(the, "freeHeapBytes", heap_caps_get_free_size(kSystemMemory));
	setNumber(the, "largestFreeBlockBytes", heap_caps_get_largest_free_block(kSystemMemory));
	setNumber(the, "minimumFreeHeapBytes", heap_caps_get_minimum_free_size(kSystemMemory));
}

static bool isDebugPortOpen(void)
{
#if CONFIG_IDF_TARGET_ESP32
	return !esp_efuse_read_field_bit(ESP_EFUSE_DISABLE_JTAG);
#else
	return !esp_efuse_read_field_bit(ESP_EFUSE_DIS_PAD_JTAG) ||
		!esp_efuse_read_field_bit(ESP_EFUSE_DIS_USB_JTAG);
#endif
}

// Whether the ROM's way to flash without the firmware also reads memory and runs code.
static bool isDownloadModeOpen(void)
{
#if CONFIG_IDF_TARGET_ESP32
	return !esp_efuse_read_field_bit(ESP_EFUSE_UART_DOWNLOAD_DIS);
#else
	return !esp_efuse_read_field_bit(ESP_EFUSE_DIS_DOWNLOAD_MODE) &&
		!esp_efuse_read_field_bit(ESP_EFUSE_ENABLE_SECURITY_DOWNLOAD);
#endif
}

#if CONFIG_BOOTLOADER_APP_ROLLBACK_ENABLE
	#define kSystemHasRollback true
#else
	#define kSystemHasRollback false
#endif
#if CONFIG_BOOTLOADER_SKIP_VALIDATE_ALWAYS || CONFIG_BOOTLOADER_SKIP_VALIDATE_ON_POWER_ON
	#define kSystemHasBootValidation false
#else
	#define kSystemHasBootValidation true
#endif
#if CONFIG_ESP_INT_WDT && CONFIG_ESP_TASK_WDT_EN && CONFIG_ESP_TASK_WDT_PANIC
	#define kSystemHasWatchdog true
#else
	#define kSystemHasWatchdog false
#endif
#if CONFIG_ESP_CONSOLE_NONE && !CONFIG_ESP_CONSOLE_SECONDARY_USB_SERIAL_JTAG
	#define kSystemHasConsole false
#else
	#define kSystemHasConsole true
#endif
#if CONFIG_ESP_COREDUMP_ENABLE_TO_NONE
	#define kSystemHasCoreDump false
#else
	#define kSystemHasCoreDump true
#endif
#if CONFIG_MBEDTLS_HAVE_TIME && CONFIG_MBEDTLS_HAVE_TIME_DATE
	#define kSystemHasCertificateDates true
#else
	#define kSystemHasCertificateDates false
#endif
#if CONFIG_MBEDTLS_SSL_PROTO_TLS1_2 && CONFIG_MBEDTLS_TLS_CLIENT_ONLY && \
	!CONFIG_MBEDTLS_SSL_PROTO_TLS1_3 && !CONFIG_MBEDTLS_SSL_PROTO_DTLS && \
	!CONFIG_MBEDTLS_SSL_RENEGOTIATION && !CONFIG_MBEDTLS_KEY_EXCHANGE_RSA && \
	!CONFIG_MBEDTLS_PSK_MODES && !CONFIG_MBEDTLS_ALLOW_WEAK_CERTIFICATE_VERIFICATION && \
	!CONFIG_ESP_TLS_INSECURE && !CONFIG_MBEDTLS_DEBUG
	#define kSystemHasStrictTLS true
#else
	#define kSystemHasStrictTLS false
#endif

// The facts of src/posture-facts.ts, by which `holdfast posture` judges a build.
void xs_system_posture(xsMachine *the)
{
	xsmcGetHostDataValidate(xsThis, (void *)&kSystemHooks);
	xsmcVars(1);
	xsmcSetNewObject(xsResult);
	setText(the, "host", CONFIG_IDF_TARGET);
	setBoolean(the, "secureBoot", esp_secure_boot_enabled());
	setBoolean(the, "flashEncryption",
		esp_get_flash_encryption_mode() == ESP_FLASH_ENC_MODE_RELEASE);
	setBoolean(the, "storageEncryption", nvsIsEncrypted());
	setBoolean(the, "debugPort", isDebugPortOpen());
	setBoolean(the, "downloadMode", isDownloadModeOpen());
	setBoolean(the, "rollback", kSystemHasRollback);
	setBoolean(the, "bootValidation", kSystemHasBootValidation);
	setBoolean(the, "watchdog", kSystemHasWatchdog);
	setBoolean(the, "console", kSystemHasConsole);
	setBoolean(the, "coreDump", kSystemHasCoreDump);
	setBoolean(the, "certificateDates", kSystemHasCertificateDates);
	setBoolean(the, "strictTLS", kSystemHasStrictTLS);
}

void xs_system_get_hardware_id(xsMachine *the)
{
	uint8_t address[6];
	char id[2 * sizeof(address) + 1];
	xsmcGetHostDataValidate(xsThis, (void *)&kSystemHooks);
	if (esp_efuse_mac_get_default(address) != ESP_OK)
		xsUnknownError("hardware id: cannot be read");
	for (size_t index = 0; index < sizeof(address); index++)
		snprintf(id + 2 * index, 3, "%02x", address[index]);
	xsmcSetString(xsResult, id);
}

void xs_system_get_build_time(xsMachine *the)
{
	xsmcGetHostDataValidate(xsThis, (void *)&kSystemHooks);
#if defined(MODDEF_SYSTEM_BUILDTIME)
	xsmcSetNumber(xsResult, (double)MODDEF_SYSTEM_BUILDTIME);
#else
	xsmcSetNumber(xsResult, (double)systemBuildTime(esp_app_get_description()->date));
#endif
}

// ---------------------------------------------------------------- identify

#if defined(MODDEF_SYSTEM_IDENTIFYPIN)
static int gBlinks = 0;

static void blink(modTimer timer, void *data, int length)
{
	(void)data;
	(void)length;
	gBlinks--;
	gpio_set_level(MODDEF_SYSTEM_IDENTIFYPIN, gBlinks & 1);
	if (gBlinks == 0)
		modTimerRemove(timer);
}

void xs_system_identify(xsMachine *the)
{
	xsmcGetHostDataValidate(xsThis, (void *)&kSystemHooks);
	if (gBlinks > 0)
		return;
	gpio_set_direction(MODDEF_SYSTEM_IDENTIFYPIN, GPIO_MODE_OUTPUT);
	if (modTimerAdd(0, kSystemBlinkMs, blink, NULL, 0))
		gBlinks = kSystemBlinks;
}
#else
// A board without a light prints, for whoever has a console on it.
void xs_system_identify(xsMachine *the)
{
	xsmcGetHostDataValidate(xsThis, (void *)&kSystemHooks);
	printf("board-identified\n");
}
#endif

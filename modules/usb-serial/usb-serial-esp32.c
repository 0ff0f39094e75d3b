// The serial port on the chip: its USB-Serial-JTAG controller where it has one, or else a UART
// behind a bridge (or where MODDEF_USBSERIAL_UART names one). Bytes wait in the driver's buffer and
// in ours; both directions are looked at every few milliseconds, and what has to wait is tried
// again.

#include <stdlib.h>
#include "binding.h"
#include "mc.defines.h"
#include "poll-esp32.h"
#include "sdkconfig.h"
#include "wipe.h"
#include "esp_err.h"

#if CONFIG_SOC_USB_SERIAL_JTAG_SUPPORTED && !defined(MODDEF_USBSERIAL_UART)
	#define kUSBSerialIsUSB 1
	#include "driver/usb_serial_jtag.h"
#else
	#define kUSBSerialIsUSB 0
	#include "driver/uart.h"
	#if !defined(MODDEF_USBSERIAL_UART)
		#define MODDEF_USBSERIAL_UART 0
	#endif
#endif

#define kUSBSerialBaud 115200
#define kUSBSerialLookMs 10
// The driver's: a third of a second at this speed, as long as a turn of script may well take.
#define kUSBSerialDriverReceiveBytes 4096
#define kUSBSerialDriverSendBytes 512
#define kUSBSerialReceiveBytes 1024
// SERIAL_WRITE_BYTES of the firmware.
#define kUSBSerialWriteBytes 128
// Looks after which bytes that nobody fetches are lost: one second.
#define kUSBSerialPatience 100

typedef struct USBSerialRecord USBSerialRecord, *USBSerial;
struct USBSerialRecord {
	PollRecord poll;
	xsSlot *onReadable;
	xsSlot *onWritable;
	bool isLooking;
	bool isClosed;
	bool isRoomTold;
	int patience;
	size_t received;
	size_t waiting;
	uint8_t input[kUSBSerialReceiveBytes];
	uint8_t output[kUSBSerialWriteBytes];
};

void xs_usb_serial_destructor(void *data);
static void xs_usb_serial_mark(xsMachine *the, void *it, xsMarkRoot markRoot);
static const xsHostHooks kUSBSerialHooks = {
	xs_usb_serial_destructor, xs_usb_serial_mark, NULL,
};

static bool gIsInUse = false;

// ---------------------------------------------------------------- the driver

#if kUSBSerialIsUSB
static esp_err_t openDriver(void)
{
	usb_serial_jtag_driver_config_t settings = {
		.tx_buffer_size = kUSBSerialDriverSendBytes,
		.rx_buffer_size = kUSBSerialDriverReceiveBytes,
	};
	return usb_serial_jtag_driver_install(&settings);
}

static void closeDriver(void)
{
	usb_serial_jtag_driver_uninstall();
}

static int receive(uint8_t *bytes, size_t length)
{
	return usb_serial_jtag_read_bytes(bytes, (uint32_t)length, 0);
}

// All or nothing.
static int transmit(const uint8_t *bytes, size_t length)
{
	return usb_serial_jtag_write_bytes(bytes, length, 0);
}
#else
static esp_err_t openDriver(void)
{
	const uart_config_t settings = {
		.baud_rate = kUSBSerialBaud,
		.data_bits = UART_DATA_8_BITS,
		.parity = UART_PARITY_DISABLE,
		.stop_bits = UART_STOP_BITS_1,
		.flow_ctrl = UART_HW_FLOWCTRL_DISABLE,
		.source_clk = UART_SCLK_DEFAULT,
	};
	esp_err_t error = uart_driver_install(MODDEF_USBSERIAL_UART, kUSBSerialDriverReceiveBytes,
		kUSBSerialDriverSendBytes, 0, NULL, 0);
	if (error != ESP_OK)
		return error;
	error = uart_param_config(MODDEF_USBSERIAL_UART, &settings);
	if (error != ESP_OK)
		uart_driver_delete(MODDEF_USBSERIAL_UART);
	return error;
}

static void closeDriver(void)
{
	uart_driver_delete(MODDEF_USBSERIAL_UART);
}

static int receive(uint8_t *bytes, size_t length)
{
	return uart_read_bytes(MODDEF_USBSERIAL_UART, bytes, (uint32_t)length, 0);
}

// All or nothing: more than there is room for would be waited for.
static int transmit(const uint8_t *bytes, size_t length)
{
	size_t room = 0;
	if (uart_get_tx_buffer_free_size(MODDEF_USBSERIAL_UART, &room) != ESP_OK || room < length)
		return 0;
	return uart_write_bytes(MODDEF_USBSERIAL_UART, bytes, length);
}
#endif

// ---------------------------------------------------------------- looks

// Provisioning brings passwords this way.
static void release(USBSerial serial)
{
	wipe(serial, sizeof(*serial));
	free(serial);
}

static void collect(USBSerial serial)
{
	size_t room = kUSBSerialReceiveBytes - serial->received;
	int count = room > 0 ? receive(serial->input + serial->received, room) : 0;
	if (count <= 0)
		return;
	serial->received += (size_t)count;
	pollTell(&serial->poll, serial->onReadable, (int)serial->received);
}

static void flush(USBSerial serial)
{
	if (serial->waiting > 0 && transmit(serial->output, serial->waiting) > 0)
		serial->waiting = 0;
	// Nobody has opened the port on the other side.
	if (serial->waiting > 0 && --serial->patience == 0)
		serial->waiting = 0;
	if (serial->waiting > 0 || serial->isRoomTold)
		return;
	serial->isRoomTold = true;
	pollTell(&serial->poll, serial->onWritable, kUSBSerialWriteBytes);
}

static void look(Poll poll)
{
	USBSerial serial = (USBSerial)poll;
	serial->isLooking = true;
	collect(serial);
	if (!serial->isClosed)
		flush(serial);
	serial->isLooking = false;
	if (serial->isClosed)
		release(serial);
}

// ---------------------------------------------------------------- what script calls

void xs_usb_serial_destructor(void *data)
{
	USBSerial serial = data;
	if (!serial)
		return;
	pollStop(&serial->poll);
	closeDriver();
	gIsInUse = false;
	serial->isClosed = true;
	if (!serial->isLooking)
		release(serial);
}

static void xs_usb_serial_mark(xsMachine *the, void *it, xsMarkRoot markRoot)
{
	USBSerial serial = it;
	if (!serial)
		return;
	if (serial->onReadable)
		(*markRoot)(the, serial->onReadable);
	if (serial->onWritable)
		(*markRoot)(the, serial->onWritable);
}

// The driver and the timer, or nothing.
static bool start(xsMachine *the, USBSerial serial)
{
	if (openDriver() != ESP_OK)
		return false;
	serial->poll.look = look;
	if (pollStart(the, &serial->poll, kUSBSerialLookMs))
		return true;
	closeDriver();
	return false;
}

void xs_usb_serial_constructor(xsMachine *the)
{
	xsSlot *onReadable = pollCallback(the, "onReadable");
	xsSlot *onWritable = pollCallback(the, "onWritable");
	if (gIsInUse)
		xsUnknownError("USB serial: in use");
	USBSerial serial = calloc(1, sizeof(*serial));
	if (!serial)
		xsUnknownError("USB serial: no memory");
	if (!start(the, serial)) {
		free(serial);
		xsUnknownError("USB serial: no driver");
	}
	gIsInUse = true;
	xsmcSetHostData(xsThis, serial);
	xsSetHostHooks(xsThis, (xsHostHooks *)&kUSBSerialHooks);
	serial->onReadable = onReadable;
	serial->onWritable = onWritable;
}

void xs_usb_serial_close(xsMachine *the)
{
	if (!xsmcGetHostData(xsThis))
		return;
	USBSerial serial = xsmcGetHostDataValidate(xsThis, (void *)&kUSBSerialHooks);
	xsmcSetHostData(xsThis, NULL);
	xsmcSetHostDestructor(xsThis, NULL);
	xs_usb_serial_destructor(serial);
}

void xs_usb_serial_read(xsMachine *the)
{
	USBSerial serial = xsmcGetHostDataValidate(xsThis, (void *)&kUSBSerialHooks);
	size_t count = serial->received;
	if (bindingHas(the, 0)) {
		uint32_t most = bindingInteger(the, &xsArg(0), "byteLength", 0x7fffffff);
		count = most < count ? most : count;
	}
	if (count == 0)
		return;
	xsmcSetArrayBuffer(xsResult, serial->input, (xsIntegerValue)count);
	serial->received -= count;
	memmove(serial->input, serial->input + count, serial->received);
	wipe(serial->input + serial->received, count);
}

void xs_usb_serial_write(xsMachine *the)
{
	size_t length;
	USBSerial serial = xsmcGetHostDataValidate(xsThis, (void *)&kUSBSerialHooks);
	if (xsmcArgc < 1)
		xsTypeError("bytes: missing");
	const uint8_t *bytes = bindingBytes(the, &xsArg(0), "bytes", &length);
	if (length > kUSBSerialWriteBytes - serial->waiting)
		xsRangeError("USB serial: no room");
	if (length == 0)
		return;
	memcpy(serial->output + serial->waiting, bytes, length);
	serial->waiting += length;
	serial->patience = kUSBSerialPatience;
	serial->isRoomTold = false;
}

// The flash partition port: arguments and errors here, flash below flash-partition.h.

#include "binding.h"
#include "flash-partition.h"

#include <stdlib.h>

typedef struct {
	FlashPartition partition;
	bool isReadOnly;
} FlashRecord;
typedef FlashRecord *Flash;

static void throwIf(xsMachine *the, int status)
{
	switch (status) {
	case 0:
		return;
	case kFlashPartitionRange:
		xsRangeError("flash: not inside the partition");
		return;
	case kFlashPartitionAlignment:
		xsTypeError("flash: not whole units");
		return;
	case kFlashPartitionProgrammed:
		xsRangeError("flash: unit programmed twice");
		return;
	case kFlashPartitionNoMemory:
		xsUnknownError("flash: no memory");
		return;
	case kFlashPartitionWorn:
		bindingThrow(the, "storage-worn");
		return;
	default:
		bindingThrow(the, "storage-unreadable");
	}
}

void xs_flash_partition_destructor(void *data)
{
	Flash flash = data;
	if (flash) {
		flashPartitionClose(flash->partition);
		free(flash);
	}
}

static Flash receiver(xsMachine *the)
{
	Flash flash = xsmcGetHostDataValidate(xsThis, (void *)xs_flash_partition_destructor);
	if (!flash)
		xsUnknownError("flash partition: closed");
	return flash;
}

static Flash writableReceiver(xsMachine *the)
{
	Flash flash = receiver(the);
	if (flash->isReadOnly)
		xsUnknownError("flash partition: read only");
	return flash;
}

static uint32_t integerArgument(xsMachine *the, int index, const char *what, uint32_t most)
{
	if (xsmcArgc <= index)
		xsTypeError("%s: missing", what);
	return bindingInteger(the, &xsArg(index), what, most);
}

void xs_flash_partition_constructor(xsMachine *the)
{
	char label[kFlashPartitionLabelMax + 1];
	xsmcVars(1);
	bindingOption(the, &xsVar(0), "path");
	bindingName(the, &xsVar(0), "path", label);
	bool isReadOnly = bindingIsReadOnly(the, &xsVar(0));
	Flash flash = calloc(1, sizeof(*flash));
	if (!flash)
		throwIf(the, kFlashPartitionNoMemory);
	int status = flashPartitionOpen(label, isReadOnly, &flash->partition);
	if (status != 0) {
		free(flash);
		throwIf(the, status);
	}
	flash->isReadOnly = isReadOnly;
	xsmcSetHostData(xsThis, flash);
}

void xs_flash_partition_close(xsMachine *the)
{
	Flash flash = xsmcGetHostDataValidate(xsThis, (void *)xs_flash_partition_destructor);
	xsmcSetHostData(xsThis, NULL);
	xs_flash_partition_destructor(flash);
}

void xs_flash_partition_read(xsMachine *the)
{
	Flash flash = receiver(the);
	uint32_t bytes = flashPartitionBytes(flash->partition);
	uint32_t length = integerArgument(the, 0, "byteLength", bytes);
	uint32_t offset = integerArgument(the, 1, "byteOffset", bytes - length);
	xsmcSetArrayBuffer(xsResult, NULL, (xsIntegerValue)length);
	uint8_t *buffer = xsmcToArrayBuffer(xsResult);
	throwIf(the, flashPartitionRead(flash->partition, offset, buffer, length));
}

void xs_flash_partition_write(xsMachine *the)
{
	Flash flash = writableReceiver(the);
	uint32_t offset = integerArgument(the, 1, "byteOffset", flashPartitionBytes(flash->partition));
	size_t length;
	const uint8_t *bytes = bindingBytes(the, &xsArg(0), "bytes", &length);
	if (length > flashPartitionBytes(flash->partition))
		throwIf(the, kFlashPartitionRange);
	throwIf(the, flashPartitionWrite(flash->partition, offset, bytes, (uint32_t)length));
}

void xs_flash_partition_erase_block(xsMachine *the)
{
	Flash flash = writableReceiver(the);
	uint32_t blocks = flashPartitionBytes(flash->partition) / kFlashPartitionBlockBytes;
	uint32_t start = integerArgument(the, 0, "start", blocks - 1);
	uint32_t end = bindingHas(the, 1) ? integerArgument(the, 1, "end", blocks) : start + 1;
	throwIf(the, flashPartitionErase(flash->partition, start, end));
}

static void setNumber(xsMachine *the, const char *name, uint32_t number)
{
	xsmcSetNumber(xsVar(0), number);
	xsmcSet(xsResult, xsID(name), xsVar(0));
}

void xs_flash_partition_status(xsMachine *the)
{
	Flash flash = receiver(the);
	uint32_t bytes = flashPartitionBytes(flash->partition);
	xsmcVars(1);
	xsmcSetNewObject(xsResult);
	setNumber(the, "size", bytes);
	setNumber(the, "blockLength", kFlashPartitionBlockBytes);
	setNumber(the, "blocks", bytes / kFlashPartitionBlockBytes);
	setNumber(the, "writeAlign", kFlashPartitionUnitBytes);
	setNumber(the, "eraseValue", kFlashPartitionErased);
}

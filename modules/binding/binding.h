// What the one C file of a module that knows XS needs again and again: arguments into C locals, and
// errors of a port out of C. Everything here can throw: hold nothing unattached meanwhile.

#ifndef BINDING_H
#define BINDING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include "xsmc.h"
#if defined(ESP_PLATFORM) || defined(ESP32)
	#include "xsHost.h"
#endif

// The argument is there and not undefined: a compiler may pass on fewer than a method declares.
static inline bool bindingHas(xsMachine *the, int index)
{
	return xsmcArgc > index && xsmcTypeOf(xsArg(index)) != xsUndefinedType;
}

// Throws an error with a stable code, as the ports have them.
static inline void bindingThrow(xsMachine *the, const char *code)
{
	int index = xsmcVars(2);
	xsmcSetString(xsVar(index), (char *)code);
	xsmcNew(xsVar(index + 1), xsGlobal, xsID("Error"), &xsVar(index), NULL);
	xsmcSet(xsVar(index + 1), xsID("code"), xsVar(index));
	xsmcSetString(xsVar(index), "PortError");
	// Where Error.prototype is frozen, as on the chip, its name forbids to set another one.
	xsmcDefine(xsVar(index + 1), xsID("name"), xsVar(index), xsDontEnum);
	xsThrow(xsVar(index + 1));
}

// A string of at most `size` less 1 bytes into `text`. `what` names it in the error.
static inline void bindingText(xsMachine *the, xsSlot *slot, const char *what, char *text,
	size_t size)
{
	xsType type = xsmcTypeOf(*slot);
	// A literal of a module that is preloaded lies in flash, and is of the second type.
	if (type != xsStringType && type != xsStringXType)
		xsTypeError("%s: not a string", what);
	const char *string = xsmcToString(*slot);
	size_t length = strlen(string);
	if (length >= size)
		xsRangeError("%s: too long", what);
	memcpy(text, string, length + 1);
}

// A name as NVS has them: 1 to 15 characters of printable ASCII.
#define kBindingNameBytes 16

static inline void bindingName(xsMachine *the, xsSlot *slot, const char *what,
	char name[kBindingNameBytes])
{
	bindingText(the, slot, what, name, kBindingNameBytes);
	for (const char *at = name; *at; at++) {
		if (*at < ' ' || *at > '~')
			xsTypeError("%s: not printable ASCII", what);
	}
	if (!*name)
		xsTypeError("%s: empty", what);
}

// The bytes of an ArrayBuffer or a view. They move with the next allocation on the machine: read
// all other arguments before.
static inline const uint8_t *bindingBytes(xsMachine *the, xsSlot *slot, const char *what,
	size_t *length)
{
	void *bytes = NULL;
	xsUnsignedValue count = 0;
	// Anything else would be asked for a byteLength, and believed.
	bool isBuffer = xsmcTypeOf(*slot) == xsReferenceType &&
		(xsmcIsInstanceOf(*slot, xsArrayBufferPrototype) ||
			xsmcIsInstanceOf(*slot, xsTypedArrayPrototype));
	if (!isBuffer || xsmcGetBufferReadable(*slot, &bytes, &count) != xsBufferRelocatable)
		xsTypeError("%s: neither ArrayBuffer nor Uint8Array", what);
	*length = count;
	return bytes;
}

// An integer from 0 to `most`.
static inline uint32_t bindingInteger(xsMachine *the, xsSlot *slot, const char *what, uint32_t most)
{
	xsType type = xsmcTypeOf(*slot);
	if (type != xsIntegerType && type != xsNumberType)
		xsTypeError("%s: not a number", what);
	xsNumberValue number = xsmcToNumber(*slot);
	if (!(number >= 0 && number <= most))
		xsRangeError("%s: not in range", what);
	if ((xsNumberValue)(uint32_t)number != number)
		xsTypeError("%s: not an integer", what);
	return (uint32_t)number;
}

// The property `name` of the options object, which is argument 0, into `slot`.
static inline void bindingOption(xsMachine *the, xsSlot *slot, const char *name)
{
	if (xsmcArgc < 1 || xsmcTypeOf(xsArg(0)) != xsReferenceType)
		xsTypeError("options: not an object");
	xsmcGet(*slot, xsArg(0), xsID(name));
}

// Mode "r" of the options: read only. Without it "r+".
static inline bool bindingIsReadOnly(xsMachine *the, xsSlot *slot)
{
	char mode[3];
	bindingOption(the, slot, "mode");
	if (xsmcTypeOf(*slot) == xsUndefinedType)
		return false;
	bindingText(the, slot, "mode", mode, sizeof(mode));
	if (strcmp(mode, "r") && strcmp(mode, "r+"))
		xsTypeError("mode: neither \"r\" nor \"r+\"");
	return !mode[1];
}

#endif

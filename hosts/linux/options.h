// Reads the options objects of ECMA-419 constructors. For the one file of a class that knows XS.
#ifndef OPTIONS_H
#define OPTIONS_H

#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include "xsmc.h"

// xsArg(0), which must be an object.
static inline void optionsCheck(xsMachine *the)
{
	if (xsmcArgc < 1 || xsmcTypeOf(xsArg(0)) != xsReferenceType)
		xsTypeError("options: not an object");
}

// The function `name` of the options, or NULL. Valid for as long as it is marked.
static inline xsSlot *optionsCallback(xsMachine *the, const char *name)
{
	xsSlot value;
	xsmcGet(value, xsArg(0), xsID(name));
	if (xsmcTypeOf(value) == xsUndefinedType)
		return NULL;
	if (!xsmcIsCallable(value))
		xsTypeError("%s: not a function", name);
	return fxToReference(the, &value);
}

// A whole number from `least` to `most`.
static inline int optionsInteger(xsMachine *the, xsSlot value, const char *name, int least,
	int most)
{
	xsType type = xsmcTypeOf(value);
	if (type != xsIntegerType && type != xsNumberType)
		xsTypeError("%s: not an integer", name);
	double number = xsmcToNumber(value);
	if (!(floor(number) == number))
		xsTypeError("%s: not an integer", name);
	if (number < least || number > most)
		xsRangeError("%s: not in %d..%d", name, least, most);
	return (int)number;
}

// How many bytes to read: the optional argument of read(), else all that there are.
static inline int optionsByteLength(xsMachine *the, int available)
{
	if (xsmcArgc < 1 || xsmcTypeOf(xsArg(0)) == xsUndefinedType)
		return available;
	return optionsInteger(the, xsArg(0), "byteLength", 0, 0x7fffffff);
}

// The bytes of an ArrayBuffer or a view on one. The pointer lives until script or the collector
// runs.
static inline const uint8_t *optionsBytes(xsMachine *the, size_t *length)
{
	void *data;
	xsUnsignedValue count;
	if (xsmcArgc < 1 || xsmcTypeOf(xsArg(0)) != xsReferenceType)
		xsTypeError("bytes: neither ArrayBuffer nor Uint8Array");
	// An object of another class would be asked for its length, and believed.
	if (xsmcGetBufferReadable(xsArg(0), &data, &count) != xsBufferRelocatable)
		xsTypeError("bytes: neither ArrayBuffer nor Uint8Array");
	*length = count;
	return data;
}

#endif

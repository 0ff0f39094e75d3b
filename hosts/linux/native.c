// native(name) and Native(name), as the SDK's documentation describes them, so that the TypeScript
// of a module is the same text here and on the chip: C functions are found by name in this program.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdbool.h>
#include "xsAll.h"
#include "machine.h"

#define kNativeFunctionsMax 256
#define kNativeNameBytes 64

typedef struct {
	char name[kNativeNameBytes];
	txSlot function;
} NativeFunction;

static NativeFunction gFunctions[kNativeFunctionsMax];
static txUnsigned gFunctionCount = 0;

static void *addressOf(const char *name)
{
	return strncmp(name, "xs_", 3) ? NULL : dlsym(RTLD_DEFAULT, name);
}

static void checkName(txMachine *the, txString name, txSize size)
{
	bool isText = mxArgc > 0 &&
		(mxArgv(0)->kind == XS_STRING_KIND || mxArgv(0)->kind == XS_STRING_X_KIND);
	if (!isText)
		mxTypeError("native: name: not a string");
	fxToStringBuffer(the, mxArgv(0), name, size);
}

// One function object per name: a binding calls native() each time that it runs.
static void native(txMachine *the)
{
	char name[kNativeNameBytes];
	checkName(the, name, sizeof(name));
	for (txUnsigned index = 0; index < gFunctionCount; index++) {
		if (!strcmp(gFunctions[index].name, name)) {
			mxResult->kind = gFunctions[index].function.kind;
			mxResult->value = gFunctions[index].function.value;
			return;
		}
	}
	void *address = addressOf(name);
	if (!address)
		mxReferenceError("native: %s: no such function", name);
	if (gFunctionCount == kNativeFunctionsMax)
		mxRangeError("native: too many functions");
	fxNewHostFunction(the, (txCallback)(uintptr_t)address, 0, XS_NO_ID, XS_NO_ID);
	NativeFunction *entry = &gFunctions[gFunctionCount++];
	memcpy(entry->name, name, sizeof(name));
	entry->function.kind = the->stack->kind;
	entry->function.value = the->stack->value;
	fxRemember(the, &entry->function);
	mxPullSlot(mxResult);
}

// super() of a class that extends Native(name): an instance of the host prototype, which has the
// destructor, made an object of the class.
static void construct(txMachine *the)
{
	if (mxTarget->kind != XS_REFERENCE_KIND)
		mxTypeError("call: class");
	mxPushSlot(mxFunction);
	mxGetID(mxID(_prototype));
	txSlot *instance = fxNewHostInstance(the);
	mxPushSlot(mxTarget);
	mxGetID(mxID(_prototype));
	if (the->stack->kind == XS_REFERENCE_KIND)
		instance->value.instance.prototype = the->stack->value.reference;
	mxPop();
	mxPullSlot(mxResult);
}

static void nativeClass(txMachine *the)
{
	char name[kNativeNameBytes];
	checkName(the, name, sizeof(name));
	void *address = addressOf(name);
	if (!address)
		mxReferenceError("Native: %s: no such function", name);
	fxNewHostObject(the, (txDestructor)(uintptr_t)address);
	fxNewHostConstructor(the, construct, 0, XS_NO_ID);
	mxPullSlot(mxResult);
}

static void install(txMachine *the, txCallback callback, const char *name)
{
	txID id = fxNewNameC(the, (txString)name);
	fxNewHostFunction(the, callback, 1, (txInteger)id, XS_NO_ID);
	mxPush(mxGlobal);
	mxSetID(id);
	mxPop();
}

void machineInstallNatives(txMachine *the)
{
	fxBeginHost(the);
	install(the, native, "native");
	install(the, nativeClass, "Native");
	fxEndHost(the);
}

// The engine's platform half: allocation with the limits of the chip, modules from files, and what
// happens when script cannot go on. It knows nothing of the event loop, of sockets or of the
// device.
#include <limits.h>
#include <stdbool.h>
#include <sys/mman.h>
#include "xsAll.h"
#include "xsScript.h"
#include "machine.h"
#include "reset.h"

// Address space, not memory: chunks stay in one block, so that its end can be the limit.
#if INTPTR_MAX == INT64_MAX
#define kMachineReservedBytes ((txSize)1 << 30)
#else
#define kMachineReservedBytes ((txSize)1 << 28)
#endif
// Before the machine is sealed: room for parsing and evaluating any bundle of ours.
#define kMachineChunkBytes (1024 * 1024)
#define kMachineHeapCount (32 * 1024)
#define kMachineKeyCount (16 * 1024)
#define kMachineStackCount 4096
#define kMachineTextBytesMax 4096

// The engine defines it, but does not declare it in a header.
extern void fxGrowSlots(txMachine *the, txSize count);

static int32_t gChunkBytesBase = 0;
static int32_t gSlotCountBase = 0;
static txSlot *gStackBottom = NULL;
static MachineModule gModule = kMachineLoading;

Machine *machineMake(void)
{
	txCreation creation = {
		.initialChunkSize = kMachineChunkBytes,
		.incrementalChunkSize = kMachineChunkBytes,
		.initialHeapCount = kMachineHeapCount,
		.incrementalHeapCount = kMachineHeapCount / 4,
		.stackCount = kMachineStackCount,
		.initialKeyCount = kMachineKeyCount,
		.incrementalKeyCount = kMachineKeyCount / 4,
		.nameModulo = 1993,
		.symbolModulo = 127,
		.parserBufferSize = 1024 * 1024,
		.parserTableModulo = 1993,
		.staticSize = 0,
	};
	return fxCreateMachine(&creation, "holdfast", NULL, XS_NO_ID);
}

void machineDelete(Machine *the)
{
	// What was out of reach is released with the rest.
	if (gStackBottom)
		the->stackBottom = gStackBottom;
	fxDeleteMachine(the);
}

void fxCreateMachinePlatform(txMachine *the)
{
	the->promiseJobs = 0;
	the->isSealed = 0;
}

void fxDeleteMachinePlatform(txMachine *the)
{
	(void)the;
}

void fxQueuePromiseJobs(txMachine *the)
{
	the->promiseJobs = 1;
}

void machineRunJobs(txMachine *the)
{
	while (the->promiseJobs) {
		the->promiseJobs = 0;
		fxRunPromiseJobs(the);
	}
	fxEndJob(the);
	fxCheckUnhandledRejections(the, 1);
}

// ---------------------------------------------------------------- memory

static txSize pageRound(txSize size)
{
	txSize page = (txSize)sysconf(_SC_PAGESIZE);
	return ((size + page - 1) / page) * page;
}

// Hands out the next bytes of the one reserved region.
void *fxAllocateChunks(txMachine *the, txSize size)
{
	txByte *base;
	txByte *result;
	if (the->firstBlock) {
		base = (txByte *)the->firstBlock;
		result = the->firstBlock->limit;
	}
	else {
		base = mmap(NULL, (size_t)kMachineReservedBytes, PROT_NONE, MAP_PRIVATE | MAP_ANON, -1, 0);
		if (base == MAP_FAILED)
			return NULL;
		result = base;
	}
	if (size > kMachineReservedBytes - (txSize)(result - base))
		return NULL;
	txSize end = pageRound((txSize)(result - base) + size);
	if (mprotect(base, (size_t)end, PROT_READ | PROT_WRITE) != 0)
		return NULL;
	return result;
}

void fxFreeChunks(txMachine *the, void *chunks)
{
	(void)the;
	munmap(chunks, (size_t)kMachineReservedBytes);
}

txSlot *fxAllocateSlots(txMachine *the, txSize count)
{
	(void)the;
	return c_malloc((size_t)count * sizeof(txSlot));
}

void fxFreeSlots(txMachine *the, void *slots)
{
	(void)the;
	c_free(slots);
}

// Takes free slots out of reach for good: a rooted object with that many empty properties.
static void takeSlots(txMachine *the, txSize count)
{
	static txSlot ballast;
	if (count < 1)
		return;
	txSlot *instance = fxNewInstance(the);
	ballast = *the->stack;
	mxPop();
	fxRemember(the, &ballast);
	txSlot *last = instance;
	while (--count > 0) {
		last = last->next = fxNewSlot(the);
		last->flag = XS_INTERNAL_FLAG;
		last->kind = XS_UNDEFINED_KIND;
	}
}

void machineSeal(txMachine *the, const MachineLimits *limits)
{
	if (the->isSealed)
		mxUnknownError("memory: sealed already");
	if (limits->stackCount > the->stack - the->stackBottom)
		mxRangeError("stack: more than there is");
	fxCollect(the, XS_COMPACT_FLAG | XS_ORGANIC_FLAG);
	txSize free = (txSize)the->maximumHeapCount - (txSize)the->currentHeapCount;
	if (free < limits->slotCount)
		fxGrowSlots(the, limits->slotCount - free + 2);
	free = (txSize)the->maximumHeapCount - (txSize)the->currentHeapCount;
	takeSlots(the, free - limits->slotCount);
	the->minimumHeapCount = 0;
	txBlock *block = the->firstBlock;
	txSize room = (txSize)(block->limit - block->current);
	if (room < limits->chunkBytes) {
		// Garbage at once, but the block has grown for it.
		fxNewChunk(the, limits->chunkBytes);
		fxCollect(the, XS_COMPACT_FLAG | XS_ORGANIC_FLAG);
	}
	the->maximumChunksSize -= (txSize)(block->limit - block->current) - limits->chunkBytes;
	block->limit = block->current + limits->chunkBytes;
	the->minimumChunksSize = 0;
	the->peakHeapCount = the->currentHeapCount;
	the->peakChunksSize = the->currentChunksSize;
	gSlotCountBase = (int32_t)the->currentHeapCount;
	gChunkBytesBase = (int32_t)the->currentChunksSize;
	gStackBottom = the->stackBottom;
	// Below what lies on it now: on the chip the engine's own objects are not on the stack.
	the->stackBottom = the->stack - limits->stackCount;
	the->isSealed = 1;
}

MachineMemory machineMemory(txMachine *the, bool isCollecting)
{
	if (isCollecting)
		fxCollect(the, XS_COMPACT_FLAG | XS_ORGANIC_FLAG);
	return (MachineMemory){
		.chunkBytes = (int32_t)the->currentChunksSize,
		.chunkBytesPeak = (int32_t)the->peakChunksSize,
		.slotCount = (int32_t)the->currentHeapCount,
		.slotCountPeak = (int32_t)the->peakHeapCount,
		.slotBytes = (int32_t)sizeof(txSlot),
		.chunkBytesBase = gChunkBytesBase,
		.slotCountBase = gSlotCountBase,
	};
}

// ---------------------------------------------------------------- modules

static void moduleLoaded(txMachine *the)
{
	(void)the;
	gModule = kMachineLoaded;
}

static void moduleFailed(txMachine *the)
{
	gModule = kMachineFailed;
	mxException = *mxArgv(0);
	fxAbort(the, XS_UNHANDLED_EXCEPTION_EXIT);
}

MachineModule machineModule(void)
{
	return gModule;
}

void machineImport(txMachine *the, const char *path)
{
	txSlot *realm = mxProgram.value.reference->next->value.module.realm;
	fxBeginHost(the);
	mxPushStringC((txString)path);
	fxRunImport(the, realm, XS_NO_ID);
	mxDub();
	fxGetID(the, mxID(_then));
	mxCall();
	fxNewHostFunction(the, moduleLoaded, 1, XS_NO_ID, XS_NO_ID);
	fxNewHostFunction(the, moduleFailed, 1, XS_NO_ID, XS_NO_ID);
	mxRunCount(2);
	mxPop();
	fxEndHost(the);
}

// A relative specifier is a file beside its importer; the path of the first module is taken as it
// is.
txID fxFindModule(txMachine *the, txSlot *realm, txID moduleID, txSlot *specifier)
{
	char name[PATH_MAX];
	char path[PATH_MAX * 2];
	char real[PATH_MAX];
	(void)realm;
	fxToStringBuffer(the, specifier, name, sizeof(name));
	if (moduleID == XS_NO_ID)
		snprintf(path, sizeof(path), "%s", name);
	else {
		txString importer = fxGetKeyName(the, moduleID);
		const char *slash = c_strrchr(importer, '/');
		if (name[0] == '/')
			snprintf(path, sizeof(path), "%s", name);
		else if ((name[0] != '.') || !slash)
			return XS_NO_ID;
		else
			snprintf(path, sizeof(path), "%.*s%s", (int)(slash - importer) + 1, importer, name);
	}
	if (!realpath(path, real))
		return XS_NO_ID;
	return fxNewNameC(the, real);
}

static txScript *parseFile(txMachine *the, txString path)
{
	txParser parserRecord;
	txParser *parser = &parserRecord;
	txParserJump jump;
	txString name = NULL;
	txScript *volatile script = NULL;
	FILE *file = fopen(path, "re");
	if (!file)
		return NULL;
	fxInitializeParser(parser, the, the->parserBufferSize, the->parserTableModulo);
	parser->firstJump = &jump;
	if (c_setjmp(jump.jmp_buf) == 0) {
		parser->path = fxNewParserSymbol(parser, path);
		fxParserTree(parser, file, (txGetter)fgetc, 0, &name);
		fxParserHoist(parser);
		fxParserBind(parser);
		script = fxParserCode(parser);
	}
	fclose(file);
	fxTerminateParser(parser);
	return script;
}

void fxLoadModule(txMachine *the, txSlot *module, txID moduleID)
{
	txScript *script = parseFile(the, fxGetKeyName(the, moduleID));
	if (script)
		fxResolveModule(the, module, moduleID, script, C_NULL, C_NULL);
}

// ---------------------------------------------------------------- the end

static const char *reasonOf(int status)
{
	switch (status) {
	case XS_STACK_OVERFLOW_EXIT: return "stack overflow";
	case XS_NOT_ENOUGH_MEMORY_EXIT: return "memory full";
	case XS_NO_MORE_KEYS_EXIT: return "not enough keys";
	case XS_TOO_MUCH_COMPUTATION_EXIT: return "too much computation";
	case XS_UNHANDLED_EXCEPTION_EXIT: return "unhandled exception";
	case XS_UNHANDLED_REJECTION_EXIT: return "unhandled rejection";
	default: return "engine gave up";
	}
}

// The text of what was thrown: its stack, which begins with its message, where it has one.
static void exceptionText(txMachine *the, char *text, size_t size)
{
	snprintf(text, size, "an exception without a text");
	// A frame of C: the top one may be script that was left in the middle.
	fxBeginHost(the);
	mxPush(mxException);
	mxException = mxUndefined;
	txSlot *exception = the->stack;
	mxTry(the) {
		// Text is made in place: of a copy first.
		mxPushSlot(exception);
		fxToStringBuffer(the, the->stack, text, (txSize)size);
		mxPushSlot(exception);
		if (mxIsReference(the->stack)) {
			mxGetID(mxID(_stack));
			if (the->stack->kind == XS_STRING_KIND || the->stack->kind == XS_STRING_X_KIND)
				fxToStringBuffer(the, the->stack, text, (txSize)size);
		}
	}
	mxCatch(the) {
		mxException = mxUndefined;
	}
}

void fxAbort(txMachine *the, int status)
{
	static int isAborting = 0;
	static char text[kMachineTextBytesMax];
	const char *reason = reasonOf(status);
	bool isThrown = status == XS_UNHANDLED_EXCEPTION_EXIT || status == XS_UNHANDLED_REJECTION_EXIT;
	if (isThrown && !isAborting) {
		isAborting = 1;
		exceptionText(the, text, sizeof(text));
		resetFail(reason, text);
	}
	// As on the chip: what no script could handle ends in a restart, once the firmware runs.
	if (the->isSealed && !isThrown)
		resetAbort(reason);
	resetFail(reason, "");
}

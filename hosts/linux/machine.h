// The XS machine of this process: made once, loads modules from files, and its memory can be
// sealed.
#ifndef MACHINE_H
#define MACHINE_H

#include <stdbool.h>
#include <stdint.h>

// One machine, two names: the engine's own sources call its type otherwise than everyone else.
#ifdef __XSALL__
typedef struct sxMachine Machine;
#else
typedef struct xsMachineRecord Machine;
#endif

// What the heap may grow by once the script is loaded; from manifest.json, doubled for 64-bit
// slots.
typedef struct {
	int32_t chunkBytes;
	int32_t slotCount;
	int32_t stackCount; // in slots
} MachineLimits;

// Live and highest figures of the engine's heap.
typedef struct {
	int32_t chunkBytes;
	int32_t chunkBytesPeak;
	int32_t slotCount;
	int32_t slotCountPeak;
	int32_t slotBytes;
	// Live when the machine was sealed, and out of reach of the limits; 0 before.
	int32_t chunkBytesBase;
	int32_t slotCountBase;
} MachineMemory;

Machine *machineMake(void);
void machineDelete(Machine *the);
// Starts loading a module; whether that works shows in machineLoading once the jobs have run.
void machineImport(Machine *the, const char *path);
typedef enum { kMachineLoading, kMachineLoaded, kMachineFailed } MachineModule;
MachineModule machineModule(void);
// Runs promise jobs until there are none, then ends the process for a rejection that nobody
// handled.
void machineRunJobs(Machine *the);
// Collects, then fixes the heap at what is live plus `limits`. From then on running out is a reset.
void machineSeal(Machine *the, const MachineLimits *limits);
MachineMemory machineMemory(Machine *the, bool isCollecting);

// native.c
void machineInstallNatives(Machine *the);

#endif

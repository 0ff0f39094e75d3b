// The power of a storage test: cuts it at the Nth call that changes a file, and leaves behind what
// a disk may have then. Linked with --wrap for each of those calls.

#ifndef POWER_H
#define POWER_H

typedef enum {
	// All that was written, the interrupted call by half: what a killed process leaves.
	kPowerKept,
	// Only what was forced to disk: what a cut of power may leave.
	kPowerLost,
	// The sizes of now, with zeros in place of what was not forced to disk.
	kPowerZeros
} PowerMode;

#define kPowerExit 77

// From now on this process ends, with kPowerExit, at the `count`th call; never with 0. `path` is
// the file whose remains matter; what is there now counts as on disk.
void powerStart(const char *path, long count, PowerMode mode);
// Ends this process now.
void powerCut(void);
// From now on calls of this sort fail, with `code` as errno; the writes among them by half.
typedef enum { kPowerNone, kPowerWrite, kPowerSync, kPowerRename, kPowerTruncate } PowerCall;
void powerFail(PowerCall call, int code);

#endif

// How a life of the device ends, and what the next one is told: the program executes itself again,
// with reason and retained stage in its environment and the pseudo-terminal still open.
#ifndef RESET_H
#define RESET_H

#include <stdbool.h>
#include <stdint.h>

#define kResetStageBytes 15

// Reads what the last life left, and arms the handlers. First of all calls.
void resetBegin(char *const arguments[]);
const char *resetReason(void);
const char *resetStage(void);
uint32_t resetBoot(void);
// Keeps two files open across resets. The next life is told of them by resetKeptFiles, which is
// false in the first one.
void resetKeepFiles(int first, int second);
bool resetKeptFiles(int *first, int *second);
void resetRetain(const char *stage);

void resetWatchdogStart(uint32_t timeoutMs);
void resetWatchdogFeed(void);
void resetWatchdogStop(void);

// A restart that the firmware wants: done by the loop when the running turn is over.
void resetRequest(void);
bool resetIsRequested(void);
__attribute__((noreturn)) void resetRestart(const char *reason);
// The engine cannot go on: reported, then a restart.
__attribute__((noreturn)) void resetAbort(const char *reason);
// A mistake in script: reported with its stack, then the end of the program.
__attribute__((noreturn)) void resetFail(const char *reason, const char *stack);

// One line of JSON on standard output: {"event":NAME,KEY:TEXT}; without a key the event alone.
void resetReport(const char *event, const char *key, const char *text);
// Whether reports are JSON lines (a device) or text on standard error (a plain script).
void resetUseReports(bool isUsing);

#endif

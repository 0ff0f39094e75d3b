// Resets by execve of the running program: by a timer signal when the watchdog is not fed, by a
// fault of native code, by request. Everything that the signal handler uses is prepared beforehand.
// It does not decide when to feed.
#define _GNU_SOURCE
#include "reset.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define kResetExitAbort 71
#define kResetExitLost 72
#define kResetEnvironmentMax 256
// Milliseconds before a life that follows a crash: a firmware that cannot start must not occupy the
// machine.
#define kResetCrashPauseMs 500
#define kResetLineBytes 8192

static const char kProgram[] = "/proc/self/exe";

// The three variables stand first in the environment of the next life and are written in place.
static char gNextReason[] = "HOLDFAST_RESET=................";
static char gNextStage[] = "HOLDFAST_STAGE=...............";
static char gNextBoot[] = "HOLDFAST_BOOT=..........";
static char gNextFiles[] = "HOLDFAST_FILES=....................";
static char *gEnvironment[kResetEnvironmentMax + 5] = {
	gNextReason, gNextStage, gNextBoot, gNextFiles,
};
static char *const *gArguments;

static char gReason[sizeof("............................")] = "power-on";
static char gStage[kResetStageBytes + 1];
static uint32_t gBoot = 1;
static int gKeptFiles[2] = { -1, -1 };
static int gFiles[2] = { -1, -1 };
static timer_t gTimer;
static bool gHasTimer = false;
static uint32_t gTimeoutMs = 0;
static bool gIsRequested = false;
static bool gIsReporting = false;
static char gAlternateStack[64 * 1024];

extern char **environ;

// Overwrites the value after '='. Safe in a signal handler.
static void put(char *variable, size_t size, const char *value)
{
	size_t at = 0;
	while (variable[at] != '=')
		at++;
	at++;
	while (*value && at < size - 1)
		variable[at++] = *value++;
	variable[at] = 0;
}

static void putNumber(char *variable, size_t size, int64_t number)
{
	char text[24];
	snprintf(text, sizeof(text), "%lld", (long long)number);
	put(variable, size, text);
}

// Called from handlers too: nothing here allocates or locks.
static __attribute__((noreturn)) void again(const char *reason)
{
	put(gNextReason, sizeof(gNextReason), reason);
	syscall(SYS_close_range, 3U, ~0U, 4U /* CLOSE_RANGE_CLOEXEC */);
	for (int index = 0; index < 2; index++) {
		if (gFiles[index] >= 0)
			fcntl(gFiles[index], F_SETFD, 0);
	}
	execve(kProgram, gArguments, gEnvironment);
	_exit(kResetExitLost);
}

static void onExpired(int signal)
{
	(void)signal;
	again("watchdog");
}

#ifndef __SANITIZE_ADDRESS__
static void onFault(int signal)
{
	char text[] = "panic: signal ..\n";
	text[14] = (char)('0' + signal / 10);
	text[15] = (char)('0' + signal % 10);
	ssize_t written = write(STDERR_FILENO, text, sizeof(text) - 1);
	(void)written;
	again("panic");
}
#endif

// The power is switched off.
static void onOff(int signal)
{
	(void)signal;
	_exit(0);
}

static void handle(int signal, void (*handler)(int), int flags)
{
	struct sigaction action;
	memset(&action, 0, sizeof(action));
	action.sa_handler = handler;
	action.sa_flags = flags;
	sigemptyset(&action.sa_mask);
	sigaction(signal, &action, NULL);
}

static void armHandlers(void)
{
	stack_t stack;
	sigset_t none;
	memset(&stack, 0, sizeof(stack));
	stack.ss_sp = gAlternateStack;
	stack.ss_size = sizeof(gAlternateStack);
	sigaltstack(&stack, NULL);
	handle(SIGALRM, onExpired, SA_ONSTACK);
	handle(SIGPIPE, SIG_IGN, 0);
	handle(SIGINT, onOff, 0);
	handle(SIGTERM, onOff, 0);
#ifndef __SANITIZE_ADDRESS__
	handle(SIGSEGV, onFault, SA_ONSTACK);
	handle(SIGBUS, onFault, SA_ONSTACK);
	handle(SIGILL, onFault, SA_ONSTACK);
	handle(SIGFPE, onFault, SA_ONSTACK);
	handle(SIGABRT, onFault, SA_ONSTACK);
#endif
	// A life that began inside a handler inherits its mask.
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

static const char *take(const char *name)
{
	const char *value = getenv(name);
	return value ? value : "";
}

// The environment of the next life: ours first, then everything else that this one was given.
static void copyEnvironment(void)
{
	size_t count = 4;
	for (char **one = environ; *one && count < kResetEnvironmentMax + 4; one++) {
		if (strncmp(*one, "HOLDFAST_RESET=", 15) && strncmp(*one, "HOLDFAST_STAGE=", 15) &&
			strncmp(*one, "HOLDFAST_BOOT=", 14) && strncmp(*one, "HOLDFAST_FILES=", 15))
			gEnvironment[count++] = *one;
	}
	gEnvironment[count] = NULL;
}

void resetBegin(char *const arguments[])
{
	gArguments = arguments;
	if (*take("HOLDFAST_RESET")) {
		snprintf(gReason, sizeof(gReason), "%s", take("HOLDFAST_RESET"));
		snprintf(gStage, sizeof(gStage), "%s", take("HOLDFAST_STAGE"));
		gBoot = (uint32_t)strtoul(take("HOLDFAST_BOOT"), NULL, 10);
		char *next = NULL;
		gKeptFiles[0] = (int)strtol(take("HOLDFAST_FILES"), &next, 10);
		gKeptFiles[1] = *next == ',' ? (int)strtol(next + 1, NULL, 10) : -1;
	}
	copyEnvironment();
	put(gNextStage, sizeof(gNextStage), "");
	putNumber(gNextBoot, sizeof(gNextBoot), (int64_t)gBoot + 1);
	put(gNextFiles, sizeof(gNextFiles), "");
	armHandlers();
	if (!strcmp(gReason, "panic") || !strcmp(gReason, "abort")) {
		struct timespec pause = { 0, kResetCrashPauseMs * 1000000L };
		nanosleep(&pause, NULL);
	}
}

const char *resetReason(void)
{
	return gReason;
}

const char *resetStage(void)
{
	return gStage;
}

uint32_t resetBoot(void)
{
	return gBoot;
}

void resetKeepFiles(int first, int second)
{
	char text[24];
	gFiles[0] = first;
	gFiles[1] = second;
	snprintf(text, sizeof(text), "%d,%d", first, second);
	put(gNextFiles, sizeof(gNextFiles), text);
}

bool resetKeptFiles(int *first, int *second)
{
	*first = gKeptFiles[0];
	*second = gKeptFiles[1];
	return gKeptFiles[0] > 2 && gKeptFiles[1] > 2;
}

void resetRetain(const char *stage)
{
	put(gNextStage, sizeof(gNextStage), stage);
}

// ---------------------------------------------------------------- watchdog

static void arm(uint32_t timeoutMs)
{
	struct itimerspec when;
	memset(&when, 0, sizeof(when));
	when.it_value.tv_sec = (time_t)(timeoutMs / 1000);
	when.it_value.tv_nsec = (long)(timeoutMs % 1000) * 1000000L;
	timer_settime(gTimer, 0, &when, NULL);
}

void resetWatchdogStart(uint32_t timeoutMs)
{
	if (!gHasTimer)
		gHasTimer = timer_create(CLOCK_MONOTONIC, NULL, &gTimer) == 0;
	gTimeoutMs = timeoutMs;
	resetWatchdogFeed();
}

void resetWatchdogFeed(void)
{
	if (gHasTimer && gTimeoutMs > 0)
		arm(gTimeoutMs);
}

void resetWatchdogStop(void)
{
	gTimeoutMs = 0;
	if (gHasTimer)
		arm(0);
}

// ---------------------------------------------------------------- the end of a life

void resetRequest(void)
{
	gIsRequested = true;
}

bool resetIsRequested(void)
{
	return gIsRequested;
}

void resetRestart(const char *reason)
{
	again(reason);
}

void resetAbort(const char *reason)
{
	resetReport("device-aborted", "error", reason);
	again("abort");
}

void resetFail(const char *reason, const char *stack)
{
	if (gIsReporting)
		resetReport("device-aborted", "error", *stack ? stack : reason);
	fprintf(stderr, "%s%s%s\n", reason, *stack ? ": " : "", stack);
	_exit(kResetExitAbort);
}

void resetUseReports(bool isUsing)
{
	gIsReporting = isUsing;
}

// JSON escapes of `text` appended to `line`, as far as there is room for the end of the line.
static size_t escape(char *line, size_t at, size_t size, const char *text)
{
	for (; *text && at + 8 < size; text++) {
		unsigned char byte = (unsigned char)*text;
		if (byte == '"' || byte == '\\') {
			line[at++] = '\\';
			line[at++] = (char)byte;
		}
		else if (byte < 0x20)
			at += (size_t)snprintf(line + at, size - at, "\\u%04x", byte);
		else
			line[at++] = (char)byte;
	}
	return at;
}

void resetReport(const char *event, const char *key, const char *text)
{
	static char line[kResetLineBytes];
	size_t at = (size_t)snprintf(line, sizeof(line), "{\"event\":\"%s\"", event);
	if (key) {
		at += (size_t)snprintf(line + at, sizeof(line) - at, ",\"%s\":\"", key);
		at = escape(line, at, sizeof(line) - 4, text);
		line[at++] = '"';
	}
	line[at++] = '}';
	line[at++] = '\n';
	ssize_t written = write(STDOUT_FILENO, line, at);
	(void)written;
}

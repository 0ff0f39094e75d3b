// See watchdog-retained.h. The check word is a CRC-32: memory after power-on holds anything.

#include "watchdog-retained.h"

#include <stddef.h>
#include <string.h>

#define kMark 0x48664C32u // changes with the layout: an update finds a record of another firmware

static uint32_t checkOf(const WatchdogRetained *memory)
{
	const uint8_t *bytes = (const uint8_t *)memory;
	uint32_t sum = 0xFFFFFFFFu;
	for (size_t index = 0; index < offsetof(WatchdogRetained, check); index++) {
		sum ^= bytes[index];
		for (int bit = 0; bit < 8; bit++)
			sum = (sum >> 1) ^ (0xEDB88320u & (0u - (sum & 1u)));
	}
	return ~sum;
}

bool watchdogRetainedBegin(WatchdogRetained *memory, bool isPowerOn, WatchdogRetained *before)
{
	bool isWhole = !isPowerOn && memory->mark == kMark && memory->check == checkOf(memory);
	if (isWhole)
		memcpy(before, memory, sizeof(*before));
	else
		memset(before, 0, sizeof(*before));
	memset(memory, 0, sizeof(*memory));
	memory->mark = kMark;
	watchdogRetainedStage(memory, before->stage);
	return isWhole;
}

void watchdogRetainedStage(WatchdogRetained *memory, const char *stage)
{
	size_t at = 0;
	for (; stage[at] && at < kWatchdogStageBytes - 1; at++)
		memory->stage[at] = stage[at] >= ' ' && stage[at] <= '~' ? stage[at] : '?';
	memset(memory->stage + at, 0, kWatchdogStageBytes - at);
	memory->check = checkOf(memory);
}

void watchdogRetainedRestart(WatchdogRetained *memory)
{
	memory->isRestartWanted = 1;
	memory->check = checkOf(memory);
}

// In the order of esp_reset_reason_t. A voltage that dipped is a brown-out by another detector; a
// locked-up processor had a fault while it handled one.
static const char *const kReasons[] = { "unknown", "power-on", "external", "software", "panic",
	"watchdog", "watchdog", "watchdog", "unknown", "brownout", "external", "external", "external",
	"unknown", "brownout", "panic" };
#define kChipSoftware 3

const char *watchdogReason(int chipReason, bool isKnown, const WatchdogRetained *before)
{
	if (chipReason < 0 || chipReason >= (int)(sizeof(kReasons) / sizeof(kReasons[0])))
		return kReasons[0];
	// Story: 1. the engine has no memory, or its stack overflows; 2. the SDK restarts the chip, in
	// the second case without a word to anybody. What nobody announced is therefore the engine's.
	if (chipReason == kChipSoftware && isKnown && !before->isRestartWanted)
		return "abort";
	return kReasons[chipReason];
}

bool watchdogMayFeed(uint32_t sinceFeedMs, uint32_t timeoutMs, uint32_t hardwareMs,
	uint32_t tickMs)
{
	uint32_t most = timeoutMs + tickMs;
	return most > hardwareMs && sinceFeedMs < most - hardwareMs;
}

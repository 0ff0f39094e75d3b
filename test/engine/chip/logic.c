// What the chip's modules decide without the chip: logic NAME. Ends with 0, or says what is wrong
// and aborts.

#include <stddef.h>
#include <string.h>
#include "facts.h"
#include "system-build-time.h"
#include "watchdog-retained.h"
#include "wifi-state.h"

// ---------------------------------------------------------------- the last life

static void retaining(void)
{
	WatchdogRetained memory, before;
	memset(&memory, 0x5a, sizeof(memory)); // RTC memory after power-on
	check(!watchdogRetainedBegin(&memory, true, &before) && before.stage[0] == 0);
	watchdogRetainedStage(&memory, "connecting");
	check(watchdogRetainedBegin(&memory, false, &before));
	check(!strcmp(before.stage, "connecting") && !before.isRestartWanted);
	// The stage goes on until the next one; what the last life wanted does not.
	watchdogRetainedRestart(&memory);
	check(watchdogRetainedBegin(&memory, false, &before) && before.isRestartWanted);
	check(watchdogRetainedBegin(&memory, false, &before) && !before.isRestartWanted);
	check(!strcmp(before.stage, "connecting"));
	// Power was away, though the memory happens to be whole.
	check(!watchdogRetainedBegin(&memory, true, &before) && before.stage[0] == 0);
	watchdogRetainedStage(&memory, "a stage of more than fifteen characters");
	check(!strcmp(memory.stage, "a stage of more"));
	watchdogRetainedStage(&memory, "\001\xc3\xa4.");
	check(!strcmp(memory.stage, "???."));
}

static void damage(void)
{
	WatchdogRetained whole, memory, before;
	memset(&whole, 0, sizeof(whole));
	check(!watchdogRetainedBegin(&whole, false, &before));
	watchdogRetainedStage(&whole, "sampling");
	for (size_t bit = 0; bit < 8 * sizeof(whole); bit++) {
		memory = whole;
		((uint8_t *)&memory)[bit / 8] ^= (uint8_t)(1u << bit % 8);
		check(!watchdogRetainedBegin(&memory, false, &before) && before.stage[0] == 0);
		// It is whole again for the next life.
		check(watchdogRetainedBegin(&memory, false, &before));
	}
}

static void reasons(void)
{
	static const char *const expected[] = { "unknown", "power-on", "external", "abort", "panic",
		"watchdog", "watchdog", "watchdog", "unknown", "brownout", "external", "external", "external",
		"unknown", "brownout", "panic" };
	WatchdogRetained untold, wanted;
	memset(&untold, 0, sizeof(untold));
	wanted = untold;
	wanted.isRestartWanted = 1;
	for (int reason = 0; reason < 16; reason++) {
		bool isSoftware = reason == 3;
		check(!strcmp(watchdogReason(reason, true, &untold), expected[reason]));
		const char *announced = isSoftware ? "software" : expected[reason];
		check(!strcmp(watchdogReason(reason, true, &wanted), announced));
		// Memory of another firmware: nobody knows who restarted.
		check(!strcmp(watchdogReason(reason, false, &untold), announced));
	}
	check(!strcmp(watchdogReason(16, true, &untold), "unknown"));
	check(!strcmp(watchdogReason(-1, true, &untold), "unknown"));
}

// When the hardware fires after the last feeding of ours, with ticks that are late by `late`.
static uint32_t fires(uint32_t timeoutMs, uint32_t hardwareMs, uint32_t tickMs, uint32_t late)
{
	uint32_t fedMs = 0;
	for (uint32_t now = late; now < fedMs + hardwareMs; now += tickMs) {
		if (watchdogMayFeed(now, timeoutMs, hardwareMs, tickMs))
			fedMs = now;
	}
	return fedMs + hardwareMs;
}

static void feeding(void)
{
	static const uint32_t timeouts[] = { 1, 1000, 29999, 30000, 30001, 45000, 3600000 };
	static const uint32_t hardware[] = { 3000, 5000, 30000 };
	for (size_t index = 0; index < 7; index++) {
		for (size_t other = 0; other < 3; other++) {
			uint32_t most = timeouts[index] > hardware[other] ? timeouts[index] : hardware[other];
			for (uint32_t late = 0; late < 1000; late += 37) {
				uint32_t at = fires(timeouts[index], hardware[other], 1000, late);
				check(at >= most && at <= most + 1000);
			}
		}
	}
}

// ---------------------------------------------------------------- joining

static WiFiFacts facts(bool isAssociated, bool hasAddress, bool hasGateway, uint32_t disconnects)
{
	return (WiFiFacts){ isAssociated, hasAddress, hasGateway, disconnects };
}

static WiFiAction tick(WiFiState *state, uint32_t now, WiFiFacts seen)
{
	return wifiStateTick(state, now, &seen);
}

static bool isUp(const WiFiState *state, WiFiFacts seen)
{
	return wifiStateIsUp(state, &seen);
}

static bool isChanged(WiFiState *state, WiFiFacts seen)
{
	return wifiStateIsChanged(state, &seen);
}

static void joining(void)
{
	WiFiState state = { 0 };
	WiFiFacts away = facts(false, false, false, 0);
	check(tick(&state, 0, away) == kWiFiNothing);
	wifiStateJoin(&state, 0);
	check(tick(&state, 0, away) == kWiFiConnect);
	check(tick(&state, 1000, away) == kWiFiNothing);
	// Up is associated AND an address AND a gateway.
	check(!isUp(&state, facts(true, false, false, 0)) && !isUp(&state, facts(true, true, false, 0)));
	check(!isUp(&state, facts(true, false, true, 0)) && !isUp(&state, facts(false, true, true, 0)));
	check(isUp(&state, facts(true, true, true, 0)));
	check(tick(&state, 2000, facts(true, true, true, 0)) == kWiFiNothing);
	check(isChanged(&state, facts(true, true, true, 0)));
	check(!isChanged(&state, facts(true, true, true, 0)));
	// The address goes, the association stays: down, and nobody joins anew.
	check(isChanged(&state, facts(true, false, false, 0)));
	check(tick(&state, 3000, facts(true, false, false, 0)) == kWiFiNothing);
	// Out of range: at once again.
	check(tick(&state, 4000, facts(false, false, false, 1)) == kWiFiConnect);
	wifiStateLeave(&state);
	check(tick(&state, 90000, away) == kWiFiNothing && !isUp(&state, facts(true, true, true, 1)));
}

// Refused each time: the waits double from one second to thirty, and begin anew after a success.
static void waiting(void)
{
	WiFiState state = { 0 };
	uint32_t now = UINT32_MAX - 20000; // the clock wraps meanwhile
	uint32_t refusals = 0;
	static const uint32_t expected[] = { 1, 2, 4, 8, 16, 30, 30 };
	wifiStateJoin(&state, now);
	check(tick(&state, now, facts(false, false, false, 0)) == kWiFiConnect);
	for (size_t index = 0; index < 7; index++) {
		refusals++;
		check(tick(&state, now, facts(false, false, false, refusals)) == kWiFiNothing);
		uint32_t next = now + expected[index] * 1000;
		check(tick(&state, next - 1, facts(false, false, false, refusals)) == kWiFiNothing);
		check(tick(&state, next, facts(false, false, false, refusals)) == kWiFiConnect);
		now = next;
	}
	check(tick(&state, now, facts(true, false, false, refusals)) == kWiFiNothing);
	check(tick(&state, now, facts(false, false, false, refusals + 1)) == kWiFiConnect);
	check(tick(&state, now, facts(false, false, false, refusals + 2)) == kWiFiNothing);
	check(tick(&state, now + 1000, facts(false, false, false, refusals + 2)) == kWiFiConnect);
}

// No event comes, ever: attempts end by their time, and a success is seen all the same.
static void deaf(void)
{
	WiFiState state = { 0 };
	WiFiFacts away = facts(false, false, false, 0);
	int connects = 0, disconnects = 0;
	wifiStateJoin(&state, 0);
	for (uint32_t now = 0; now < 3600000; now += 1000) {
		WiFiAction action = tick(&state, now, away);
		connects += action == kWiFiConnect;
		disconnects += action == kWiFiDisconnect;
	}
	// One in 15 seconds of attempt and 30 of wait.
	check(connects >= 3600 / 46 && connects <= 3600 / 45 + 5);
	check(disconnects == connects || disconnects == connects - 1);
	check(tick(&state, 3600000, facts(true, true, true, 0)) == kWiFiNothing);
	check(isChanged(&state, facts(true, true, true, 0)));
}

// ---------------------------------------------------------------- build time

static void building(void)
{
	check(systemBuildTime("Jan  1 2026") == 1767225600 - 86400);
	check(systemBuildTime("Jan 01 2026") == 1767225600 - 86400);
	check(systemBuildTime("Mar  1 2024") - systemBuildTime("Feb 29 2024") == 86400);
	check(systemBuildTime("Dec 31 2099") == 4102358400 - 86400);
	static const char *const wrong[] = { "", "Jan  1 202", "Jan  1 20266", "jan  1 2026",
		"Foo  1 2026", "Jan  0 2026", "Jan 32 2026", "Jan  1 1970", "Jan x1 2026", "Jan  1 20x6",
		"Jan-01-2026" };
	for (size_t index = 0; index < sizeof(wrong) / sizeof(wrong[0]); index++)
		check(systemBuildTime(wrong[index]) == 0);
}

int main(int count, char **arguments)
{
	static const struct {
		const char *name;
		void (*run)(void);
	} uses[] = { { "retaining", retaining }, { "damage", damage }, { "reasons", reasons },
		{ "feeding", feeding }, { "joining", joining }, { "waiting", waiting }, { "deaf", deaf },
		{ "building", building } };
	for (size_t index = 0; count == 2 && index < sizeof(uses) / sizeof(uses[0]); index++) {
		if (strcmp(uses[index].name, arguments[1]) == 0) {
			uses[index].run();
			return 0;
		}
	}
	return 2;
}

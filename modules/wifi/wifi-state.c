// See wifi-state.h.

#include "wifi-state.h"

static void waitFrom(WiFiState *state, uint32_t nowMs, uint32_t waitMs)
{
	state->isAttempting = false;
	state->sinceMs = nowMs;
	state->waitMs = waitMs;
}

static uint32_t retryMs(uint8_t failures)
{
	uint32_t waitMs = kWiFiRetryMsMin;
	for (uint8_t count = 1; count < failures && waitMs < kWiFiRetryMsMax; count++)
		waitMs *= 2;
	return waitMs < kWiFiRetryMsMax ? waitMs : kWiFiRetryMsMax;
}

void wifiStateJoin(WiFiState *state, uint32_t nowMs)
{
	state->isWanted = true;
	state->wasAssociated = false;
	state->failures = 0;
	waitFrom(state, nowMs, 0);
}

void wifiStateLeave(WiFiState *state)
{
	state->isWanted = false;
	state->wasAssociated = false;
	state->isAttempting = false;
}

static WiFiAction failed(WiFiState *state, uint32_t nowMs, WiFiAction action)
{
	if (state->failures < UINT8_MAX)
		state->failures++;
	waitFrom(state, nowMs, retryMs(state->failures));
	return action;
}

static WiFiAction attempt(WiFiState *state, uint32_t nowMs, const WiFiFacts *facts)
{
	if (nowMs - state->sinceMs < state->waitMs)
		return kWiFiNothing;
	state->isAttempting = true;
	state->sinceMs = nowMs;
	state->disconnects = facts->disconnects;
	return kWiFiConnect;
}

WiFiAction wifiStateTick(WiFiState *state, uint32_t nowMs, const WiFiFacts *facts)
{
	if (!state->isWanted)
		return kWiFiNothing;
	if (facts->isAssociated) {
		state->isAttempting = false;
		state->wasAssociated = true;
		state->failures = 0;
		return kWiFiNothing;
	}
	if (state->wasAssociated) {
		// It was there until now: that is no failed attempt.
		state->wasAssociated = false;
		waitFrom(state, nowMs, 0);
	}
	if (!state->isAttempting)
		return attempt(state, nowMs, facts);
	if (facts->disconnects != state->disconnects)
		return failed(state, nowMs, kWiFiNothing);
	// The driver refuses a new attempt while it believes in the old one.
	if (nowMs - state->sinceMs >= kWiFiAttemptMs)
		return failed(state, nowMs, kWiFiDisconnect);
	return kWiFiNothing;
}

bool wifiStateIsUp(const WiFiState *state, const WiFiFacts *facts)
{
	return state->isWanted && facts->isAssociated && facts->hasAddress && facts->hasGateway;
}

bool wifiStateIsChanged(WiFiState *state, const WiFiFacts *facts)
{
	bool wasUp = state->wasUp;
	state->wasUp = wifiStateIsUp(state, facts);
	return state->wasUp != wasUp;
}

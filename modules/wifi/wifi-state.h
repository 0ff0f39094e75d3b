// When a station tries to join, and when it gives up an attempt. Knows nothing of XS, of the radio
// and of the time: it is shown what is, and says what to do. No step depends on having been told of
// an event.

#ifndef WIFI_STATE_H
#define WIFI_STATE_H

#include <stdbool.h>
#include <stdint.h>

// An attempt that has not succeeded by then is given up.
#define kWiFiAttemptMs 15000
// Between attempts: the first wait, doubled with each failure up to the last.
#define kWiFiRetryMsMin 1000
#define kWiFiRetryMsMax 30000

typedef enum { kWiFiNothing, kWiFiConnect, kWiFiDisconnect } WiFiAction;

typedef struct {
	bool isWanted;
	bool isAttempting;
	bool wasAssociated;
	bool wasUp; // at the last tick
	uint8_t failures; // in a row
	uint32_t sinceMs; // of the attempt, or of the wait for the next one
	uint32_t waitMs; // from then on
	uint32_t disconnects; // as counted when the attempt began
} WiFiState;

typedef struct {
	bool isAssociated;
	bool hasAddress;
	bool hasGateway;
	uint32_t disconnects; // so many were told until now
} WiFiFacts;

// A network is wanted from now on, or wanted anew: the next tick joins.
void wifiStateJoin(WiFiState *state, uint32_t nowMs);
void wifiStateLeave(WiFiState *state);

// To be called about once a second. kWiFiConnect: begin an attempt; kWiFiDisconnect: end the one
// that runs.
WiFiAction wifiStateTick(WiFiState *state, uint32_t nowMs, const WiFiFacts *facts);

bool wifiStateIsUp(const WiFiState *state, const WiFiFacts *facts);
// Whether it differs from the last call of this function.
bool wifiStateIsChanged(WiFiState *state, const WiFiFacts *facts);

#endif

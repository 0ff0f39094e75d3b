// Judges the peer's certificates by what the library does not judge, or judges by a clock of its
// own: dates by the time that the caller believes, addresses, key pins.

#ifndef TLS_JUDGE_H
#define TLS_JUDGE_H

#include "compat.h"

#include <stdbool.h>

#define kTLSPinBytes 32
#define kTLSPinsMax 8
#define kTLSAddressBytesMax 16

typedef struct {
	int64_t unixSeconds;
	bool isKnown;
	// The true time may be later: nothing can be proved not yet valid.
	bool isLowerBound;
} TLSJudgeTime;

typedef enum {
	kTLSJudgeAccepted,
	kTLSJudgeAuthority,
	kTLSJudgeHostName,
	kTLSJudgeExpired,
	kTLSJudgeNotYetValid,
	kTLSJudgePin
} TLSJudgement;

typedef struct {
	// What is asked.
	TLSJudgeTime time;
	uint8_t address[kTLSAddressBytesMax]; // of the server, where its name is an address
	uint8_t addressBytes; // 0: it is a name, which the library compares
	uint8_t pinCount;
	uint8_t pins[kTLSPinsMax][kTLSPinBytes];
	// What is found.
	bool isLeafSeen;
	bool isPinned;
	uint32_t flags; // of all certificates of the chain
	int64_t notBefore; // latest of the chain
	int64_t notAfter; // earliest of the chain
} TLSJudge;

void tlsJudgeInit(TLSJudge *judge);

// For mbedtls_ssl_conf_verify: called from the authority down to the leaf, `context` is the
// TLSJudge.
int tlsJudgeCertificate(void *context, mbedtls_x509_crt *certificate, int depth, uint32_t *flags);

// The one reason that is reported, the most fundamental first.
TLSJudgement tlsJudgeResult(const TLSJudge *judge);

// The same rule for a chain that was verified before, of which only the dates are left.
bool tlsJudgeDates(const TLSJudgeTime *time, int64_t notBefore, int64_t notAfter);

// Seconds since 1970 of a date in a certificate.
int64_t tlsJudgeUnixSeconds(const mbedtls_x509_time *date);

#endif

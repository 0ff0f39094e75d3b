// Sessions kept for resumption, in memory, few. Each is bound to a key that says whom it was
// verified for: a resumed handshake shows no certificate, so a session must serve no connection
// that asks for anything else.

#ifndef TLS_TICKETS_H
#define TLS_TICKETS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// A device has one broker and perhaps a backup, in two credential slots.
#define kTLSTicketsMax 4
// Sessions of TLS 1.2 with a client certificate were seen to take 737 to 1539 bytes.
#define kTLSTicketBytesMax 3072
#define kTLSTicketKeyBytes 32

typedef struct {
	uint8_t *bytes; // the resumption secret, as the library wrote it, on the heap
	size_t length;
	int64_t notBefore; // of the chain that was verified when the session was made
	int64_t notAfter;
} TLSTicket;

// Hands a session over: it is used at most once, as TLS 1.3 demands. The caller releases it.
bool tlsTicketsTake(const uint8_t key[kTLSTicketKeyBytes], TLSTicket *ticket);

// Takes `ticket` over, in place of the one under the same key, or else of the oldest.
void tlsTicketsKeep(const uint8_t key[kTLSTicketKeyBytes], const TLSTicket *ticket);

// Wipes and frees.
void tlsTicketRelease(TLSTicket *ticket);

// Forgets all: with the keys of a device, or at the end of a test.
void tlsTicketsClear(void);

#endif

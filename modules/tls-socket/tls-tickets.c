// See tls-tickets.h.

#include "tls-tickets.h"

#include "compat.h"

#include <stdlib.h>
#include <string.h>

typedef struct {
	uint8_t key[kTLSTicketKeyBytes];
	TLSTicket ticket; // without bytes: free
	uint32_t age; // value of gCount when it was kept
} TicketSlot;

static TicketSlot gSlots[kTLSTicketsMax];
static uint32_t gCount;

void tlsTicketRelease(TLSTicket *ticket)
{
	if (ticket->bytes != NULL) {
		mbedtls_platform_zeroize(ticket->bytes, ticket->length);
		free(ticket->bytes);
	}
	memset(ticket, 0, sizeof(*ticket));
}

static TicketSlot *slotOf(const uint8_t key[kTLSTicketKeyBytes])
{
	for (size_t index = 0; index < kTLSTicketsMax; index++) {
		TicketSlot *slot = &gSlots[index];
		if (slot->ticket.bytes != NULL && memcmp(slot->key, key, kTLSTicketKeyBytes) == 0)
			return slot;
	}
	return NULL;
}

static TicketSlot *freeSlot(void)
{
	TicketSlot *oldest = &gSlots[0];
	for (size_t index = 0; index < kTLSTicketsMax; index++) {
		TicketSlot *slot = &gSlots[index];
		if (slot->ticket.bytes == NULL)
			return slot;
		if (gCount - slot->age > gCount - oldest->age)
			oldest = slot;
	}
	return oldest;
}

bool tlsTicketsTake(const uint8_t key[kTLSTicketKeyBytes], TLSTicket *ticket)
{
	TicketSlot *slot = slotOf(key);
	if (slot == NULL)
		return false;
	*ticket = slot->ticket;
	memset(slot, 0, sizeof(*slot));
	return true;
}

void tlsTicketsKeep(const uint8_t key[kTLSTicketKeyBytes], const TLSTicket *ticket)
{
	TicketSlot *slot = slotOf(key);
	if (slot == NULL)
		slot = freeSlot();
	tlsTicketRelease(&slot->ticket);
	memcpy(slot->key, key, kTLSTicketKeyBytes);
	slot->ticket = *ticket;
	slot->age = ++gCount;
}

void tlsTicketsClear(void)
{
	for (size_t index = 0; index < kTLSTicketsMax; index++)
		tlsTicketRelease(&gSlots[index].ticket);
}

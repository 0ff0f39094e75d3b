// The parts of the TLS session that need no server: self-check, tickets, dates, bounds. Says what
// failed, and nothing else. Linked with -Wl,--wrap=mbedtls_ssl_config_init.

#include "tls-session-record.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static int gFailures;

static void check(bool isTrue, const char *what)
{
	if (isTrue)
		return;
	printf("%s\n", what);
	gFailures++;
}

// ---------------------------------------------------------------- self-check

// How many bytes more, or fewer, the library takes this structure to have.
static long gDifference;

void __real_mbedtls_ssl_config_init(mbedtls_ssl_config *config);
void __wrap_mbedtls_ssl_config_init(mbedtls_ssl_config *config);

void __wrap_mbedtls_ssl_config_init(mbedtls_ssl_config *config)
{
	if (gDifference == 0)
		__real_mbedtls_ssl_config_init(config);
	else
		memset(config, 0, (size_t)((long)sizeof(*config) + gDifference));
}

static void checkSelfCheck(void)
{
	check(tlsSessionSelfCheck() == 0, "the library that is linked is the one compiled for");
	gDifference = 8;
	check(tlsSessionSelfCheck() != 0, "a library with a longer structure is noticed");
	check(tlsSessionCreate("broker.test", 1) == NULL, "and nothing is made with it");
	gDifference = -8;
	check(tlsSessionSelfCheck() != 0, "a library with a shorter structure is noticed");
	gDifference = 0;
}

// ---------------------------------------------------------------- tickets

static TLSTicket ticketOf(uint8_t content)
{
	TLSTicket ticket = { malloc(1), 1, INT64_MIN, INT64_MAX };
	if (ticket.bytes == NULL)
		exit(2);
	ticket.bytes[0] = content;
	return ticket;
}

static void keep(uint8_t name, uint8_t content)
{
	const uint8_t key[kTLSTicketKeyBytes] = { name };
	const TLSTicket ticket = ticketOf(content);
	tlsTicketsKeep(key, &ticket);
}

// The content of the ticket, or −1.
static int take(uint8_t name)
{
	const uint8_t key[kTLSTicketKeyBytes] = { name };
	TLSTicket ticket;
	int content;
	if (!tlsTicketsTake(key, &ticket))
		return -1;
	content = ticket.bytes[0];
	tlsTicketRelease(&ticket);
	return content;
}

static void checkTickets(void)
{
	keep(1, 11);
	check(take(2) == -1, "no ticket under another key");
	check(take(1) == 11, "a ticket under its key");
	check(take(1) == -1, "a ticket is used once");
	keep(1, 11);
	keep(1, 12);
	check(take(1) == 12 && take(1) == -1, "one ticket under one key, the newest");
	for (uint8_t name = 1; name <= kTLSTicketsMax + 1; name++)
		keep(name, name);
	check(take(1) == -1, "the oldest gives way");
	check(take(2) == 2 && take(kTLSTicketsMax + 1) == kTLSTicketsMax + 1, "the others stay");
	tlsTicketsClear();
	check(take(3) == -1, "nothing is left of what was cleared");
}

// ---------------------------------------------------------------- sessions

static const uint8_t *gAuthority;
static size_t gAuthorityLength;

static TLSSession createSession(void)
{
	TLSSession session = tlsSessionCreate("broker.test", 8883);
	if (session == NULL || tlsSessionAddAuthority(session, gAuthority, gAuthorityLength) != 0)
		exit(2);
	return session;
}

// A blob of another version of the library, after an update of the firmware for instance.
static void checkForeignTicket(void)
{
	TLSSession session = createSession();
	TLSTicket ticket = ticketOf(0x55);
	check(tlsSessionStart(session) == 0, "a session starts");
	tlsTicketsKeep(session->ticketKey, &ticket);
	tlsSessionFree(session);
	session = createSession();
	check(tlsSessionStart(session) == 0, "a session starts with a ticket that it cannot read");
	check(!session->isOffered && session->ticket.bytes == NULL, "and drops it");
	check(tlsSessionStep(session) >= 0, "and goes on in full");
	check(!tlsTicketsTake(session->ticketKey, &ticket), "and it is gone");
	tlsSessionFree(session);
}

static void checkBounds(void)
{
	static const uint8_t zeros[kTLSSessionInputBytes + 1];
	TLSSession session = createSession();
	check(tlsSessionStep(session) < 0, "no step before the start");
	tlsSessionFree(session);

	session = createSession();
	for (size_t index = 0; index < kTLSPinsMax; index++)
		check(tlsSessionAddPin(session, zeros) == 0, "pins");
	check(tlsSessionAddPin(session, zeros) != 0, "no more pins than there is room for");
	check(tlsSessionStart(session) != 0, "and the failure lasts");
	tlsSessionFree(session);

	session = createSession();
	for (size_t index = 0; index < kTLSProtocolsMax; index++)
		check(tlsSessionAddProtocol(session, "mqtt") == 0, "protocols");
	check(tlsSessionAddProtocol(session, "mqtt") != 0, "no more protocols than there is room for");
	tlsSessionFree(session);

	session = createSession();
	check(tlsSessionAddProtocol(session, "sixteen-letters!") != 0, "no protocol that is too long");
	tlsSessionFree(session);

	session = createSession();
	check(tlsSessionStart(session) == 0, "starts");
	check(tlsSessionFeed(session, zeros, sizeof(zeros)) == kTLSSessionInputBytes, "takes its room");
	check(tlsSessionFeed(session, zeros, 1) == 0, "and not a byte more");
	check(tlsSessionRead(session, session->input, 1) == 0, "gives nothing before it is open");
	check(tlsSessionWrite(session, zeros, 1) < 0, "takes nothing before it is open");
	tlsSessionFree(session);

	session = tlsSessionCreate("broker.test", 8883);
	check(tlsSessionStart(session) == kTLSSessionHandshake, "no session without an authority");
	tlsSessionFree(session);
}

static void checkNames(void)
{
	char name[kTLSServerNameBytesMax + 2];
	TLSSession session;
	memset(name, 'a', sizeof(name));
	name[sizeof(name) - 1] = 0;
	session = tlsSessionCreate(name, 1);
	check(session != NULL && session->failure != 0, "no name that is too long");
	tlsSessionFree(session);
	session = tlsSessionCreate("", 1);
	check(session != NULL && session->failure != 0, "no empty name");
	tlsSessionFree(session);
}

// ---------------------------------------------------------------- dates

// Against the C library, over all years that a certificate can have.
static void checkDates(void)
{
	for (int64_t seconds = -5000000000; seconds < 253402300799; seconds += 31556952 / 7 + 12345) {
		const time_t moment = (time_t)seconds;
		struct tm parts;
		mbedtls_x509_time date;
		gmtime_r(&moment, &parts);
		date.year = parts.tm_year + 1900;
		date.mon = parts.tm_mon + 1;
		date.day = parts.tm_mday;
		date.hour = parts.tm_hour;
		date.min = parts.tm_min;
		date.sec = parts.tm_sec;
		if (tlsJudgeUnixSeconds(&date) != seconds) {
			check(false, "dates as the C library has them");
			return;
		}
	}
}

int main(int count, char **arguments)
{
	static uint8_t authority[4096];
	FILE *file = count > 1 ? fopen(arguments[1], "rb") : NULL;
	if (file == NULL)
		return 2;
	gAuthorityLength = fread(authority, 1, sizeof(authority), file);
	gAuthority = authority;
	fclose(file);
	checkSelfCheck();
	checkTickets();
	checkForeignTicket();
	checkBounds();
	checkNames();
	checkDates();
	printf("ours %zu\n", sizeof(TLSSessionRecord) - kTLSSessionLibraryBytes);
	return gFailures == 0 ? 0 : 1;
}

// See tls-judge.h. The flags that the library set by its own clock are dropped before ours are set:
// on a device that clock says 1970, or the library does not look at dates at all.

#include "tls-judge.h"

#include <string.h>

#define kFlagsOfDates ((uint32_t)(MBEDTLS_X509_BADCERT_EXPIRED | MBEDTLS_X509_BADCERT_FUTURE))
#define kTagOfAddress (MBEDTLS_ASN1_CONTEXT_SPECIFIC | 7) // GeneralName.iPAddress, RFC 5280 4.2.1.6

// For a missing pin: it makes the library refuse the leaf. The reason is told by `isPinned`.
#define kFlagOfPin ((uint32_t)MBEDTLS_X509_BADCERT_OTHER)

void tlsJudgeInit(TLSJudge *judge)
{
	memset(judge, 0, sizeof(*judge));
	judge->notBefore = INT64_MIN;
	judge->notAfter = INT64_MAX;
}

int64_t tlsJudgeUnixSeconds(const mbedtls_x509_time *date)
{
	// Days since 0000-03-01 in the Gregorian calendar: a year that begins in March has its leap day
	// last.
	const int64_t year = (int64_t)date->year - (date->mon <= 2);
	const int64_t month = (date->mon + 9) % 12;
	const int64_t days = year * 365 + year / 4 - year / 100 + year / 400
		+ (month * 153 + 2) / 5 + date->day - 1;
	return ((days - 719468) * 24 + date->hour) * 3600 + date->min * 60 + date->sec;
}

static uint32_t judgeDates(const TLSJudgeTime *time, int64_t notBefore, int64_t notAfter)
{
	if (!time->isKnown)
		return 0;
	if (time->unixSeconds > notAfter)
		return MBEDTLS_X509_BADCERT_EXPIRED;
	if (!time->isLowerBound && time->unixSeconds < notBefore)
		return MBEDTLS_X509_BADCERT_FUTURE;
	return 0;
}

bool tlsJudgeDates(const TLSJudgeTime *time, int64_t notBefore, int64_t notAfter)
{
	return judgeDates(time, notBefore, notAfter) == 0;
}

// 2.28 does not compare addresses at all, and takes a common name that looks like one.
static bool holdsAddress(const mbedtls_x509_crt *certificate, const uint8_t *address, size_t length)
{
	const mbedtls_x509_sequence *name = &certificate->subject_alt_names;
	for (; name != NULL; name = name->next) {
		if (name->buf.tag == kTagOfAddress && name->buf.len == length
			&& memcmp(name->buf.p, address, length) == 0)
			return true;
	}
	return false;
}

static int isPinned(const TLSJudge *judge, const mbedtls_x509_crt *certificate)
{
	uint8_t sum[kTLSPinBytes];
	CompatHash hash;
	int status = compatHashStart(&hash);
	if (status == 0)
		status = compatHashAdd(&hash, certificate->pk_raw.p, certificate->pk_raw.len);
	if (status == 0)
		status = compatHashEnd(&hash, sum);
	if (status != 0) {
		compatHashFree(&hash);
		return status < 0 ? status : -1;
	}
	for (size_t index = 0; index < judge->pinCount; index++) {
		if (memcmp(sum, judge->pins[index], kTLSPinBytes) == 0)
			return 1;
	}
	return 0;
}

int tlsJudgeCertificate(void *context, mbedtls_x509_crt *certificate, int depth, uint32_t *flags)
{
	TLSJudge *judge = context;
	const int64_t notBefore = tlsJudgeUnixSeconds(&certificate->valid_from);
	const int64_t notAfter = tlsJudgeUnixSeconds(&certificate->valid_to);
	if (notBefore > judge->notBefore)
		judge->notBefore = notBefore;
	if (notAfter < judge->notAfter)
		judge->notAfter = notAfter;
	*flags = (*flags & ~kFlagsOfDates) | judgeDates(&judge->time, notBefore, notAfter);
	if (judge->pinCount > 0 && !judge->isPinned) {
		const int found = isPinned(judge, certificate);
		if (found < 0)
			return found;
		judge->isPinned = found == 1;
	}
	judge->flags |= *flags;
	if (depth > 0)
		return 0;
	judge->isLeafSeen = true;
	if (judge->addressBytes > 0
		&& !holdsAddress(certificate, judge->address, judge->addressBytes)) {
		*flags |= MBEDTLS_X509_BADCERT_CN_MISMATCH;
		judge->flags |= MBEDTLS_X509_BADCERT_CN_MISMATCH;
	}
	if (judge->pinCount > 0 && !judge->isPinned)
		*flags |= kFlagOfPin;
	return 0;
}

TLSJudgement tlsJudgeResult(const TLSJudge *judge)
{
	const uint32_t name = MBEDTLS_X509_BADCERT_CN_MISMATCH;
	if (!judge->isLeafSeen || (judge->flags & ~(kFlagsOfDates | name)) != 0)
		return kTLSJudgeAuthority;
	if ((judge->flags & name) != 0)
		return kTLSJudgeHostName;
	if ((judge->flags & MBEDTLS_X509_BADCERT_EXPIRED) != 0)
		return kTLSJudgeExpired;
	if ((judge->flags & MBEDTLS_X509_BADCERT_FUTURE) != 0)
		return kTLSJudgeNotYetValid;
	if (judge->pinCount > 0 && !judge->isPinned)
		return kTLSJudgePin;
	return kTLSJudgeAccepted;
}

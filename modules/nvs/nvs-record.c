// Records to bytes and back, each checked.

#include <string.h>
#include "nvs-record.h"

#define kNvsRecordVersion 1

// CRC-32 (IEEE 802.3); goes on from `sum`, 0 at the start.
static uint32_t crc32(uint32_t sum, const uint8_t *bytes, size_t length)
{
	sum = ~sum;
	for (size_t index = 0; index < length; index++) {
		sum ^= bytes[index];
		for (int bit = 0; bit < 8; bit++)
			sum = (sum >> 1) ^ (0xEDB88320u & (0u - (sum & 1u)));
	}
	return ~sum;
}

static uint32_t get32(const uint8_t *bytes)
{
	uint32_t number = 0;
	for (int index = 3; index >= 0; index--)
		number = number << 8 | bytes[index];
	return number;
}

static void put32(uint8_t *bytes, uint32_t number)
{
	for (int index = 0; index < 4; index++)
		bytes[index] = (uint8_t)(number >> (8 * index));
}

void nvsRecordEncodeHead(uint8_t head[kNvsRecordHeadBytes], const NvsRecordSalt *salt)
{
	memcpy(head, "HFNV", 4);
	put32(head + 4, kNvsRecordVersion);
	memcpy(head + 8, salt->bytes, kNvsRecordSaltBytes);
	put32(head + 24, crc32(0, head, 24));
}

bool nvsRecordDecodeHead(const uint8_t head[kNvsRecordHeadBytes], NvsRecordSalt *salt)
{
	memcpy(salt->bytes, head + 8, kNvsRecordSaltBytes);
	bool isOurs = !memcmp(head, "HFNV", 4) && get32(head + 4) == kNvsRecordVersion;
	return isOurs && get32(head + 24) == crc32(0, head, 24);
}

uint32_t nvsRecordSum(const NvsRecordSalt *salt, const uint8_t *value, size_t length)
{
	return crc32(crc32(0, salt->bytes, kNvsRecordSaltBytes), value, length);
}

void nvsRecordEncode(uint8_t record[kNvsRecordBytes], const NvsRecordSalt *salt,
	const NvsIndexEntry *entry, uint32_t kind)
{
	put32(record + 4, entry->sum);
	put32(record + 8, entry->length);
	put32(record + 12, kind);
	memcpy(record + 16, entry->space, sizeof(entry->space));
	memcpy(record + 32, entry->key, sizeof(entry->key));
	put32(record, nvsRecordSum(salt, record + 4, kNvsRecordBytes - 4));
}

uint32_t nvsRecordDecode(const uint8_t *image, uint32_t size, uint32_t at,
	const NvsRecordSalt *salt, NvsIndexEntry *entry)
{
	const uint8_t *record = image + at;
	if (size - at < kNvsRecordBytes)
		return kNvsRecordDamaged;
	if (get32(record) != nvsRecordSum(salt, record + 4, kNvsRecordBytes - 4))
		return kNvsRecordDamaged;
	memcpy(entry->space, record + 16, sizeof(entry->space));
	memcpy(entry->key, record + 32, sizeof(entry->key));
	entry->sum = get32(record + 4);
	entry->length = get32(record + 8);
	entry->offset = at + kNvsRecordBytes;
	if (entry->space[NVS_NS_NAME_MAX_SIZE - 1] || entry->key[NVS_KEY_NAME_MAX_SIZE - 1])
		return kNvsRecordDamaged;
	return entry->length <= size - entry->offset ? get32(record + 12) : kNvsRecordDamaged;
}

bool nvsRecordIsWhole(const uint8_t *image, uint32_t size, uint32_t at, const NvsRecordSalt *salt)
{
	NvsIndexEntry entry;
	if (nvsRecordDecode(image, size, at, salt, &entry) == kNvsRecordDamaged)
		return false;
	return nvsRecordSum(salt, image + entry.offset, entry.length) == entry.sum;
}

uint32_t nvsRecordNext(const uint8_t *image, uint32_t size, uint32_t at, const NvsRecordSalt *salt)
{
	while (at < size && !nvsRecordIsWhole(image, size, at, salt))
		at++;
	return at;
}

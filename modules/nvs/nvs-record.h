// The bytes of the log that nvs-log.c keeps. Numbers are little-endian.
//   head    "HFNV", u32 version, 16 bytes of salt, u32 CRC-32 of the 24 bytes before
//   record  u32 CRC-32 of salt and the 44 bytes that follow, u32 CRC-32 of salt and value, u32 size
//           of the value, u32 kind, 16 bytes of namespace and 16 of key (filled with zeros), value
// The salt is random for each store, so that no value can pass for a record.

#ifndef NVS_RECORD_H
#define NVS_RECORD_H

#include "nvs-index.h"

#define kNvsRecordHeadBytes 28
#define kNvsRecordBytes 48
#define kNvsRecordSaltBytes 16

enum { kNvsRecordDamaged = 0, kNvsRecordValue = 1, kNvsRecordErased = 2 };

typedef struct {
	uint8_t bytes[kNvsRecordSaltBytes];
} NvsRecordSalt;

void nvsRecordEncodeHead(uint8_t head[kNvsRecordHeadBytes], const NvsRecordSalt *salt);
bool nvsRecordDecodeHead(const uint8_t head[kNvsRecordHeadBytes], NvsRecordSalt *salt);

uint32_t nvsRecordSum(const NvsRecordSalt *salt, const uint8_t *value, size_t length);

// `entry` has the sum of its value already.
void nvsRecordEncode(uint8_t record[kNvsRecordBytes], const NvsRecordSalt *salt,
	const NvsIndexEntry *entry, uint32_t kind);
// The kind of the record at `at`, without its value; kNvsRecordDamaged when none begins there.
uint32_t nvsRecordDecode(const uint8_t *image, uint32_t size, uint32_t at,
	const NvsRecordSalt *salt, NvsIndexEntry *entry);
// A record begins at `at` that is whole with its value.
bool nvsRecordIsWhole(const uint8_t *image, uint32_t size, uint32_t at, const NvsRecordSalt *salt);
// The next place from `at` on where a whole record begins, or `size`.
uint32_t nvsRecordNext(const uint8_t *image, uint32_t size, uint32_t at, const NvsRecordSalt *salt);

#endif

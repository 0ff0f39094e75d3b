// The file below nvs-linux.c: an append-only log of checked records, compacted into a new file that
// replaces the old one in one step. One log per process.

#ifndef NVS_LOG_H
#define NVS_LOG_H

#include "nvs-index.h"

esp_err_t nvsLogOpen(const NvsLinuxOptions *options);
void nvsLogClose(void);
bool nvsLogIsOpen(void);

const NvsIndex *nvsLogIndex(void);
uint32_t nvsLogDamaged(void);

// All of the value into `bytes`. ESP_ERR_NVS_NOT_FOUND: the file no longer holds what was written.
esp_err_t nvsLogRead(const NvsIndexEntry *entry, void *bytes);
esp_err_t nvsLogStore(const char *space, const char *key, const void *bytes, uint32_t length);
esp_err_t nvsLogErase(const char *space, const char *key);
// Makes all of it durable.
esp_err_t nvsLogSync(void);

#endif

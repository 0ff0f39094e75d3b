// What nvs-log.c does with files: all bytes or an error, and folders that know their files.

#ifndef NVS_FILE_H
#define NVS_FILE_H

#include "nvs-linux.h"

// With the NUL.
#define kNvsFilePathMax 1024

// The status that stands for an errno.
esp_err_t nvsFileError(int code);
esp_err_t nvsFileWrite(int file, const uint8_t *bytes, size_t length, uint32_t offset);
esp_err_t nvsFileRead(int file, uint8_t *bytes, size_t length, uint32_t offset);
// Makes the name of the file `path` durable.
esp_err_t nvsFileSyncFolder(const char *path);

#endif

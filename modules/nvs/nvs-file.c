// What nvs-log.c does with files: all bytes or an error, and folders that know their files.

#define _DEFAULT_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "nvs-file.h"

esp_err_t nvsFileError(int code)
{
	return code == ENOSPC || code == EDQUOT ? ESP_ERR_NVS_NOT_ENOUGH_SPACE : ESP_FAIL;
}

esp_err_t nvsFileWrite(int file, const uint8_t *bytes, size_t length, uint32_t offset)
{
	while (length > 0) {
		ssize_t count = pwrite(file, bytes, length, (off_t)offset);
		if (count < 0 && errno == EINTR)
			continue;
		if (count <= 0)
			return nvsFileError(count < 0 ? errno : EIO);
		bytes += count;
		length -= (size_t)count;
		offset += (uint32_t)count;
	}
	return ESP_OK;
}

esp_err_t nvsFileRead(int file, uint8_t *bytes, size_t length, uint32_t offset)
{
	while (length > 0) {
		ssize_t count = pread(file, bytes, length, (off_t)offset);
		if (count < 0 && errno == EINTR)
			continue;
		if (count <= 0)
			return ESP_FAIL;
		bytes += count;
		length -= (size_t)count;
		offset += (uint32_t)count;
	}
	return ESP_OK;
}

esp_err_t nvsFileSyncFolder(const char *path)
{
	char folder[kNvsFilePathMax];
	snprintf(folder, sizeof(folder), "%s", path);
	char *slash = strrchr(folder, '/');
	if (slash)
		slash[slash == folder ? 1 : 0] = 0;
	int file = open(slash ? folder : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (file < 0)
		return ESP_FAIL;
	int status = fsync(file);
	close(file);
	return status == 0 ? ESP_OK : ESP_FAIL;
}

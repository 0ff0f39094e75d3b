// The part of ESP-IDF's nvs.h that this firmware uses, for Linux: the same names and the same
// semantics. On the chip ESP-IDF's own header stands in its place (nvs-interface.h chooses).

#ifndef NVS_LINUX_H
#define NVS_LINUX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef int esp_err_t;

#define ESP_OK 0
#define ESP_FAIL (-1)
#define ESP_ERR_NO_MEM 0x101
#define ESP_ERR_INVALID_ARG 0x102

#define ESP_ERR_NVS_BASE 0x1100
#define ESP_ERR_NVS_NOT_INITIALIZED (ESP_ERR_NVS_BASE + 0x01)
#define ESP_ERR_NVS_NOT_FOUND (ESP_ERR_NVS_BASE + 0x02)
#define ESP_ERR_NVS_READ_ONLY (ESP_ERR_NVS_BASE + 0x04)
#define ESP_ERR_NVS_NOT_ENOUGH_SPACE (ESP_ERR_NVS_BASE + 0x05)
#define ESP_ERR_NVS_INVALID_NAME (ESP_ERR_NVS_BASE + 0x06)
#define ESP_ERR_NVS_INVALID_HANDLE (ESP_ERR_NVS_BASE + 0x07)
#define ESP_ERR_NVS_KEY_TOO_LONG (ESP_ERR_NVS_BASE + 0x09)
#define ESP_ERR_NVS_INVALID_STATE (ESP_ERR_NVS_BASE + 0x0b)
#define ESP_ERR_NVS_INVALID_LENGTH (ESP_ERR_NVS_BASE + 0x0c)
#define ESP_ERR_NVS_VALUE_TOO_LONG (ESP_ERR_NVS_BASE + 0x0e)

// With the NUL.
#define NVS_KEY_NAME_MAX_SIZE 16
#define NVS_NS_NAME_MAX_SIZE NVS_KEY_NAME_MAX_SIZE

typedef uint32_t nvs_handle_t;

typedef enum { NVS_READONLY, NVS_READWRITE } nvs_open_mode_t;

typedef enum { NVS_TYPE_BLOB = 0x42, NVS_TYPE_ANY = 0xff } nvs_type_t;

typedef struct {
	char namespace_name[NVS_NS_NAME_MAX_SIZE];
	char key[NVS_KEY_NAME_MAX_SIZE];
	nvs_type_t type;
} nvs_entry_info_t;

typedef struct nvs_opaque_iterator_t *nvs_iterator_t;

// A namespace. NVS_READWRITE makes it; NVS_READONLY: ESP_ERR_NVS_NOT_FOUND where there is none.
esp_err_t nvs_open(const char *namespace_name, nvs_open_mode_t open_mode, nvs_handle_t *out_handle);
void nvs_close(nvs_handle_t handle);

// Without `out_value` only the length; a `*length` too short: ESP_ERR_NVS_INVALID_LENGTH.
esp_err_t nvs_get_blob(nvs_handle_t handle, const char *key, void *out_value, size_t *length);
// Atomic; durable once nvs_commit has returned ESP_OK.
esp_err_t nvs_set_blob(nvs_handle_t handle, const char *key, const void *value, size_t length);
esp_err_t nvs_erase_key(nvs_handle_t handle, const char *key);
esp_err_t nvs_commit(nvs_handle_t handle);

// At the end: ESP_ERR_NVS_NOT_FOUND and NULL. Writing while iterating may skip keys.
esp_err_t nvs_entry_find_in_handle(nvs_handle_t handle, nvs_type_t type,
	nvs_iterator_t *output_iterator);
esp_err_t nvs_entry_next(nvs_iterator_t *iterator);
esp_err_t nvs_entry_info(const nvs_iterator_t iterator, nvs_entry_info_t *out_info);
void nvs_release_iterator(nvs_iterator_t iterator);

// ---------------------------------------------------------------- what ESP-IDF does not have

typedef struct {
	// Holds everything; it is made when it is not there.
	const char *file;
	// Of the partition that the file stands for: whole pages of 4096, at least three.
	uint32_t partitionBytes;
	// Without it durability is left to the operating system: it survives a killed process, not a
	// power cut.
	bool isSynced;
} NvsLinuxOptions;

// Opens the partition. A program that does not call this gets HOLDFAST_STATE/key-value.nvs with its
// first nvs_open, synced unless HOLDFAST_FLASH_SYNC is "none". ESP_ERR_NVS_INVALID_STATE: the file
// is another program's, or open elsewhere.
esp_err_t nvsLinuxStart(const NvsLinuxOptions *options);
void nvsLinuxStop(void);
// Records that were found damaged, other than an unfinished last one, since the start.
uint32_t nvsLinuxDamaged(void);

#endif

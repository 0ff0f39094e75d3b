// The C interface of non-volatile storage: ESP-IDF's on the chip, ours on Linux. Namespaces are
// opened by nvsOpen alone, because on the chip they lie in a partition of our own.

#ifndef NVS_INTERFACE_H
#define NVS_INTERFACE_H

#if defined(ESP_PLATFORM) || defined(ESP32)
	#include <stdbool.h>
	#include "nvs.h"
#else
	#include "nvs-linux.h"
#endif

// Bytes of one value: the limit of the key-value port.
#define kNvsValueBytesMax 8000

// Where modules/key-store keeps private keys: never open to script.
#define kNvsKeysNamespace "hf-keys"

#if defined(ESP_PLATFORM) || defined(ESP32)
// The label of our partition: the SDK's start-up gives up on a bad "nvs", for ever.
#define kNvsPartition "hf-nvs"

// As nvs_open, in the partition "hf-nvs". Where that cannot be used, ESP_ERR_NVS_INVALID_STATE or
// ESP_ERR_NO_MEM, each time anew: nothing is erased, nothing aborts.
esp_err_t nvsOpen(const char *name, nvs_open_mode_t mode, nvs_handle_t *handle);

// The partition is open, and what is written to it is encrypted with keys of this chip.
bool nvsIsEncrypted(void);
#else
static inline esp_err_t nvsOpen(const char *name, nvs_open_mode_t mode, nvs_handle_t *handle)
{
	return nvs_open(name, mode, handle);
}
#endif

#endif

// The C interface of non-volatile storage: ESP-IDF's on the chip, ours on Linux.

#ifndef NVS_INTERFACE_H
#define NVS_INTERFACE_H

#if defined(ESP_PLATFORM) || defined(ESP32)
	#include "nvs.h"
#else
	#include "nvs-linux.h"
#endif

// Bytes of one value: the limit of the key-value port.
#define kNvsValueBytesMax 8000

// Where modules/key-store keeps private keys: never open to script.
#define kNvsKeysNamespace "hf-keys"

#endif

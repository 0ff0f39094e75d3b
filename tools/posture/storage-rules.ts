// What can be read out of the flash chip, or written to it from outside.
import { HMAC_CHIPS } from "./chips.js";
import { oneOf, range, setting, type Rule } from "./rule.js";

/** Blocks that ESP-IDF can take an HMAC key from. */
const EFUSE_KEY_LAST = 5;

export const STORAGE_RULES: readonly Rule[] = [
	setting({
		id: "flash-encryption",
		subject: "flashEncryption",
		name: "SECURE_FLASH_ENC_ENABLED",
		value: "y",
		reason: "a flash chip read out on the bench shows firmware, readings and the keys of NVS",
	}),
	setting({
		id: "flash-encryption-release",
		subject: "flashEncryption",
		name: "SECURE_FLASH_ENCRYPTION_MODE_RELEASE",
		rivals: ["SECURE_FLASH_ENCRYPTION_MODE_DEVELOPMENT"],
		value: "y",
		reason: "in development mode the serial port writes plain firmware, which the chip encrypts",
	}),
	setting({
		id: "flash-encryption-checked",
		subject: "flashEncryption",
		name: "SECURE_FLASH_CHECK_ENC_EN_IN_APP",
		value: "y",
		reason: "the image would also run on a chip whose flash is in plain",
	}),
	setting({
		id: "storage-encryption",
		subject: "storageEncryption",
		name: "NVS_ENCRYPTION",
		value: "y",
		reason: "private keys and the Wi-Fi password lie in NVS",
	}),
	setting({
		id: "storage-key-in-flash",
		subject: "storageEncryption",
		chips: ["esp32"],
		name: "NVS_SEC_KEY_PROTECT_USING_FLASH_ENC",
		rivals: ["NVS_SEC_KEY_PROTECT_NONE"],
		value: "y",
		reason: "this chip has no HMAC hardware: only flash encryption can protect the keys of NVS",
	}),
	setting({
		id: "storage-key-in-hardware",
		subject: "storageEncryption",
		chips: HMAC_CHIPS,
		name: "NVS_SEC_KEY_PROTECT_USING_HMAC",
		rivals: ["NVS_SEC_KEY_PROTECT_USING_FLASH_ENC", "NVS_SEC_KEY_PROTECT_NONE"],
		value: "y",
		reason: "this chip can derive the keys of NVS from an eFuse that no software can read",
	}),
	range({
		id: "storage-key-block",
		subject: "storageEncryption",
		chips: HMAC_CHIPS,
		name: "NVS_SEC_HMAC_EFUSE_KEY_ID",
		least: 0,
		most: EFUSE_KEY_LAST,
		reason: "without a block for the HMAC key the default -1 counts, and NVS does not open",
	}),
	setting({
		id: "wifi-password-not-in-driver",
		subject: "storageEncryption",
		everyProfile: true,
		name: "ESP_WIFI_NVS_ENABLED",
		value: "n",
		reason: "the driver would keep a second copy of the Wi-Fi password",
	}),
	setting({
		id: "download-mode-off",
		subject: "downloadMode",
		chips: ["esp32"],
		name: "SECURE_DISABLE_ROM_DL_MODE",
		rivals: ["SECURE_ENABLE_SECURE_ROM_DL_MODE", "SECURE_INSECURE_ALLOW_DL_MODE"],
		value: "y",
		reason: "the ROM of this chip has no secure download mode: it would load code into RAM",
	}),
	oneOf({
		id: "download-mode-secure",
		subject: "downloadMode",
		chips: HMAC_CHIPS,
		names: ["SECURE_ENABLE_SECURE_ROM_DL_MODE", "SECURE_DISABLE_ROM_DL_MODE"],
		rivals: ["SECURE_INSECURE_ALLOW_DL_MODE"],
		reason: "the ROM's download mode would read memory and load code into RAM",
	}),
];

// Which images start, and what happens to one that does not work.
import { oneOf, setting, type Rule } from "./rule.js";

/** The version whose names of settings these rules know. */
const IDF_VERSION = /^6\.0(\.|$)/;

export const IMAGE_RULES: readonly Rule[] = [
	{
		id: "idf-version",
		subject: "function",
		everyProfile: true,
		reason: "another version names settings differently, and these rules would judge too little",
		mend: "build with ESP-IDF 6.0",
		find: ({ settings }) => {
			const version = settings.get("IDF_INIT_VERSION");
			const isKnown = version === undefined || IDF_VERSION.test(version);
			return isKnown ? undefined : `CONFIG_IDF_INIT_VERSION is ${version}`;
		},
	},
	setting({
		id: "secure-boot",
		subject: "secureBoot",
		name: "SECURE_BOOT",
		value: "y",
		reason: "whoever holds the board for a minute can flash firmware of their own",
	}),
	setting({
		id: "secure-boot-v2",
		subject: "secureBoot",
		name: "SECURE_BOOT_V2_ENABLED",
		rivals: ["SECURE_BOOT_V1_ENABLED"],
		value: "y",
		reason: "version 1 of secure boot was broken by fault injection",
	}),
	setting({
		id: "secure-boot-strict",
		subject: "secureBoot",
		name: "SECURE_BOOT_INSECURE",
		value: "n",
		reason: "it opens the switches that undo secure boot: JTAG, ROM BASIC, spare key digests",
	}),
	setting({
		id: "secure-boot-key-readable",
		subject: "secureBoot",
		name: "SECURE_BOOT_V2_ALLOW_EFUSE_RD_DIS",
		value: "n",
		reason: "the digest of the key could be hidden from the ROM: no start, or one without a check",
	}),
	setting({
		id: "signing-key-stays",
		subject: "secureBoot",
		name: "SECURE_BOOT_ENABLE_AGGRESSIVE_KEY_REVOKE",
		value: "n",
		reason: "one check that fails, by a worn flash for instance, would end the only key for ever",
	}),
	oneOf({
		id: "signature-scheme",
		subject: "secureBoot",
		names: ["SECURE_SIGNED_APPS_RSA_SCHEME", "SECURE_SIGNED_APPS_ECDSA_V2_SCHEME"],
		reason: "the chip verifies RSA-3072 or ECDSA signatures, depending on its kind",
	}),
	setting({
		id: "signing-key-elsewhere",
		subject: "secureBoot",
		name: "SECURE_BOOT_BUILD_SIGNED_BINARIES",
		value: "n",
		reason: "the key that signs every image would lie on the machine that builds them",
	}),
	oneOf({
		id: "chip-revision-esp32",
		subject: "secureBoot",
		chips: ["esp32"],
		names: ["ESP32_REV_MIN_3", "ESP32_REV_MIN_3_1"],
		rivals: ["ESP32_REV_MIN_0", "ESP32_REV_MIN_1", "ESP32_REV_MIN_1_1", "ESP32_REV_MIN_2"],
		reason: "chips before revision 3.0 have no secure boot v2",
	}),
	oneOf({
		id: "chip-revision-esp32c3",
		subject: "secureBoot",
		chips: ["esp32c3"],
		names: ["ESP32C3_REV_MIN_3", "ESP32C3_REV_MIN_4", "ESP32C3_REV_MIN_101"],
		rivals: ["ESP32C3_REV_MIN_0", "ESP32C3_REV_MIN_1", "ESP32C3_REV_MIN_2"],
		reason: "chips before revision 0.3 have no secure boot",
	}),
	setting({
		id: "real-efuses",
		subject: "secureBoot",
		everyProfile: true,
		name: "EFUSE_VIRTUAL",
		value: "n",
		reason: "eFuses kept in RAM protect nothing",
	}),
	...["IN_DEEP_SLEEP", "ON_POWER_ON", "ALWAYS"].map((when) =>
		setting({
			id: `validate-${when.toLowerCase().replaceAll("_", "-")}`,
			subject: "bootValidation",
			everyProfile: true,
			name: `BOOTLOADER_SKIP_VALIDATE_${when}`,
			value: "n",
			reason: "a damaged or replaced image would start unchecked (the SDK's template skips it)",
		}),
	),
	setting({
		id: "rollback",
		subject: "rollback",
		everyProfile: true,
		name: "BOOTLOADER_APP_ROLLBACK_ENABLE",
		value: "y",
		reason: "an image that never reaches its broker would stay for ever",
	}),
	setting({
		id: "no-factory-reset-pin",
		subject: "bootValidation",
		name: "BOOTLOADER_FACTORY_RESET",
		value: "n",
		reason: "a pin held at power-on would erase partitions",
	}),
	setting({
		id: "no-test-image-pin",
		subject: "bootValidation",
		name: "BOOTLOADER_APP_TEST",
		value: "n",
		reason: "a pin held at power-on would start another image",
	}),
];

// Each rule, broken once in the committed production profile: that rule fails, and no other.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { POSTURE_FACTS } from "../../../../src/posture-facts.js";
import { CHIPS, type Chip } from "../../../../tools/posture/chips.js";
import { readBuild } from "../../../../tools/posture/build-files.js";
import type { BuildManifest } from "../../../../tools/posture/build-manifest.js";
import type { Creation } from "../../../../tools/posture/creation.js";
import { judge, RULES } from "../../../../tools/posture/judge.js";
import { parsePartitions } from "../../../../tools/posture/partition-table.js";
import type { Profile } from "../../../../tools/posture/profile.js";
import type { Build } from "../../../../tools/posture/rule.js";

const root = (path: string) => fileURLToPath(new URL(`../../../../${path}`, import.meta.url));
const PARTITIONS = readFileSync(root("hosts/esp32/partitions.csv"), "utf8");

function build(profile: Profile, chip: Chip): Build {
	return readBuild({
		sdkconfig: root(`hosts/esp32/sdkconfig/${profile}`),
		partitions: root("hosts/esp32/partitions.csv"),
		manifest: root("manifest.json"),
		target: chip,
	});
}

/** Changes one thing of a build. */
type Break = (build: Build) => Build;

function settings(changes: Readonly<Record<string, string>>): Break {
	return (build) => ({ ...build, settings: build.settings.with(changes) });
}

/** Replaces text of the partition table, which must be there. */
function partitions(...changes: readonly [was: string | RegExp, is: string][]): Break {
	const text = changes.reduce((table, [was, is]) => {
		const changed = table.replace(was, is);
		if (changed === table) throw new Error(`no ${String(was)} in partitions.csv`);
		return changed;
	}, PARTITIONS);
	return (build) => ({ ...build, partitions: parsePartitions(text, "broken.csv", 0xd000) });
}

function creation(changes: Partial<Creation>): Break {
	return (build) => manifest({ creation: { ...build.manifest.creation, ...changes } })(build);
}

function manifest(changes: Partial<BuildManifest>): Break {
	return (build) => ({ ...build, manifest: { ...build.manifest, ...changes } });
}

const BREAKS: Readonly<Record<string, Break>> = {
	"idf-version": settings({ IDF_INIT_VERSION: "5.5.2" }),
	"secure-boot": settings({ SECURE_BOOT: "n" }),
	"secure-boot-v2": settings({ SECURE_BOOT_V2_ENABLED: "n" }),
	"secure-boot-strict": settings({ SECURE_BOOT_INSECURE: "y" }),
	"secure-boot-key-readable": settings({ SECURE_BOOT_V2_ALLOW_EFUSE_RD_DIS: "y" }),
	"signing-key-stays": settings({ SECURE_BOOT_ENABLE_AGGRESSIVE_KEY_REVOKE: "y" }),
	"signature-scheme": settings({ SECURE_SIGNED_APPS_RSA_SCHEME: "n" }),
	"signing-key-elsewhere": settings({ SECURE_BOOT_BUILD_SIGNED_BINARIES: "y" }),
	"chip-revision-esp32": settings({ ESP32_REV_MIN_3: "n", ESP32_REV_MIN_1: "y" }),
	"chip-revision-esp32c3": settings({ ESP32C3_REV_MIN_3: "n" }),
	"real-efuses": settings({ EFUSE_VIRTUAL: "y" }),
	"validate-in-deep-sleep": settings({ BOOTLOADER_SKIP_VALIDATE_IN_DEEP_SLEEP: "y" }),
	"validate-on-power-on": settings({ BOOTLOADER_SKIP_VALIDATE_ON_POWER_ON: "y" }),
	"validate-always": settings({ BOOTLOADER_SKIP_VALIDATE_ALWAYS: "y" }),
	rollback: settings({ BOOTLOADER_APP_ROLLBACK_ENABLE: "n" }),
	"no-factory-reset-pin": settings({ BOOTLOADER_FACTORY_RESET: "y" }),
	"no-test-image-pin": settings({ BOOTLOADER_APP_TEST: "y" }),
	"flash-encryption": settings({ SECURE_FLASH_ENC_ENABLED: "n" }),
	"flash-encryption-release": settings({ SECURE_FLASH_ENCRYPTION_MODE_RELEASE: "n" }),
	"flash-encryption-checked": settings({ SECURE_FLASH_CHECK_ENC_EN_IN_APP: "n" }),
	"storage-encryption": settings({ NVS_ENCRYPTION: "n" }),
	"storage-key-in-flash": settings({ NVS_SEC_KEY_PROTECT_USING_FLASH_ENC: "n" }),
	"storage-key-in-hardware": settings({ NVS_SEC_KEY_PROTECT_USING_HMAC: "n" }),
	"storage-key-block": settings({ NVS_SEC_HMAC_EFUSE_KEY_ID: "-1" }),
	"wifi-password-not-in-driver": settings({ ESP_WIFI_NVS_ENABLED: "y" }),
	"download-mode-off": settings({ SECURE_DISABLE_ROM_DL_MODE: "n" }),
	"download-mode-secure": settings({ SECURE_ENABLE_SECURE_ROM_DL_MODE: "n" }),
	jtag: settings({ SECURE_BOOT_ALLOW_JTAG: "y" }),
	"debugger-aware-panic": settings({ ESP_DEBUG_OCDAWARE: "y" }),
	"panic-debugger": settings({ ESP_SYSTEM_PANIC_GDBSTUB: "y" }),
	"runtime-debugger": settings({ ESP_SYSTEM_GDBSTUB_RUNTIME: "y" }),
	"debug-stubs": settings({ ESP_DEBUG_STUBS_ENABLE: "y" }),
	"no-trace": settings({ ESP_TRACE_TRANSPORT_APPTRACE: "y" }),
	"rom-basic": settings({ ESP32_DISABLE_BASIC_ROM_CONSOLE: "n" }),
	console: settings({ ESP_CONSOLE_NONE: "n", ESP_CONSOLE_UART_DEFAULT: "y" }),
	"console-secondary": settings({ ESP_CONSOLE_SECONDARY_NONE: "n" }),
	"bootloader-log": settings({ BOOTLOADER_LOG_LEVEL_NONE: "n" }),
	"log-level": settings({ LOG_DEFAULT_LEVEL_NONE: "n" }),
	"silent-panic": settings({ ESP_SYSTEM_PANIC_SILENT_REBOOT: "n" }),
	"core-dump": settings({ ESP_COREDUMP_ENABLE_TO_NONE: "n", ESP_COREDUMP_ENABLE_TO_UART: "y" }),
	"esp-int-watchdog": settings({ ESP_INT_WDT: "n" }),
	"esp-task-watchdog-en": settings({ ESP_TASK_WDT_EN: "n" }),
	"esp-task-watchdog-init": settings({ ESP_TASK_WDT_INIT: "n" }),
	"bootloader-watchdog-enable": settings({ BOOTLOADER_WDT_ENABLE: "n" }),
	"task-watchdog-panic": settings({ ESP_TASK_WDT_PANIC: "n" }),
	"task-watchdog-time": settings({ ESP_TASK_WDT_TIMEOUT_S: "5" }),
	"bootloader-watchdog-ends": settings({ BOOTLOADER_WDT_DISABLE_IN_USER_CODE: "y" }),
	"brown-out": settings({ ESP_BROWNOUT_DET: "n" }),
	"have-time": settings({ MBEDTLS_HAVE_TIME: "n" }),
	"have-time-date": settings({ MBEDTLS_HAVE_TIME_DATE: "n" }),
	"tls-1.2": settings({ MBEDTLS_SSL_PROTO_TLS1_2: "n" }),
	"tls-1.3": settings({ MBEDTLS_SSL_PROTO_TLS1_3: "y" }),
	"no-dtls": settings({ MBEDTLS_SSL_PROTO_DTLS: "y" }),
	"tls-client-only": settings({ MBEDTLS_TLS_CLIENT_ONLY: "n" }),
	"no-renegotiation": settings({ MBEDTLS_SSL_RENEGOTIATION: "y" }),
	"forward-secrecy": settings({ MBEDTLS_KEY_EXCHANGE_RSA: "y" }),
	"no-psk": settings({ MBEDTLS_PSK_MODES: "y" }),
	"no-weak-verification": settings({ MBEDTLS_ALLOW_WEAK_CERTIFICATE_VERIFICATION: "y" }),
	"no-unverified-tls": settings({ ESP_TLS_INSECURE: "y" }),
	"no-tls-log": settings({ MBEDTLS_DEBUG: "y" }),
	"ec-brokers": settings({ MBEDTLS_KEY_EXCHANGE_ECDHE_ECDSA: "n" }),
	"rsa-brokers": settings({ MBEDTLS_KEY_EXCHANGE_ECDHE_RSA: "n" }),
	"server-name": settings({ MBEDTLS_SSL_SERVER_NAME_INDICATION: "n" }),
	alpn: settings({ MBEDTLS_SSL_ALPN: "n" }),
	"session-tickets": settings({ MBEDTLS_CLIENT_SSL_SESSION_TICKETS: "n" }),
	"maximum-fragment-length": settings({ MBEDTLS_SSL_MAX_FRAGMENT_LENGTH: "n" }),
	"record-sizes": settings({ MBEDTLS_ASYMMETRIC_CONTENT_LEN: "n" }),
	"request-writing": settings({ MBEDTLS_X509_CREATE_C: "n" }),
	"request-format": settings({ MBEDTLS_X509_CSR_WRITE_C: "n" }),
	"record-in": settings({ MBEDTLS_SSL_IN_CONTENT_LEN: "16384" }),
	"record-out": settings({ MBEDTLS_SSL_OUT_CONTENT_LEN: "4096" }),
	"time-servers": settings({ LWIP_SNTP_MAX_SERVERS: "1" }),
	wpa3: settings({ ESP_WIFI_ENABLE_WPA3_SAE: "n" }),
	"our-table": settings({ PARTITION_TABLE_CUSTOM_FILENAME: "other.csv" }),
	"flash-size": settings({ ESPTOOLPY_FLASHSIZE_4MB: "n" }),
	"table-checksum": settings({ PARTITION_TABLE_MD5: "n" }),
	"table-offset": settings({ PARTITION_TABLE_OFFSET: "0x8000" }),
	"flash-layout": partitions(["0x9A000", "0x9B000"]),
	"two-slots": partitions([/(ota_1, .*0x1A0000, )0x190000/, "$10x180000"]),
	"ota-data": partitions(["0xD000,   0x2000", "0xD000,   0x1000"]),
	"sdk-storage": partitions([/^nvs, /m, "other, "]),
	storage: partitions(["0x336000, 0x10000", "0x336000, 0x8000"]),
	"storage-flags": partitions(["0x336000, 0x10000,", "0x336000, 0x10000, encrypted"]),
	"storage-keys": partitions(["0x1000,   encrypted", "0x1000,"]),
	"outbox-size": partitions(["0x9A000", "0x3000"]),
	"log-size": partitions(["0x20000, ", "0x3000, "]),
	"outbox-encrypted": partitions(["0x9A000,  encrypted", "0x9A000,"]),
	"log-encrypted": partitions(["0x20000,  encrypted", "0x20000,"]),
	"no-core-dump-partition": partitions([
		/0x9A000,.*/,
		"0x99000, encrypted\ncoredump, data, coredump, 0x3FF000, 0x1000, encrypted",
	]),
	"chunk-fixed": creation({ chunk: { initial: 65536, incremental: 1024 } }),
	"heap-fixed": creation({ heap: { initial: 4096, incremental: 64 } }),
	"release-build": manifest({ isDebug: true }),
	"abort-recorded": manifest({ hasAbortHook: false }),
	"message-queue": manifest({ queueLength: 10 }),
	"native-stack": creation({ nativeStack: 10240 }),
	"memory-for-tls": creation({ heap: { initial: 8192, incremental: 0 } }),
};

function failures(build: Build, profile: Profile): string[] {
	return judge(build, profile).failures.map(({ rule }) => rule.id);
}

describe("the committed profiles", () => {
	for (const chip of CHIPS) {
		it(`keep every rule of production on ${chip}`, () => {
			expect(failures(build("production", chip), "production")).toEqual([]);
		});

		it(`lack for development on ${chip} what burns eFuses, and no more`, () => {
			const { failures, lacks } = judge(build("development", chip), "development");
			expect(failures).toEqual([]);
			const subjects = new Set(lacks.map(({ rule }) => rule.subject));
			expect([...subjects].sort()).toEqual([
				"bootValidation",
				"console",
				"debugPort",
				"downloadMode",
				"flashEncryption",
				"secureBoot",
				"storageEncryption",
			]);
		});
	}
});

describe("each rule", () => {
	it("is broken below", () => {
		expect(Object.keys(BREAKS).sort()).toEqual(RULES.map(({ id }) => id).sort());
	});

	for (const rule of RULES) {
		it(`${rule.id} fails alone when it is broken`, () => {
			const chip = rule.chips?.[0] ?? "esp32c3";
			const broken = (BREAKS[rule.id] as Break)(build("production", chip));
			expect(failures(broken, "production")).toEqual([rule.id]);
			expect(failures(broken, "development")).toEqual(rule.everyProfile ? [rule.id] : []);
		});
	}

	it("fails too where a line elsewhere takes another option of the same choice", () => {
		const made = RULES.flatMap((rule) => (rule.rivals ?? []).map((rival) => ({ rule, rival })));
		expect(made.length).toBeGreaterThan(30);
		for (const { rule, rival } of made) {
			const broken = settings({ [rival]: "y" })(build("production", rule.chips?.[0] ?? "esp32c3"));
			expect([rival, ...failures(broken, "production")]).toEqual([rival, rule.id]);
		}
	});

	it("judges no table but the one that a build takes", () => {
		const broken = settings({ PARTITION_TABLE_CUSTOM: "n" })(build("production", "esp32c3"));
		expect(failures(broken, "production")).toEqual(["our-table"]);
	});

	it("says why and what to do", () => {
		for (const { id, reason, mend } of RULES) {
			expect([id, reason.length > 10, mend.length > 4]).toEqual([id, true, true]);
		}
	});

	it("judges every fact that devices report, and beside them only what a build shows", () => {
		const others = ["link", "function", "memory", "partitions"];
		const facts = new Set<string>(RULES.map(({ subject }) => subject));
		for (const other of others) facts.delete(other);
		expect([...facts].sort()).toEqual(Object.keys(POSTURE_FACTS).sort());
	});
});

// What the TLS library may do, what it needs for our handshakes, and what else the network needs.
import { range, setting, type Rule } from "./rule.js";

/** Bytes of the records that a device takes and sends: HARDENING.md says what depends on them. */
const RECORD_IN_BYTES = 4096;
const RECORD_OUT_BYTES = 2048;

const tls = (id: string, name: string, value: string, reason: string): Rule =>
	setting({ id, subject: "strictTLS", everyProfile: true, name, value, reason });

const needed = (id: string, name: string, reason: string): Rule =>
	setting({ id, subject: "function", everyProfile: true, name, value: "y", reason });

export const TLS_RULES: readonly Rule[] = [
	...["MBEDTLS_HAVE_TIME", "MBEDTLS_HAVE_TIME_DATE"].map((name) =>
		setting({
			id: name.slice("MBEDTLS_".length).toLowerCase().replaceAll("_", "-"),
			subject: "certificateDates",
			everyProfile: true,
			name,
			value: "y",
			reason: "expired certificates would be taken (ESP-IDF's default)",
		}),
	),
	tls("tls-1.2", "MBEDTLS_SSL_PROTO_TLS1_2", "y", "it is the one version that the device speaks"),
	tls(
		"tls-1.3",
		"MBEDTLS_SSL_PROTO_TLS1_3",
		"n",
		"it knows no maximum fragment length, and each resumption costs a key exchange",
	),
	tls("no-dtls", "MBEDTLS_SSL_PROTO_DTLS", "n", "MQTT runs over TCP: code that nothing tests"),
	tls("tls-client-only", "MBEDTLS_TLS_CLIENT_ONLY", "y", "a device serves nobody"),
	tls("no-renegotiation", "MBEDTLS_SSL_RENEGOTIATION", "n", "a server could make us start anew"),
	tls("forward-secrecy", "MBEDTLS_KEY_EXCHANGE_RSA", "n", "recordings could be opened later"),
	tls("no-psk", "MBEDTLS_PSK_MODES", "n", "a shared key proves no identity"),
	tls(
		"no-weak-verification",
		"MBEDTLS_ALLOW_WEAK_CERTIFICATE_VERIFICATION",
		"n",
		"an intermediate certificate would count as an authority",
	),
	tls("no-unverified-tls", "ESP_TLS_INSECURE", "n", "it allows TLS that verifies no server"),
	tls("no-tls-log", "MBEDTLS_DEBUG", "n", "the library would log handshakes, secrets included"),
	needed("ec-brokers", "MBEDTLS_KEY_EXCHANGE_ECDHE_ECDSA", "our own brokers' keys are of P-256"),
	needed("rsa-brokers", "MBEDTLS_KEY_EXCHANGE_ECDHE_RSA", "most public brokers' keys are of RSA"),
	needed("server-name", "MBEDTLS_SSL_SERVER_NAME_INDICATION", "brokers choose a certificate by it"),
	needed("alpn", "MBEDTLS_SSL_ALPN", "brokers on port 443 ask for it"),
	needed("session-tickets", "MBEDTLS_CLIENT_SSL_SESSION_TICKETS", "each handshake would be full"),
	needed(
		"maximum-fragment-length",
		"MBEDTLS_SSL_MAX_FRAGMENT_LENGTH",
		"servers would not be asked for records that fit",
	),
	needed("record-sizes", "MBEDTLS_ASYMMETRIC_CONTENT_LEN", "both directions would be as large"),
	needed("request-writing", "MBEDTLS_X509_CREATE_C", "provisioning asks for a certificate request"),
	needed("request-format", "MBEDTLS_X509_CSR_WRITE_C", "provisioning asks for a PKCS #10 request"),
	range({
		id: "record-in",
		subject: "memory",
		everyProfile: true,
		name: "MBEDTLS_SSL_IN_CONTENT_LEN",
		least: RECORD_IN_BYTES,
		most: RECORD_IN_BYTES,
		reason: "smaller, and a chain of 3.5 KB does not fit; larger, and the heap lacks it",
	}),
	range({
		id: "record-out",
		subject: "memory",
		everyProfile: true,
		name: "MBEDTLS_SSL_OUT_CONTENT_LEN",
		least: RECORD_OUT_BYTES,
		most: RECORD_OUT_BYTES,
		reason: "smaller, and each reading takes two records; larger, and the heap lacks it",
	}),
	range({
		id: "time-servers",
		subject: "function",
		everyProfile: true,
		name: "LWIP_SNTP_MAX_SERVERS",
		least: 4,
		most: 16,
		reason: "with one time server, one lie or one outage is all that the device hears",
	}),
	setting({
		id: "wpa3",
		subject: "link",
		everyProfile: true,
		name: "ESP_WIFI_ENABLE_WPA3_SAE",
		value: "y",
		reason: "networks that take WPA3 alone would be out of reach",
	}),
];

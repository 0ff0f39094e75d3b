// From what Node and OpenSSL call a failure to the port's codes. The table is the contract, tested
// against real servers; what is not in it is a failed handshake or, later, a broken record.
import type { SocketErrorCode } from "../../src/ports.js";

const CODES: Readonly<Record<string, SocketErrorCode>> = {
	// Verification of the chain (X509_V_ERR_…)
	SELF_SIGNED_CERT_IN_CHAIN: "tls-authority",
	DEPTH_ZERO_SELF_SIGNED_CERT: "tls-authority",
	UNABLE_TO_GET_ISSUER_CERT: "tls-authority",
	UNABLE_TO_GET_ISSUER_CERT_LOCALLY: "tls-authority",
	UNABLE_TO_VERIFY_LEAF_SIGNATURE: "tls-authority",
	UNABLE_TO_DECODE_ISSUER_PUBLIC_KEY: "tls-authority",
	CERT_SIGNATURE_FAILURE: "tls-authority",
	CERT_UNTRUSTED: "tls-authority",
	CERT_REJECTED: "tls-authority",
	INVALID_CA: "tls-authority",
	PATH_LENGTH_EXCEEDED: "tls-authority",
	CERT_HAS_EXPIRED: "tls-expired",
	CERT_NOT_YET_VALID: "tls-not-yet-valid",
	// The name
	HOSTNAME_MISMATCH: "tls-host-name",
	ERR_TLS_CERT_ALTNAME_INVALID: "tls-host-name",
	ERR_TLS_CERT_ALTNAME_FORMAT: "tls-host-name",
	// Nothing at or above TLS 1.2: an alert, or a server hello of an older version
	ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION: "tls-version",
	ERR_SSL_UNSUPPORTED_PROTOCOL: "tls-version",
	ERR_SSL_WRONG_SSL_VERSION: "tls-version",
	// Alerts about our certificate (RFC 8446 §6.2)
	ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE: "tls-client-certificate",
	ERR_SSL_SSLV3_ALERT_UNSUPPORTED_CERTIFICATE: "tls-client-certificate",
	ERR_SSL_SSLV3_ALERT_CERTIFICATE_REVOKED: "tls-client-certificate",
	ERR_SSL_SSLV3_ALERT_CERTIFICATE_EXPIRED: "tls-client-certificate",
	ERR_SSL_SSLV3_ALERT_CERTIFICATE_UNKNOWN: "tls-client-certificate",
	ERR_SSL_TLSV1_ALERT_UNKNOWN_CA: "tls-client-certificate",
	ERR_SSL_TLSV1_ALERT_ACCESS_DENIED: "tls-client-certificate",
	ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED: "tls-client-certificate",
	ERR_SSL_MALLOC_FAILURE: "tls-resources",
};

/** `isSecured`: the handshake was over when it happened. */
export function socketErrorCodeOf(error: unknown, isSecured: boolean): SocketErrorCode {
	const code = (error as NodeJS.ErrnoException | undefined)?.code ?? "";
	return CODES[code] ?? (isSecured ? "tls-record" : "tls-handshake");
}

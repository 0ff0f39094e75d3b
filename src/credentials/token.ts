// A short-lived JSON Web Token (RFC 7519), signed with EdDSA (RFC 8037) by the device's signing
// key, to be the MQTT password. It only writes: no device reads tokens. It keeps nothing.

import { assert } from "../assert.js";
import { concatBytes } from "../bytes/arrays.js";
import { toBase64url } from "../bytes/base64url.js";
import { Secret } from "../bytes/secret.js";
import { encodeUTF8 } from "../bytes/text.js";
import { TOKEN_LIFETIME_S_MAX, TOKEN_LIFETIME_S_MIN, USER_CHARACTERS_MAX } from "../limits.js";
import { TIME_SNTP, type TrustedTime } from "./time-trust.js";

export interface TokenRequest {
	readonly deviceId: string;
	/** Who shall accept it; from the configuration, never from a peer. */
	readonly audience: string;
	readonly lifetimeS: number;
	/** As {@link TimeTrust.now} gives it. */
	readonly time: TrustedTime | undefined;
	/** First 8 bytes of SHA-256 of the signing key's public half, as in envelopes. */
	readonly keyId: Uint8Array;
}

export type Minted =
	| {
			readonly kind: "minted";
			readonly token: Secret;
			readonly expiresAt: number;
			/**
			 * After so many milliseconds reconnect with a new token: a fifth of its life is left then.
			 */
			readonly renewAfterMs: number;
	  }
	/** A token with a guessed date would be refused, or outlive its day. */
	| { readonly kind: "time-untrusted" };

/** Share of its life after which a token is renewed. */
const RENEW_SHARE = 0.8;
const DOT = 0x2e;

/**
 * `sign` signs with the Ed25519 key. What it signs begins with "eyJ" and never with 0x84, the first
 * byte of every Sig_structure: no token can be an envelope, and no envelope a token.
 */
export function mintToken(
	request: TokenRequest,
	sign: (message: Uint8Array) => Uint8Array,
): Minted {
	const { deviceId, audience, lifetimeS, time, keyId } = request;
	assert(Number.isInteger(lifetimeS), "a lifetime is in whole seconds");
	assert(
		lifetimeS >= TOKEN_LIFETIME_S_MIN && lifetimeS <= TOKEN_LIFETIME_S_MAX,
		"a lifetime is within its limits",
	);
	assert(audience.length <= USER_CHARACTERS_MAX, "an audience is within its limit");
	if (!time || time.quality < TIME_SNTP) return { kind: "time-untrusted" };
	const expiresAt = time.unixSeconds + lifetimeS;
	const header = { alg: "EdDSA", typ: "JWT", kid: toBase64url(keyId) };
	const claims = {
		iss: deviceId,
		sub: deviceId,
		aud: audience,
		iat: time.unixSeconds,
		exp: expiresAt,
	};
	const signed = concatBytes(part(header), Uint8Array.of(DOT), part(claims));
	const signature = sign(signed);
	assert(signature.length === 64, "an Ed25519 signature has 64 bytes");
	const bytes = concatBytes(signed, Uint8Array.of(DOT), encodeUTF8(toBase64url(signature)));
	const token = new Secret(bytes);
	bytes.fill(0);
	return {
		kind: "minted",
		token,
		expiresAt,
		renewAfterMs: Math.floor(lifetimeS * 1000 * RENEW_SHARE),
	};
}

function part(value: object): Uint8Array {
	return encodeUTF8(toBase64url(encodeUTF8(JSON.stringify(value))));
}

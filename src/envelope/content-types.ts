// What a payload is: values of the content type header parameter. A number is a CoAP content
// format.

/** SenML in CBOR, application/senml+cbor (RFC 8428 §12.3.2). */
export const CONTENT_READING = 112;

/** Readings that had to be dropped: gap.ts. */
export const CONTENT_GAP = "application/vnd.holdfast.gap+cbor";

/** What happened to the device: boots, security events. */
export const CONTENT_EVENT = "application/vnd.holdfast.event+cbor";

/** An operator's command: src/command/command.ts. */
export const CONTENT_COMMAND = "application/vnd.holdfast.command+cbor";

/** The device's answer to a command: src/command/result.ts. */
export const CONTENT_RESULT = "application/vnd.holdfast.result+cbor";

/** Entries of the security log: src/security-log/batch.ts. */
export const CONTENT_LOG = "application/vnd.holdfast.log+cbor";

/** The provisioning proof. No envelope is of this type: it has no claims, and its own preamble. */
export const CONTENT_PROOF = "application/vnd.holdfast.proof+cbor";

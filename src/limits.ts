// Every bound and timeout of the device, each with its unit and its reason. A size that a peer chooses is
// capped here before anything is allocated: XS restarts the chip when memory runs out.

// ---------------------------------------------------------------- CBOR

/** Nesting levels. Our deepest message (a configuration) has 5. */
export const CBOR_DEPTH_MAX = 8;

/** Items in one decoded message: bounds the slots that a peer can make us allocate. */
export const CBOR_ITEMS_MAX = 1024;

// ---------------------------------------------------------------- storage

/** Bytes of one key-value entry. ESP-IDF takes more; the SDK was seen to carry 8000. */
export const KEY_VALUE_BYTES_MAX = 8000;

/** Characters of a key-value path or key: NVS_KEY_NAME_MAX_SIZE less its NUL. */
export const KEY_VALUE_NAME_MAX = 15;

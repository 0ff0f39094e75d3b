/** The version of this firmware; the same as in package.json, which a tidy test compares. */
export const FIRMWARE_VERSION = "0.1.0";

// The mbedTLS that tests of C are linked with: the system's, or with HOLDFAST_MBEDTLS=FOLDER
// another, which was built in FOLDER and has include/ and library/ there.

const other = process.env["HOLDFAST_MBEDTLS"];

/** Static: allocations inside of it are watched and refused too. */
export const MBEDTLS_LIBRARIES: readonly string[] = [
	...(other === undefined ? [] : ["-isystem", `${other}/include`, `-L${other}/library`]),
	...["mbedtls", "mbedx509", "mbedcrypto"].map((name) => `-l:lib${name}.a`),
];

#!/bin/sh
# Builds the Linux host, and says what is missing with the line that installs it.
set -eu
cd "$(dirname "$0")"
if [ "$(uname)" != Linux ]; then
	echo "the Linux host needs Linux" >&2
	exit 3
fi
bits=64
for argument in "$@"; do [ "$argument" = BITS=32 ] && bits=32; done
missing=
flags=
suffix=
command -v make >/dev/null || missing="$missing make"
command -v gcc >/dev/null || missing="$missing gcc"
if [ "$bits" = 32 ]; then
	flags=-m32
	suffix=:i386
fi
if command -v gcc >/dev/null; then
	libc=$([ "$bits" = 32 ] && echo gcc-multilib || echo libc6-dev)
	has() {
		printf '%s\nint main(void){return 0;}\n' "$1" |
			gcc $flags -x c - -o /dev/null $2 2>/dev/null
	}
	has '#include <stdio.h>' '' || missing="$missing $libc"
	has '#include <mbedtls/ssl.h>' '-lmbedtls' || missing="$missing libmbedtls-dev$suffix"
	has '#include <sodium.h>' '-lsodium' || missing="$missing libsodium-dev$suffix"
fi
[ -d ../../node_modules/@agoric/xsnap/moddable ] || {
	echo "the XS engine is missing: npm ci" >&2
	exit 3
}
if [ -n "$missing" ]; then
	echo "the Linux host needs:$missing" >&2
	[ "$bits" = 32 ] && echo "sudo dpkg --add-architecture i386 && sudo apt-get update" >&2
	echo "sudo apt-get install$missing" >&2
	exit 3
fi
# Two builds at once would trip over each other.
mkdir -p ../../build
exec flock ../../build/.linux-lock make --no-print-directory -j2 "$@"

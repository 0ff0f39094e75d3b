// A partition of raw NOR flash, of the shape of the SDK's embedded:storage/flash. What may be
// written is decided in src/outbox; what NOR forbids is refused in C.
import type { ByteSource, FlashPartition as Port, FlashStatus } from "../../src/ports.js";
import type { FlashStorage } from "../../src/ports.js";

interface FlashPartitionOptions {
	path: string;
	mode?: "r" | "r+";
}

class FlashPartition extends Native("xs_flash_partition_destructor") implements Port {
	constructor(options: FlashPartitionOptions) {
		super();
		native("xs_flash_partition_constructor").call(this, options);
	}
	read(byteLength: number, byteOffset: number): ArrayBuffer {
		return native("xs_flash_partition_read").call(this, byteLength, byteOffset);
	}
	write(bytes: ByteSource, byteOffset: number): void {
		return native("xs_flash_partition_write").call(this, bytes, byteOffset);
	}
	eraseBlock(start: number, end?: number): void {
		return native("xs_flash_partition_erase_block").call(this, start, end);
	}
	status(): FlashStatus {
		return native("xs_flash_partition_status").call(this);
	}
	close(): void {
		return native("xs_flash_partition_close").call(this);
	}
}

/** The flash port: partitions by their labels. */
export const flashPartitions: FlashStorage = Object.freeze({
	open(options: FlashPartitionOptions): Port {
		return new FlashPartition(options);
	},
});

// Every bound and timeout of the device, each with its unit and its reason. A size that a peer
// chooses is capped here before anything is allocated: XS restarts the chip when memory runs out.

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

// ---------------------------------------------------------------- credentials

/**
 * Bytes of one installed configuration. Two slots of this size, one of them rewritten, fit an NVS
 * partition of 64 KB with room for everything else; the station sends it in about a hundred frames.
 */
export const CONFIGURATION_BYTES_MAX = 7168;

/** Brokers in one configuration: one in use and its backups. */
export const SERVERS_MAX = 4;

/** Characters of a host name (RFC 1035 §2.3.4). */
export const HOST_CHARACTERS_MAX = 253;

/**
 * Authorities in one configuration: the current one, the next one, and the same for a second
 * broker.
 */
export const AUTHORITIES_MAX = 4;

/** Bytes of all authorities: each is parsed for every handshake, about its own size in heap. */
export const AUTHORITIES_BYTES_MAX = 2500;

/** Certificates in the device's own chain: leaf and up to two intermediates. */
export const CHAIN_CERTIFICATES_MAX = 3;

/**
 * Bytes of the device's own chain. It is sent as one TLS Certificate message, and brokers with 4 KB
 * records must take it whole.
 */
export const CHAIN_BYTES_MAX = 3500;

/** Key pins in one configuration: current and next, for each of two authorities. */
export const PINS_MAX = 4;

/** Operators whose commands a device takes. */
export const OPERATORS_MAX = 8;

/** Command names that one operator may be granted. */
export const OPERATOR_COMMANDS_MAX = 16;

/** Characters of the name of a command. */
export const COMMAND_NAME_CHARACTERS_MAX = 32;

/**
 * Characters of an MQTT user name or a token's audience: several cloud brokers put a long path
 * there.
 */
export const USER_CHARACTERS_MAX = 256;

/** Bytes of an MQTT password. */
export const PASSWORD_BYTES_MAX = 256;

/** Seconds that a minted token lasts: at least long enough for a connection to become stable. */
export const TOKEN_LIFETIME_S_MIN = 120;

/** One day: a stolen token is of no use after that. */
export const TOKEN_LIFETIME_S_MAX = 86_400;

/** Milliseconds between samples. */
export const SAMPLE_INTERVAL_MS_MIN = 100;

/** Milliseconds: one day. A sensor that speaks less often looks dead. */
export const SAMPLE_INTERVAL_MS_MAX = 86_400_000;

/** Seconds of MQTT keep-alive: more often would only cost power. */
export const KEEP_ALIVE_S_MIN = 5;

/** Twenty minutes: beyond that, middle boxes forget a connection. */
export const KEEP_ALIVE_S_MAX = 1200;

/** Bytes of a Wi-Fi network's name (IEEE 802.11: 32 octets). */
export const SSID_CHARACTERS_MAX = 32;

/** Bytes of a Wi-Fi passphrase, or of the key in hexadecimal. */
export const LINK_PASSWORD_BYTES_MAX = 64;

/** Device starts that a new configuration has to prove itself before the old one returns. */
export const CANDIDATE_STARTS_MAX = 5;

/** Connections refused to a new configuration, within one start, before the old one returns. */
export const CANDIDATE_FAILURES_MAX = 5;

// ---------------------------------------------------------------- envelope to command

/** Bytes of an envelope's payload: several sensors with a few measurements each. */
export const ENVELOPE_PAYLOAD_BYTES_MAX = 1024;

/** Bytes of an envelope: the payload, 64 of signature, and at most 320 of header and framing. */
export const ENVELOPE_BYTES_MAX = ENVELOPE_PAYLOAD_BYTES_MAX + 64 + 320;

/** Characters of a content type: the longest of ours has 37. */
export const CONTENT_TYPE_LENGTH_MAX = 64;

/**
 * Characters of a device id: it is a certificate's common name (RFC 5280 ub-common-name) and a
 * level of topics.
 */
export const DEVICE_ID_LENGTH_MAX = 64;

/** The last second of the year 9999: no time on the wire is later. */
export const UNIX_SECONDS_MAX = 253_402_300_799;

/** Ranges of lost sequences in one gap record: so many fit a payload. */
export const GAPS_MAX = 12;

/** Measurements in one reading: so many of the longest fit a payload. */
export const READING_MEASUREMENTS_MAX = 16;

/** Characters of a measurement's name. */
export const MEASUREMENT_NAME_CHARACTERS_MAX = 36;

/** Rules of a policy table: a device has few channels. */
export const POLICY_RULES_MAX = 16;

/** Characters of a channel's name in the policy table. */
export const CHANNEL_CHARACTERS_MAX = 16;

/** Characters of a topic in the policy table, before and after the device id is put in. */
export const POLICY_TOPIC_CHARACTERS_MAX = 192;

/** Seconds from a command's start of validity to its expiry: one day bounds how late it may act. */
export const COMMAND_LIFETIME_S_MAX = 86_400;

/**
 * Seconds that the device's clock may be behind the operator's: a command made just now is valid.
 */
export const COMMAND_SKEW_S_MAX = 60;

/** Operators in the command ledger: those of now and as many retired ones. */
export const COMMAND_LEDGER_OPERATORS_MAX = 16;

/**
 * Characters of a text in a command's result: a posture value such as a version with its commit.
 */
export const RESULT_TEXT_CHARACTERS_MAX = 64;

/** Bytes of a result's payload: sealed, it must fit one record of the outbox. */
export const RESULT_PAYLOAD_BYTES_MAX = 832;

/** Named facts in one command result. */
export const RESULT_DETAILS_MAX = 32;

// ---- connection

/**
 * Milliseconds for one attempt: DNS, TCP, TLS and CONNACK together. A P-256 handshake takes an
 * ESP32 2 to 4 s.
 */
export const CONNECT_MS_MAX = 60_000;

/** Milliseconds for DNS within the attempt: leaves most of the budget to a slow handshake. */
export const DNS_MS_MAX = 15_000;

/**
 * Milliseconds for the network to give an address: a crowded Wi-Fi with slow DHCP takes about 20
 * s.
 */
export const LINK_UP_MS_MAX = 60_000;

/**
 * Milliseconds online, with proof of progress, before a session counts as stable and the backoff
 * starts anew.
 */
export const STABLE_MS = 60_000;

/** Milliseconds online without PUBACK or PINGRESP: above 1.5 times the longest keep-alive. */
export const SILENCE_MS_MAX = 2_400_000;

/** Milliseconds of the first backoff window (full jitter: the delay is anywhere in it). */
export const BACKOFF_MS_BASE = 1_000;

/** Milliseconds of the widest backoff window: 24 attempts an hour on average in a long outage. */
export const BACKOFF_MS_MAX = 300_000;

/**
 * Least milliseconds before retrying what may heal soon but costs memory or trust (dates, heap,
 * records).
 */
export const BACKOFF_FLOOR_SHORT_MS = 15_000;

/**
 * Least milliseconds before retrying what only a person or a changed broker mends (refused
 * credentials).
 */
export const BACKOFF_FLOOR_LONG_MS = 120_000;

/**
 * Least milliseconds before retrying where another device uses our client id: each attempt harms
 * the other.
 */
export const BACKOFF_FLOOR_DUPLICATE_MS = 900_000;

/**
 * A session that the peer ends within these milliseconds after CONNACK was kicked: all that are not
 * stable yet, or a rival that returns just after the window would never be named.
 */
export const KICK_WINDOW_MS = STABLE_MS;

/** Kicks in a row that look like another device with our client id. */
export const KICKS_SUSPECTED = 3;

/** Milliseconds that a session must last before a suspected duplicate client id is forgotten. */
export const DUPLICATE_CLEAR_MS = 3_600_000;

/**
 * Closes in a row between TLS and CONNACK that look like a refused client certificate (TLS 1.3).
 */
export const SILENT_REFUSALS_SUSPECTED = 3;

/** Every so many failures in a row: look at time and credentials again. */
export const RECHECK_FAILURES = 2;

/** Every so many failures in a row: restart the network interface. */
export const LINK_RESTART_FAILURES = 4;

/**
 * Every so many failures in a row: free what can be freed and report the heap. One failure before,
 * or it would take every other turn of the interface.
 */
export const HEAP_CHECK_FAILURES = 8;

/** From so many failures in a row, all of causes that a reboot may fix: ask for a reboot. */
export const REBOOT_FAILURES = 12;

/** The same for failures that show a fragmented heap: nothing else mends that. */
export const REBOOT_HEAP_FAILURES = 4;

/**
 * Least milliseconds without a stable session before the first reboot; doubled for each reboot
 * spent.
 */
export const REBOOT_AFTER_MS = 3_600_000;

/** Bytes of one free block for a TLS attempt: mbedTLS takes its 16 KB input buffer in one piece. */
export const TLS_HEAP_BLOCK_BYTES_MIN = 20_480;

/** Reboots, asked for by the supervisor, per REBOOT_DAY_MS of running time. */
export const REBOOTS_PER_DAY_MAX = 3;

/** Milliseconds of running time in which the reboot budget holds. */
export const REBOOT_DAY_MS = 86_400_000;

/**
 * Milliseconds of running time between saves of the uptime while a spent reboot is not yet
 * forgiven.
 */
export const UPTIME_SAVE_MS = 3_600_000;

/**
 * Failed boots in a row (watchdog, abort or panic before the first stable session) that lead to
 * safe mode.
 */
export const SAFE_MODE_FAILED_BOOTS = 4;

/**
 * Milliseconds in safe mode before one boot in normal mode is tried, at the cost of one reboot of
 * the budget.
 */
export const SAFE_MODE_RETRY_MS = 3_600_000;

/** Milliseconds without proof of progress before the hardware resets the device. */
export const WATCHDOG_MS = 30_000;

/**
 * Milliseconds of the longest scheduled wait that counts as progress: above the longest backoff.
 */
export const PROGRESS_WAIT_MS_MAX = 3_600_000;

/** Tasks that the watchdog listens to. */
export const PROGRESS_TASKS_MAX = 16;

/** Milliseconds for a PINGRESP after its PINGREQ. */
export const PING_RESPONSE_MS_MAX = 20_000;

/**
 * Milliseconds for PUBACK, PUBREC, PUBCOMP, SUBACK or UNSUBACK after the packet that asks for it.
 */
export const ACKNOWLEDGE_MS_MAX = 30_000;

// ---- time and tokens

/** Seconds that the time floor must rise before it is written: at most 4 flash writes a day. */
export const TIME_FLOOR_STEP_S_MIN = 21_600;

/**
 * Seconds after the build beyond which a signed time is a mistake (20 years): it must not brick
 * the device.
 */
export const TIME_SPAN_S_MAX = 631_152_000;

/**
 * Seconds that a signed time may have been on its way; SNTP may refine it by as much and no more.
 * As long as a command may wait in a broker: with less, one that did would leave the device behind.
 */
export const SIGNED_TIME_DELAY_S_MAX = COMMAND_LIFETIME_S_MAX;

// ---------------------------------------------------------------- mqtt

/**
 * Bytes after the fixed header of a PUBLISH that is read into memory: topic and envelope of the
 * largest command. A larger one is skipped, not stored.
 */
export const MQTT_INBOUND_PACKET_BYTES_MAX = 8192;

/**
 * Bytes after the fixed header of a PUBLISH that is skipped. For a larger one the connection is
 * closed.
 */
export const MQTT_SKIPPED_PACKET_BYTES_MAX = 262144;

/**
 * Bytes of one outbound packet. A socket with nothing to send takes this much in one write: lwIP's
 * send buffer holds 5760 bytes by default and a TLS record on the ESP32 4096 of content.
 */
export const MQTT_OUTBOUND_PACKET_BYTES_MAX = 4096;

/** Topics in one SUBSCRIBE or UNSUBSCRIBE; bounds what a SUBACK may make us read. */
export const MQTT_REQUEST_TOPICS_MAX = 8;

/** SUBSCRIBE and UNSUBSCRIBE requests without an answer. */
export const MQTT_REQUESTS_MAX = 4;

/**
 * Outbound QoS 1 and 2 messages without their last acknowledgement. mosquitto's own default is 20.
 */
export const MQTT_IN_FLIGHT_MAX = 16;

/**
 * Inbound QoS 2 ids between PUBREC and PUBREL. Brokers keep 20 (mosquitto) or 32 (EMQX) in flight.
 */
export const MQTT_RECEIVED_MAX = 64;

/** Inbound messages that the application has not acknowledged; beyond it the socket is not read. */
export const MQTT_UNACKNOWLEDGED_MAX = 16;

/** Outgoing packets that wait for room in the socket; beyond half of it the socket is not read. */
export const MQTT_QUEUE_PACKETS_MAX = 64;

/** Bytes taken from the socket at once: with the packet being read, all that inbound data costs. */
export const MQTT_READ_BYTES = 2048;

/** Bytes taken from the socket before the loop gets its turn again. */
export const MQTT_READ_BYTES_PER_TURN = 16384;

/**
 * Milliseconds from the socket's making to CONNACK, TCP and TLS included. The supervisor gives
 * less.
 */
export const MQTT_CONNACK_MS = 60_000;

/** Milliseconds from PINGREQ to PINGRESP; never more than half the keep-alive. */
export const MQTT_PING_RESPONSE_MS = 10_000;

/**
 * Milliseconds from a packet to its acknowledgement: several round trips of a bad cellular link.
 */
export const MQTT_ACKNOWLEDGE_MS = 20_000;

/** Milliseconds that an outgoing packet waits for room in the socket. */
export const MQTT_WRITE_STALL_MS = 20_000;

/**
 * Milliseconds after DISCONNECT in which the broker may close first, so that DISCONNECT is not
 * lost.
 */
export const MQTT_LINGER_MS = 1000;

/**
 * Milliseconds by which PINGREQ comes early, so that the keep-alive is kept by slow timers as well.
 */
export const MQTT_KEEP_ALIVE_MARGIN_MS = 1000;

// ---------------------------------------------------------------- provisioning

/**
 * Bytes of one provisioning message. With CRC, COBS and both delimiters a frame is 123 bytes: the
 * UART of the chip buffers 128, in either direction, and a script turn may be longer than they
 * last.
 */
export const PROVISIONING_MESSAGE_BYTES_MAX = 116;

/**
 * Bytes of content in one message of a longer transfer: leaves room for its id, offset and total.
 */
export const PROVISIONING_CHUNK_BYTES = 80;

/** Bytes of an operator's unlock message. It is the only transfer that a locked device takes. */
export const UNLOCK_BYTES_MAX = 320;

/** Bytes of a nonce of either side. */
export const PROVISIONING_NONCE_BYTES = 16;

/** Bytes taken from the serial port in one read: its hardware buffer. */
export const SERIAL_READ_BYTES = 128;

/** Milliseconds between attempts to write an answer for which the serial port has no room. */
export const SERIAL_RETRY_MS = 10;

/** Attempts before an answer is dropped; the station then asks again. */
export const SERIAL_RETRIES_MAX = 200;

/** Characters of the firmware's version in the answer to hello. */
export const FIRMWARE_VERSION_CHARACTERS_MAX = 24;

/** Characters of a hardware id. */
export const HARDWARE_ID_CHARACTERS_MAX = 32;

// ---------------------------------------------------------------- outbox

/** Bytes of one stored record: the largest sealed envelope that the device makes. */
export const OUTBOX_RECORD_BYTES_MAX = 1024;

/** Bytes of one sealed gap record, for which room is always held in reserve. */
export const OUTBOX_GAP_BYTES_MAX = 512;

/** Slots of the index in RAM: 8 bytes each, so 16 KB. A power of two. */
export const OUTBOX_RECORDS_MAX = 2048;

/** Slots kept free of records, so that closing the holes in the index is rare. */
export const OUTBOX_RECORDS_SLACK = 128;

/** Blocks of the smallest ring: one to write, one in reserve, two that hold records. */
export const OUTBOX_BLOCKS_MIN = 4;

/** Units of the largest partition: an index entry has 16 bits for the place of a record. */
export const OUTBOX_UNITS_MAX = 65536;

/**
 * Acknowledgements that may wait in RAM before they are written; a power cut sends as many again.
 */
export const OUTBOX_REMOVALS_PENDING_MAX = 16;

/** The part of the capacity that a drop frees at least: fewer gap records, fewer writes. */
export const OUTBOX_DROP_FRACTION = 16;

// ---------------------------------------------------------------- sequence reservation

/** Sequence numbers reserved by one key-value write; a restart skips at most as many. */
export const SEQUENCE_BLOCK = 1024;

/** Sequence numbers skipped when the reservation is lost: 1024 lives that each stored nothing. */
export const SEQUENCE_LEAP = 1024 * SEQUENCE_BLOCK;

// ---------------------------------------------------------------- serial

/** Bytes that a new serial port takes at once: the transmit FIFO of the chip's UART. */
export const SERIAL_WRITE_BYTES = 128;

// ---------------------------------------------------------------- device

/** Times that one message may drop older ones before it is refused itself. One is the rule. */
export const OUTBOX_ROOM_ATTEMPTS_MAX = 4;

/** Characters of one text in a signed event. */
export const EVENT_TEXT_CHARACTERS_MAX = 64;

/** Milliseconds between a `restart` command's result and the restart: time for both to leave. */
export const RESTART_DELAY_MS = 1_500;

/**
 * Milliseconds for which acknowledgements gather before their tombstones are written: one unit for
 * many.
 */
export const OUTBOX_FLUSH_MS = 2_000;

/**
 * Milliseconds for which a candidate that finds no server is not blamed for it: one hour. After
 * that a server that is down and one that was misspelt look alike, and the old configuration
 * returns.
 */
export const CANDIDATE_NETWORK_MS = 3_600_000;

// ---- governor

/**
 * Inbound messages that may come at once: retained ones, and what the broker queued for us during
 * an outage. With the rate below and the time for which it may be held back, some 450 pass.
 */
export const INBOUND_MESSAGES_BURST = 256;

/**
 * Inbound messages per second after that. A forged one costs the chip an Ed25519 verification,
 * about 15 ms: under a third of its time.
 */
export const INBOUND_MESSAGES_PER_SECOND = 20;

/** Inbound bytes that may come at once: two of the largest messages that are skipped. */
export const INBOUND_BYTES_BURST = 2 * MQTT_SKIPPED_PACKET_BYTES_MAX;

/** Inbound bytes per second after that: twenty of the largest commands that are of any use. */
export const INBOUND_BYTES_PER_SECOND = 32_768;

/**
 * Forged, repeated, oversized or ungranted messages at once: 4 s of verification. What a broker
 * queued of them (1000 by default) is then gone after a few connections.
 */
export const INBOUND_VIOLATIONS_BURST = 256;

/** The same per second: somebody's faulty script is borne, an attack is not. */
export const INBOUND_VIOLATIONS_PER_SECOND = 1;

/**
 * Milliseconds for which one connection may be read slowly. Below the deadlines for PINGRESP and
 * PUBACK, which wait behind the flood: its end is then named a flood.
 */
export const INBOUND_PACED_MS_MAX = 10_000;

/** Commands of one operator at once: a row of questions, or what a day's outage left in a queue. */
export const COMMANDS_BURST = 60;

/**
 * Commands of one operator per second after that: one a minute. Each writes the ledger and a
 * result: eight operators who never stop wear 64 KB of NVS out in 14 years, at 20 a second it would
 * be a month.
 */
export const COMMANDS_PER_SECOND = 1 / 60;

/** Messages that leave at once after an outage. */
export const OUTBOUND_MESSAGES_BURST = 100;

/**
 * Messages per second after that: half of what hosted brokers allow one client (AWS IoT Core: 100),
 * and the largest outbox is empty within a minute.
 */
export const OUTBOUND_MESSAGES_PER_SECOND = 50;

/**
 * Milliseconds without a flood before the next one gets the shortest wait again. Longer than the
 * longest wait, or a patient attacker would never meet it.
 */
export const FLOOD_CLEAR_MS = 3_600_000;

// ---- security log

/**
 * Bytes of the partition "log" on the chip (128 KB): 32 blocks, some 350 entries with their
 * checkpoints. Provoked without end they stand for three hours until they are overwritten, and are
 * uploaded long before.
 */
export const LOG_PARTITION_BYTES = 131_072;

/** Slots of the log's index in RAM: 8 bytes each, so 4 KB. A power of two. */
export const LOG_RECORDS_MAX = 512;

/** Bytes of one entry: eight body units of the ring. */
export const LOG_ENTRY_BYTES_MAX = 248;

/** Bytes of one signed checkpoint. */
export const LOG_CHECKPOINT_BYTES_MAX = 248;

/** Facts that an entry holds about its event. */
export const LOG_DETAILS_MAX = 8;

/** Characters of an event's name in an entry: ours have up to 29. */
export const LOG_NAME_CHARACTERS_MAX = 32;

/** Characters of one text in an entry: a code, a topic's beginning, a key's id. */
export const LOG_TEXT_CHARACTERS_MAX = 40;

/** Bytes of one uploaded batch: sealed, it must fit one record of the outbox. */
export const LOG_BATCH_BYTES_MAX = 832;

/** Batches handed to the outbox at once: readings come first, a backlog follows bit by bit. */
export const LOG_BATCHES_AT_ONCE = 4;

/** Entries without a signature after which a checkpoint is made at once. */
export const LOG_UNSIGNED_MAX = 16;

/** Milliseconds after an entry until a checkpoint signs it, and it is uploaded. */
export const LOG_CHECKPOINT_MS = 60_000;

/** Entries of one kind at once: the beginning of an attack is told in detail. */
export const LOG_KIND_BURST = 4;

/** Entries of one kind per second after that: six an hour, the rest is counted. */
export const LOG_KIND_PER_SECOND = 6 / 3600;

/**
 * Kinds of events whose rates are told apart: with failure classes, reasons and the commands of
 * eight operators there could be some ninety, and few of them come in one hour. 8 KB if all do.
 */
export const LOG_KINDS_MAX = 48;

/**
 * Entries of a source's burst that only its graver events may take: commands that change something,
 * but not those that ask; connections that fail, but not messages that are refused.
 */
export const LOG_RESERVE = 8;

/** Entries at once of what happens on the device itself: no peer can use them up. */
export const LOG_DEVICE_BURST = 16;

/**
 * The same per second after that: 12 an hour. With the rates of the other sources below 1584 a day
 * at the most, which bounds the wear of the flash.
 */
export const LOG_DEVICE_PER_SECOND = 12 / 3600;

/** Entries at once of commands that an operator signed and the device obeyed. */
export const LOG_OPERATOR_BURST = 24;

/** The same per second after that: 24 an hour, two kinds of two operators at their full rate. */
export const LOG_OPERATOR_PER_SECOND = 24 / 3600;

/** Entries at once of what comes over USB: one provisioning, and some refusals. */
export const LOG_STATION_BURST = 16;

/** The same per second after that: 12 an hour. */
export const LOG_STATION_PER_SECOND = 12 / 3600;

/** Entries at once of what anybody on the network can bring about. */
export const LOG_PEER_BURST = 24;

/** The same per second after that: 18 an hour, three kinds at their full rate. */
export const LOG_PEER_PER_SECOND = 18 / 3600;

/**
 * Milliseconds after which what was suppressed is written down as a count: so much of it a power
 * cut may take away, for a third of the device's own rate.
 */
export const LOG_SUPPRESSED_MS = 900_000;

/**
 * Milliseconds of a boot in which an ordinary boot, and whatever peers and the station can bring
 * about, waits in memory: a device whose power fails every minute, or that somebody resets, must
 * not erase a block for each of its boots.
 */
export const LOG_BOOT_HOLD_MS = 300_000;

/** Entries that wait so: some 300 bytes each. The rest is counted. */
export const LOG_HELD_MAX = 16;

// ---- device robustness

/**
 * Milliseconds until a refused subscription is asked for again: a broker's list is mended by hand,
 * and one packet in five minutes costs nobody anything.
 */
export const SUBSCRIBE_AGAIN_MS = 300_000;
/**
 * Milliseconds between attempts to read credentials, keys or the outbox that could not be read: a
 * brown-out passes, and each attempt costs a few reads.
 */
export const STORAGE_RETRY_MS = 60_000;

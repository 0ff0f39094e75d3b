// Who is asked for the time, in this order; at most four. Change them here. SNTP is believed only
// as far as src/credentials/time-trust.ts says: it bears no signature.
export const TIME_SERVERS: readonly string[] = Object.freeze([
	"0.pool.ntp.org",
	"1.pool.ntp.org",
	"2.pool.ntp.org",
	"time.cloudflare.com",
]);

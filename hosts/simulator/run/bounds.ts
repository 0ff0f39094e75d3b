// Within how many milliseconds a link is back when a fault is healed, 1.5 keep-alives apart: for a
// link that is dead and looks alive is noticed within those.

const SECOND = 1000;

/** An attempt under way that still fails, the widest wait, and the attempt that succeeds. */
export const BACK_MS = 60 * SECOND + 300 * SECOND + 60 * SECOND;
/** Where refused credentials or a certificate were the matter: the long floor on top. */
export const BACK_REFUSED_MS = BACK_MS + 120 * SECOND;
/** Where a configuration is on trial that does not connect: five refusals, each with its wait. */
export const BACK_TRIAL_MS = 6 * BACK_REFUSED_MS;
/** Where another device seemed to use our client id: its floor and half of it. */
export const BACK_DUPLICATE_MS = 60 * SECOND + 1350 * SECOND + 60 * SECOND;

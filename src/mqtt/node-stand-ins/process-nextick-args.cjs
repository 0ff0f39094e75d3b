// In place of `process-nextick-args`: mqtt-packet uncorks a stream with it. Ours has no cork, so
// the device never gets here; uncorking at once is right for streams that have one.

exports.nextTick = (callback, ...rest) => callback(...rest);

// For whoever restarts the chip on purpose.

#ifndef WATCHDOG_ESP32_H
#define WATCHDOG_ESP32_H

// The next life will know that this one wanted to end.
void watchdogWillRestart(void);

#endif

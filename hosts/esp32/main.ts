// The firmware on the SDK: arranges for its own end to be known, builds the ports, and starts the
// bundle unchanged.
import { Device } from "holdfast/device";
import { Watchdog } from "holdfast/watchdog";
import { tellAbort } from "hosts/esp32/board";
import { watchAbort } from "./abort.js";
import { report } from "./report.js";
import { boardPorts } from "./board-ports.js";

// First of all: from here on an end that the engine gives itself says why.
const watchdog = new Watchdog();
watchAbort(watchdog, tellAbort);
new Device({ ports: boardPorts({ watchdog, report }) }).start();

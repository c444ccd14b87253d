import { readFileSync } from "node:fs";

/**
 * When a process started, in clock ticks since boot, or null if there is none. A process id alone may
 * have been given to another process meanwhile; together with its start it names one for good.
 *
 * @param {number} pid
 * @returns {string | null}
 */
export function startTicks(pid) {
  return stat(pid)?.[19] ?? null;
}

/** Whether the terminal's Ctrl-C reaches this process: it belongs to the terminal's foreground group. */
export function inForeground() {
  const fields = stat(process.pid);
  return fields !== null && fields[2] === fields[5];
}

/** The fields of /proc/PID/stat from the third (state) on; the second, a name, may hold any character. */
function stat(pid) {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "latin1");
    const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
    // A zombie has ended; only its parent has not looked yet.
    return fields[0] === "Z" ? null : fields;
  } catch {
    return null;
  }
}

import { readFileSync } from "node:fs";

/**
 * When a process started, in clock ticks since boot; undefined where there is none. A process id may
 * be given to another process later; together with its start it names one for good.
 */
export function startTicks(pid: number): string | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "latin1");
    // The second field, a name in brackets, may hold any character.
    const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
    // A zombie has ended; only its parent has not looked yet.
    return fields[0] === "Z" ? undefined : fields[19];
  } catch {
    return undefined;
  }
}

/** A process that can be told from a later one of the same id. */
export type ProcessIdentity = { pid: number; ticks: string };

/** This very process. */
export function ownIdentity(): ProcessIdentity {
  return { pid: process.pid, ticks: startTicks(process.pid) ?? "" };
}

/** Whether that process still runs. */
export function isAlive(identity: ProcessIdentity): boolean {
  return startTicks(identity.pid) === identity.ticks;
}

/** Sends a signal to that process and no other; false where it has ended. */
export function signalProcess(identity: ProcessIdentity, signal: NodeJS.Signals): boolean {
  if (!isAlive(identity)) return false;
  try {
    return process.kill(identity.pid, signal);
  } catch {
    return false;
  }
}

/** Resident memory of a process in bytes, pages shared with others included. */
export function residentBytes(pid: number): number | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/status`, "latin1");
    const kib = /^VmRSS:\s+(\d+) kB$/m.exec(text)?.[1];
    return kib === undefined ? undefined : Number(kib) * 1024;
  } catch {
    return undefined;
  }
}

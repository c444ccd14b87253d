import { mkdirSync, renameSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { pino } from "pino";
import type { Log } from "@lichen/ports";
import { bounds } from "./bounds.ts";

/** A log file that is closed with `close`. */
export type FileLog = { log: Log; close: () => void };

/**
 * Writes one JSON line per event to `DIR/NAME.log`. The file of the run before becomes `NAME.1.log`;
 * so does a full one: no more than `logFiles` times `logBytes` are ever kept.
 */
export function openFileLog(dir: string, name: string, maxBytes: number = bounds.logBytes): FileLog {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const path = (generation: number): string =>
    join(dir, generation === 0 ? `${name}.log` : `${name}.${generation}.log`);
  rotate(path);
  const destination = pino.destination({ dest: path(0), mode: 0o600, sync: true });
  let written = 0;
  const logger = pino(
    {
      base: { name },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    {
      write(line: string) {
        if (written + line.length > maxBytes && written > 0) {
          rotate(path);
          destination.reopen(path(0));
          written = 0;
        }
        written += line.length;
        destination.write(line);
      },
    },
  );
  return {
    log: (level, event, fields) => logger[level]({ event, ...fields }),
    close: () => destination.end(),
  };
}

function rotate(path: (generation: number) => string): void {
  if ((statSync(path(0), { throwIfNoEntry: false })?.size ?? 0) === 0) return;
  rmSync(path(bounds.logFiles - 1), { force: true });
  for (let generation = bounds.logFiles - 2; generation >= 0; generation--) {
    if (statSync(path(generation), { throwIfNoEntry: false }) !== undefined)
      renameSync(path(generation), path(generation + 1));
  }
}

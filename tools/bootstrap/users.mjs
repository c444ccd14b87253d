import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { startTicks } from "./process.mjs";

/**
 * Notes that this process uses the installation, until the returned function is called. `npm ci` empties
 * node_modules; under a running network it would pull the code away.
 *
 * @param {string} dir
 * @param {string} command
 * @returns {() => void}
 */
export function register(dir, command) {
  mkdirSync(dir, { recursive: true });
  const path = join(dir, String(process.pid));
  writeFileSync(path, JSON.stringify({ ticks: startTicks(process.pid), command }));
  return () => rmSync(path, { force: true });
}

/**
 * Who else uses the installation now. Notes of processes that died are removed.
 *
 * @param {string} dir
 * @returns {{ pid: number, command: string }[]}
 */
export function users(dir) {
  const alive = [];
  for (const name of list(dir)) {
    const pid = Number(name);
    const path = join(dir, name);
    try {
      const { ticks, command } = JSON.parse(readFileSync(path, "utf8"));
      if (ticks !== null && startTicks(pid) === ticks) alive.push({ pid, command });
      else rmSync(path, { force: true });
    } catch {
      // Half written or just removed: its process is only starting or has ended.
    }
  }
  return alive.filter((user) => user.pid !== process.pid);
}

function list(dir) {
  try {
    return readdirSync(dir);
  } catch {
    return [];
  }
}

import { linkSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { startTicks } from "./process.mjs";

/** How long one installation may keep another waiting. */
const lockWaitMs = 30 * 60_000;
const pollMs = 200;
/** Taking over a dead owner's lock takes microseconds; a mark this old was left by a crash in between. */
const takeoverMs = 10_000;

/**
 * Runs `action` while no other process on this machine does so under the same path. The lock of a
 * process that died is taken over. Rejects after `waitMs`.
 *
 * @template T
 * @param {string} path of the lock file
 * @param {(pid: number) => void} onWait called once if another process holds the lock
 * @param {() => Promise<T>} action
 * @param {number} [waitMs]
 * @returns {Promise<T>}
 */
export async function withLock(path, onWait, action, waitMs = lockWaitMs) {
  mkdirSync(dirname(path), { recursive: true });
  const deadline = Date.now() + waitMs;
  let told = false;
  while (!acquire(path)) {
    const owner = read(path);
    if (owner !== null && startTicks(owner.pid) !== owner.ticks) {
      removeStale(path, owner);
      continue;
    }
    if (owner !== null && !told) {
      told = true;
      onWait(owner.pid);
    }
    if (Date.now() > deadline) {
      throw new Error(`Another installation (process ${owner?.pid}) has not finished; end it and try again.`);
    }
    await sleep(pollMs);
  }
  try {
    return await action();
  } finally {
    rmSync(path, { force: true });
  }
}

/** Linking a finished file is atomic: a lock is never seen without its owner. */
function acquire(path) {
  const mine = `${path}.${process.pid}`;
  writeFileSync(mine, JSON.stringify({ pid: process.pid, ticks: startTicks(process.pid) }));
  try {
    linkSync(mine, path);
    return true;
  } catch (error) {
    if (error.code !== "EEXIST") throw error;
    return false;
  } finally {
    rmSync(mine, { force: true });
  }
}

/** Only the holder of the takeover mark removes a dead owner's lock; else two could, and one a live lock. */
function removeStale(path, owner) {
  const mark = `${path}.takeover`;
  try {
    writeFileSync(mark, "", { flag: "wx" });
  } catch (error) {
    if (error.code !== "EEXIST") throw error;
    const age = Date.now() - (statSync(mark, { throwIfNoEntry: false })?.mtimeMs ?? Date.now());
    if (age > takeoverMs) rmSync(mark, { force: true });
    return;
  }
  try {
    const now = read(path);
    if (now !== null && now.pid === owner.pid && now.ticks === owner.ticks) rmSync(path, { force: true });
  } finally {
    rmSync(mark, { force: true });
  }
}

function read(path) {
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    if (error.code === "ENOENT") return null;
    // Not a lock of ours: nobody can own it.
    return { pid: 0, ticks: "" };
  }
}

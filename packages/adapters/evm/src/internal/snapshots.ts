import { readdir, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import { LichenError } from "@lichen/kernel";
import type { Log } from "@lichen/ports";
import { writeFileAtomically } from "./write-file-atomically.ts";

/** The newest, and the one before in case the disk damages the newest. */
const keptSnapshots = 2;
/** A chain's state unpacked; far beyond what a local chain grows to (about 4 kB a transaction). */
const maxStateBytes = 1 << 30;

const pattern = /^snapshot-(\d{1,15})\.json\.gz$/;
const nameOf = (number: number): string => `snapshot-${number}.json.gz`;

/** Numbers of the snapshots on disk, newest first. */
async function numbers(dir: string): Promise<number[]> {
  const names = await readdir(dir);
  return names
    .flatMap((name) => pattern.exec(name)?.[1] ?? [])
    .map(Number)
    .sort((a, b) => b - a);
}

/** Saves a state as anvil dumps it (gzip), then forgets those too old to be kept. */
export async function saveSnapshot(dir: string, state: Uint8Array): Promise<void> {
  const old = await numbers(dir);
  await writeFileAtomically(join(dir, nameOf((old[0] ?? 0) + 1)), state);
  for (const number of old.slice(keptSnapshots - 1)) await rm(join(dir, nameOf(number)), { force: true });
}

/** A snapshot that can be read: its state as JSON, and a way to set it aside where anvil refuses it. */
export type Snapshot = { json: Uint8Array; setAside(cause: unknown): Promise<void> };

/**
 * The newest snapshot that can be read; undefined where none was ever taken. gzip's checksum tells a
 * torn or damaged file, which is renamed, and said in the log.
 * @throws {LichenError} `state-invalid` where there are some but all are damaged
 */
export async function newestSnapshot(dir: string, log: Log): Promise<Snapshot | undefined> {
  let damaged = await wasSetAside(dir);
  for (const number of await numbers(dir)) {
    const path = join(dir, nameOf(number));
    const setAside = async (cause: unknown): Promise<void> => {
      log("warn", "snapshot.unreadable", { path, cause: String(cause) });
      await rename(path, join(dir, asideName));
    };
    try {
      const json = await promisify(gunzip)(await readFile(path), { maxOutputLength: maxStateBytes });
      return { json, setAside };
    } catch (cause) {
      damaged = true;
      await setAside(cause);
    }
  }
  if (!damaged) return undefined;
  throw new LichenError("state-invalid", "no snapshot of the local chain can be read", {
    details: dir,
    remedy: "Start over with an empty home: `lichen reset`. What was on the local chain is lost.",
  });
}

const asideName = "snapshot-unreadable.json.gz";
const wasSetAside = async (dir: string): Promise<boolean> => (await readdir(dir)).includes(asideName);

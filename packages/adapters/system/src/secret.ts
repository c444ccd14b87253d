import { link, mkdir, open, rm, type FileHandle } from "node:fs/promises";
import { constants } from "node:fs";
import { dirname, resolve } from "node:path";
import { fromHex, LichenError, toHex } from "@lichen/kernel";
import { systemRandom } from "./random.ts";

/**
 * Reads a secret from its file, or makes it on first use: random bytes as one line of hexadecimal,
 * readable by the owner only. It is on the disk, whole, before this returns; of two processes that
 * make it at once both get the same.
 *
 * @param path of the file; its directory is made where it is missing
 * @param sizeBytes of the secret, 16 to 64
 * @throws {LichenError} `state-invalid` where others can read the file, it holds something else or
 *   cannot be read or made; `bad-argument` on another size
 * @example const apiKey = await loadOrCreateSecret("/var/lib/lichen/api.key", 32);
 */
export async function loadOrCreateSecret(path: string, sizeBytes: number): Promise<Uint8Array> {
  if (!Number.isInteger(sizeBytes) || sizeBytes < 16 || sizeBytes > 64) {
    throw new LichenError("bad-argument", `a secret has 16 to 64 bytes, not ${sizeBytes}`);
  }
  return loadOrCreate(resolve(path), sizeBytes, () => systemRandom.bytes(sizeBytes));
}

/** As `loadOrCreateSecret`, of bytes that `make` gives. */
export async function loadOrCreate(
  path: string,
  sizeBytes: number,
  make: () => Uint8Array,
): Promise<Uint8Array> {
  try {
    return (await load(path, sizeBytes)) ?? (await create(path, sizeBytes, make()));
  } catch (error) {
    if (error instanceof LichenError) throw error;
    throw invalid(path, "cannot be read or made", "check the path, its owner and its permissions", error);
  }
}

async function load(path: string, sizeBytes: number): Promise<Uint8Array | undefined> {
  let file: FileHandle;
  try {
    // Non-blocking: a named pipe without a writer would hold the caller for ever.
    file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
  try {
    const stats = await file.stat();
    if (!stats.isFile()) throw invalid(path, "is not a file", "move it away, or name another path");
    if ((stats.mode & 0o077) !== 0) {
      const remedy = `chmod 600 '${path}', and if others may have read it, make a new one`;
      throw invalid(path, `can be read by others (mode ${(stats.mode & 0o777).toString(8)})`, remedy);
    }
    return parse(path, await readStart(file, 2 * limitChars), sizeBytes);
  } finally {
    await file.close();
  }
}

/** Characters of the largest secret: prefix, 64 bytes, line end. */
const limitChars = 2 + 2 * 64 + 1;

// A file of the wrong kind may be huge; its start tells enough.
async function readStart(file: FileHandle, mostBytes: number): Promise<string> {
  const buffer = Buffer.alloc(mostBytes);
  const { bytesRead } = await file.read(buffer, 0, mostBytes, 0);
  return buffer.toString("latin1", 0, bytesRead);
}

function parse(path: string, text: string, sizeBytes: number): Uint8Array {
  const match = /^(0x[0-9a-fA-F]*)\r?\n?$/.exec(text);
  if (match?.[1]?.length !== 2 + 2 * sizeBytes) {
    const remedy = "restore it from a backup, or move it away to have a new one made";
    throw invalid(path, `does not hold ${sizeBytes} bytes in hexadecimal`, remedy);
  }
  return fromHex(match[1], sizeBytes);
}

// Written beside its place, synced, then linked into it: a link, unlike a rename, never replaces the
// secret that another process made in between.
async function create(path: string, sizeBytes: number, secret: Uint8Array): Promise<Uint8Array> {
  const directory = dirname(path);
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const draft = `${path}.${toHex(systemRandom.bytes(8)).slice(2)}.tmp`;
  try {
    await writeSynced(draft, `${toHex(secret)}\n`);
    await link(draft, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    const other = await load(path, sizeBytes);
    if (other === undefined) throw error;
    return other;
  } finally {
    await rm(draft, { force: true });
  }
  await syncDirectory(directory);
  return secret;
}

async function writeSynced(path: string, text: string): Promise<void> {
  const file = await open(path, "wx", 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
}

async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, "r");
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

function invalid(path: string, what: string, remedy: string, cause?: unknown): LichenError {
  return new LichenError("state-invalid", `${path} ${what}`, { remedy, cause });
}

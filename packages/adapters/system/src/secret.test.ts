import assert from "node:assert/strict";
import {
  chmod,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  stat,
  symlink,
  truncate,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import type { LichenError } from "@lichen/kernel";
import { loadOrCreateSecret } from "./secret.ts";

describe("a secret in a file", () => {
  let directory: string;
  let count = 0;
  const newPath = (): string => join(directory, `${count++}`, "secret");
  before(async () => {
    directory = await mkdtemp(join(tmpdir(), "lichen-secret-"));
  });
  after(() => rm(directory, { recursive: true }));

  const refused = (code: string) => (error: unknown) => {
    const { code: found, remedy } = error as LichenError;
    assert.equal(found, code);
    assert.ok(code === "bad-argument" || (remedy ?? "") !== "");
    return true;
  };

  test("is made once and then stays the same", async () => {
    const path = newPath();
    const first = await loadOrCreateSecret(path, 32);
    assert.equal(first.length, 32);
    assert.deepEqual(await loadOrCreateSecret(path, 32), first);
    assert.equal(await readFile(path, "utf8"), `0x${Buffer.from(first).toString("hex")}\n`);
    assert.notDeepEqual(await loadOrCreateSecret(newPath(), 32), first);
  });

  test("is for its owner only, and so is its directory", async () => {
    const path = newPath();
    await loadOrCreateSecret(path, 16);
    assert.equal((await stat(path)).mode & 0o777, 0o600);
    assert.equal((await stat(join(path, ".."))).mode & 0o777, 0o700);
    assert.deepEqual(await readdir(join(path, "..")), ["secret"]);
  });

  test("is the same for all who make it at once", async () => {
    const path = newPath();
    const all = await Promise.all(Array.from({ length: 20 }, () => loadOrCreateSecret(path, 32)));
    for (const secret of all) assert.deepEqual(secret, all[0]);
    assert.deepEqual(await loadOrCreateSecret(path, 32), all[0]);
    assert.deepEqual(await readdir(join(path, "..")), ["secret"]);
  });

  test("is refused where others can read or change it", async () => {
    const path = newPath();
    await loadOrCreateSecret(path, 32);
    for (const mode of [0o640, 0o604, 0o620, 0o602, 0o644]) {
      await chmod(path, mode);
      await assert.rejects(loadOrCreateSecret(path, 32), refused("state-invalid"), mode.toString(8));
    }
    await chmod(path, 0o400);
    await loadOrCreateSecret(path, 32);
  });

  test("is refused, and left alone, where the file holds something else", async () => {
    const path = newPath();
    const good = `0x${"ab".repeat(32)}`;
    await mkdir(join(path, ".."));
    for (const text of [
      "",
      "0x",
      good.slice(0, -1),
      `${good}ab`,
      `${good}\n\n`,
      `${good} x`,
      good.slice(2),
    ]) {
      await writeFile(path, text, { mode: 0o600 });
      await assert.rejects(loadOrCreateSecret(path, 32), refused("state-invalid"), JSON.stringify(text));
      assert.equal(await readFile(path, "utf8"), text);
    }
    await truncate(path, 2 ** 32);
    await assert.rejects(loadOrCreateSecret(path, 32), refused("state-invalid"));
    await writeFile(path, `${good.replaceAll("ab", "AB")}\r\n`);
    assert.deepEqual(await loadOrCreateSecret(path, 32), new Uint8Array(32).fill(0xab));
    await assert.rejects(loadOrCreateSecret(path, 16), refused("state-invalid"));
  });

  test("is refused where no file can be", async () => {
    const path = newPath();
    await mkdir(path, { recursive: true, mode: 0o700 });
    await assert.rejects(loadOrCreateSecret(path, 32), refused("state-invalid"));
    const file = newPath();
    await loadOrCreateSecret(file, 32);
    await assert.rejects(loadOrCreateSecret(join(file, "below"), 32), refused("state-invalid"));
    await symlink("nowhere", join(path, "dangling"));
    await assert.rejects(loadOrCreateSecret(join(path, "dangling"), 32), refused("state-invalid"));
  });

  test("has a size", async () => {
    for (const sizeBytes of [0, 15, 65, 32.5, Number.NaN]) {
      await assert.rejects(loadOrCreateSecret(newPath(), sizeBytes), refused("bad-argument"));
    }
  });
});

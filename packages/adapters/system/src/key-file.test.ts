import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { signerCompliance } from "@lichen/ports/compliance";
import { openKeyFile } from "./key-file.ts";

const newDirectory = (): Promise<string> => mkdtemp(join(tmpdir(), "lichen-key-"));

signerCompliance("key file", {
  async setup() {
    const directory = await newDirectory();
    const signer = await openKeyFile(join(directory, "key"));
    return { signer, teardown: () => rm(directory, { recursive: true }) };
  },
});

describe("a key file", () => {
  let directory: string;
  before(async () => {
    directory = await newDirectory();
  });
  after(() => rm(directory, { recursive: true }));

  test("is the same account each time it is opened", async () => {
    const path = join(directory, "own");
    const first = await openKeyFile(path);
    const again = await openKeyFile(path);
    assert.equal(first.path, path);
    assert.equal(again.address, first.address);
    const digest = new Uint8Array(32).fill(3);
    assert.equal(await again.sign(digest), await first.sign(digest));
  });

  test("may come from elsewhere", async () => {
    const path = join(directory, "anvil");
    // The first account of every development chain.
    await writeFile(path, "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80\n", {
      mode: 0o600,
    });
    assert.equal((await openKeyFile(path)).address, "0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266");
  });

  test("is refused, and left alone, where its bytes are no key", async () => {
    const path = join(directory, "zero");
    for (const text of [`0x${"00".repeat(32)}\n`, `0x${"ff".repeat(32)}\n`, `0x${"11".repeat(31)}\n`]) {
      await writeFile(path, text, { mode: 0o600 });
      await assert.rejects(openKeyFile(path), { code: "state-invalid" });
      assert.equal(await readFile(path, "utf8"), text);
    }
  });
});

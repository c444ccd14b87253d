import assert from "node:assert/strict";
import { test } from "node:test";
import { LichenError } from "@lichen/kernel";
import { signerCompliance } from "../compliance/signer.ts";
import { createSeededRandom } from "./random.ts";
import { createMemorySigner } from "./signer.ts";

signerCompliance("memory", {
  async setup() {
    return { signer: createMemorySigner(createSeededRandom(1).bytes(32)), teardown: async () => {} };
  },
});

test("keeps a key of its own", async () => {
  const key = createSeededRandom(1).bytes(32);
  const signer = createMemorySigner(key);
  const digest = new Uint8Array(32).fill(1);
  const before = await signer.sign(digest);
  key.fill(9);
  assert.equal(await signer.sign(digest), before);
});

test("refuses what is no key, without quoting it", () => {
  for (const key of [new Uint8Array(32), new Uint8Array(32).fill(0xff), new Uint8Array(31).fill(1)]) {
    assert.throws(
      () => createMemorySigner(key),
      (error: unknown) => {
        assert.ok(error instanceof LichenError && error.code === "bad-argument" && error.cause === undefined);
        return true;
      },
    );
  }
});

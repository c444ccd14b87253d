import assert from "node:assert/strict";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { LichenError } from "@lichen/kernel";
import { asFile, tinyModel } from "../../test/tiny-model.ts";
import { tryModel } from "./try-model.ts";

async function refuses(bytes: Uint8Array): Promise<void> {
  const file = await asFile(bytes);
  try {
    await assert.rejects(tryModel(file.path), (error: unknown) => {
      assert.ok(error instanceof LichenError);
      assert.equal(error.code, "model-invalid");
      assert.ok(error.remedy !== undefined && error.details !== undefined);
      return true;
    });
  } finally {
    await file.remove();
  }
}

/** The model with a 32-bit number of its header changed. */
function changed(key: string, skipBytes: number, value: number): Uint8Array {
  const bytes = Buffer.from(tinyModel());
  bytes.writeUInt32LE(value, bytes.indexOf(key) + key.length + skipBytes);
  return bytes;
}

test("passes a model that works", async () => {
  const file = await asFile(tinyModel());
  await tryModel(file.path);
  await file.remove();
});

test("refuses what is not there, no file, no model, or cut", async () => {
  await assert.rejects(tryModel(join(tmpdir(), "lichen-no-such.gguf")), { code: "model-invalid" });
  await assert.rejects(tryModel(tmpdir()), { code: "model-invalid" });
  await refuses(new Uint8Array());
  await refuses(tinyModel().subarray(0, 100_000));
});

test("survives what llama.cpp does not: a wrong type for token types, no layers at all", async () => {
  await refuses(changed("tokenizer.ggml.token_type", 4, 6));
  await refuses(changed("llama.block_count", 4, 1 << 20));
});

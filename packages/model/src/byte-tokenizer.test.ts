import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { LichenError } from "@lichen/kernel";
import { byteCharacter, byteTokenizer } from "./byte-tokenizer.ts";

test("every text comes back", () => {
  const tokenizer = byteTokenizer(260);
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      const wellFormed = text.toWellFormed();
      const tokens = tokenizer.encode(wellFormed);
      assert.equal(tokenizer.decode(tokens), wellFormed);
      assert.ok(tokens.every((token) => token < 256));
    }),
  );
});

test("special tokens have no text, broken UTF-8 becomes U+FFFD, a byte order mark stays", () => {
  const { decode, decodeBytes, endToken } = byteTokenizer(260);
  assert.equal(decode([72, endToken, 105, 259]), "Hi");
  assert.equal(decode([0xc3]), "\ufffd");
  assert.equal(decode([0xef, 0xbb, 0xbf, 65]), "\ufeffA");
  assert.deepEqual(decodeBytes([0xc3, 256]), Uint8Array.of(0xc3));
});

test("the 256 characters differ, and are GPT-2's", () => {
  const characters = Array.from({ length: 256 }, (_, byte) => byteCharacter(byte));
  assert.equal(new Set(characters).size, 256);
  assert.equal(byteCharacter(65), "A");
  assert.equal(byteCharacter(32), "Ġ");
  assert.equal(byteCharacter(10), "Ċ");
  assert.equal(byteCharacter(0xad), "Ń");
});

test("the metadata names as many tokens as the vocabulary has", () => {
  const metadata = byteTokenizer(288).metadata();
  for (const key of ["tokenizer.ggml.tokens", "tokenizer.ggml.token_type"])
    assert.equal((metadata.get(key)!.value as unknown[]).length, 288);
});

test("a vocabulary that cannot hold the bytes is refused", () => {
  for (const size of [256, 0, -1, 257.5, Number.NaN])
    assert.throws(
      () => byteTokenizer(size),
      (error) => error instanceof LichenError && error.code === "bad-argument",
    );
});

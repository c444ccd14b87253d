import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { recoverAddress } from "viem";
import { privateKeyToAccount, sign } from "viem/accounts";
import { concat, fromHex, toHex, type Hex } from "@lichen/kernel";
import { addressOfPrivateKey, assertSigned, recoverSigner, signDigest } from "./signature.ts";

const order = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
const word = (value: bigint): Hex => `0x${value.toString(16).padStart(64, "0")}`;
const digest = fc.uint8Array({ minLength: 32, maxLength: 32 });
const key = fc.bigInt({ min: 1n, max: order - 1n }).map((value) => fromHex(word(value)));

test("keys, signatures and signers are viem's", async () => {
  await fc.assert(
    fc.asyncProperty(key, digest, async (privateKey, hash) => {
      const signature = signDigest(hash, privateKey);
      const address = addressOfPrivateKey(privateKey);
      assert.equal(address, privateKeyToAccount(toHex(privateKey)).address.toLowerCase());
      assert.equal(signature, await sign({ hash: toHex(hash), privateKey: toHex(privateKey), to: "hex" }));
      assert.equal((await recoverAddress({ hash: toHex(hash), signature })).toLowerCase(), address);
      assert.equal(recoverSigner(hash, signature), address);
      assertSigned(hash, signature, address, "it");
    }),
    { numRuns: 20 },
  );
});

test("a changed digest or signature is somebody else's or nobody's", () => {
  fc.assert(
    fc.property(
      key,
      digest,
      fc.nat({ max: 31 }),
      fc.integer({ min: 1, max: 255 }),
      (privateKey, hash, at, change) => {
        const address = addressOfPrivateKey(privateKey);
        const signature = signDigest(hash, privateKey);
        const bytes = fromHex(signature);
        const flip = (of: Uint8Array, i: number): Uint8Array => of.with(i, (of[i] as number) ^ change);
        const refused = { code: "bad-signature" };
        assert.throws(() => assertSigned(flip(hash, at), signature, address, "it"), refused);
        for (const i of [at, 32 + at, 64]) {
          assert.throws(() => assertSigned(hash, toHex(flip(bytes, i)), address, "it"), refused);
        }
      },
    ),
    { numRuns: 20 },
  );
});

test("malformed signatures are refused by name", () => {
  const hash = new Uint8Array(32).fill(1);
  const bytes = fromHex(signDigest(hash, fromHex(word(7n))));
  const r = bytes.subarray(0, 32);
  const s = BigInt(toHex(bytes.subarray(32, 64)));
  const v = bytes.subarray(64);
  const zero = new Uint8Array(32);
  const malleable = concat(r, fromHex(word(order - s)), Uint8Array.of(55 - (v[0] as number)));
  const bad: Uint8Array[] = [
    malleable,
    concat(zero, bytes.subarray(32)),
    concat(r, zero, v),
    concat(fromHex(word(order)), bytes.subarray(32)),
    concat(r, fromHex(word(order)), v),
    bytes.with(64, 0),
    bytes.with(64, 1),
    bytes.with(64, 29),
    bytes.subarray(0, 64),
    concat(bytes, Uint8Array.of(0)),
    new Uint8Array(0),
  ];
  for (const signature of bad) {
    assert.throws(() => recoverSigner(hash, toHex(signature)), { code: "bad-signature" }, toHex(signature));
  }
  assert.throws(() => recoverSigner(hash, "0xzz" as Hex), { code: "bad-signature" });
  assert.throws(() => recoverSigner(hash.subarray(1), toHex(bytes)), { code: "bad-argument" });
  assert.throws(() => signDigest(hash.subarray(1), fromHex(word(7n))), { code: "bad-argument" });
});

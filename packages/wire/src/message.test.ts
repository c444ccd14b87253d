import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { z } from "zod";
import { fromUtf8, utf8, type LichenError } from "@lichen/kernel";
import { decodeMessage, encodeMessage } from "./message.ts";
import { peerBindingSchema } from "./peer.ts";
import { unitsSchema } from "./scalars.ts";
import { signedVoucherSchema } from "./settle.ts";
import bindingVectors from "./vectors/binding.json" with { type: "json" };
import voucherVectors from "./vectors/voucher.json" with { type: "json" };
import { protocolVersion } from "./version.ts";

const schema = z.object({ text: z.string(), units: unitsSchema });
const decode = (text: string): unknown => decodeMessage(schema, utf8(text), "test");

test("a message goes there and back, amounts too", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), fc.bigInt({ min: 0n, max: 2n ** 96n - 1n }), (text, units) => {
      assert.deepEqual(decodeMessage(schema, encodeMessage({ text, units }), "test"), { text, units });
    }),
  );
});

test("a message carries the version of the protocol, whatever its members", () => {
  assert.equal((JSON.parse(fromUtf8(encodeMessage({ v: 99 }))) as { v: number }).v, protocolVersion);
});

test("strict messages travel as well", () => {
  const voucher = signedVoucherSchema.parse(voucherVectors.voucher);
  assert.deepEqual(decodeMessage(signedVoucherSchema, encodeMessage(voucher), "voucher"), voucher);
  const binding = peerBindingSchema.parse(bindingVectors.binding);
  assert.deepEqual(decodeMessage(peerBindingSchema, encodeMessage(binding), "binding"), binding);
});

test("another version is refused with both named", () => {
  for (const v of ["2", "0", '"1"', "null", "[]", '{"toString":1}', "true", "1.5", '{"a":{}}']) {
    assert.throws(() => decode(`{"v":${v},"text":"","units":"0"}`), { code: "version-unsupported" }, v);
  }
  assert.throws(() => decode('{"text":"","units":"0"}'), { code: "version-unsupported" });
  assert.throws(
    () => decode('{"v":7}'),
    (error: LichenError) => /\b7\b.*\b1\b/.test(error.message),
  );
  assert.throws(() => decode(`{"v":${"[".repeat(50_000)}${"]".repeat(50_000)}}`), {
    code: "version-unsupported",
  });
});

test("what is no message is refused", () => {
  const whole = fromUtf8(encodeMessage({ text: "a", units: 1n }));
  const cut = Array.from({ length: whole.length }, (_, i) => whole.slice(0, i));
  for (const text of [...cut, "null", "1", '"text"', "[]", `[${whole}]`, `\ufeff${whole}`, `${whole}x`]) {
    assert.throws(() => decode(text), { code: "bad-message" }, text);
  }
  assert.throws(() => decodeMessage(schema, Uint8Array.of(0x7b, 0xff, 0x7d), "test"), {
    code: "bad-message",
  });
  assert.throws(() => decodeMessage(schema, new Uint8Array(0), "test"), { code: "bad-message" });
});

test("a member of the wrong kind is named, in few words", () => {
  for (const units of [
    "1",
    "-1",
    '"-1"',
    '"01"',
    '"1.0"',
    '"1e3"',
    `"${2n ** 96n}"`,
    "null",
    '""',
    '" 1"',
    '"0x1"',
  ]) {
    assert.throws(
      () => decode(`{"v":1,"text":"a","units":${units === "1" ? 1 : units}}`),
      (error: LichenError) => error.code === "bad-message" && error.message.includes("units"),
      units,
    );
  }
  const long = JSON.stringify({ v: 1, ...voucherVectors.voucher, ["x".repeat(100_000)]: 1 });
  assert.throws(
    () => decodeMessage(signedVoucherSchema, utf8(long), "test"),
    (error: LichenError) => error.code === "bad-message" && error.message.length < 300,
  );
});

test("a member named __proto__ changes nothing", () => {
  const decoded = decode('{"v":1,"text":"a","units":"1","__proto__":{"polluted":1}}') as object;
  assert.equal("polluted" in decoded, false);
  assert.equal("polluted" in {}, false);
});

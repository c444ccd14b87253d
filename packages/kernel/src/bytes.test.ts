import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { compareBytes, concat, fromHex, fromUtf8, toHex, utf8, type Hex } from "./bytes.ts";

const bytes = fc.uint8Array({ maxLength: 200 });

test("hexadecimal goes there and back, and is Node's", () => {
  fc.assert(
    fc.property(bytes, (value) => {
      assert.equal(toHex(value), `0x${Buffer.from(value).toString("hex")}`);
      assert.deepEqual(fromHex(toHex(value)), value);
      assert.deepEqual(fromHex(`0x${toHex(value).slice(2).toUpperCase()}`), value);
      assert.deepEqual(fromHex(toHex(value), value.length), value);
      assert.throws(() => fromHex(toHex(value), value.length + 1), { code: "bad-argument" });
    }),
  );
});

test("what is no hexadecimal is refused", () => {
  for (const text of ["", "0", "0X00", "00", "0x0", "0x0g", " 0x00", "0x00\n", "0x00 ", "0xé0", "0x-1"]) {
    assert.throws(() => fromHex(text), { code: "bad-argument" }, JSON.stringify(text));
  }
  assert.equal(fromHex(`0x${"ab".repeat(5_000_000)}` as Hex).length, 5_000_000);
});

test("UTF-8 goes there and back, a byte order mark too", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      assert.equal(fromUtf8(utf8(text)), text);
      assert.equal(fromUtf8(utf8(`\ufeff${text}`)), `\ufeff${text}`);
    }),
  );
});

test("what is no UTF-8 is refused", () => {
  for (const value of [[0xff], [0xc3], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80]]) {
    assert.throws(() => fromUtf8(Uint8Array.from(value)), { code: "bad-argument" });
  }
});

test("concat is Buffer's", () => {
  fc.assert(
    fc.property(fc.array(bytes, { maxLength: 6 }), (parts) => {
      assert.deepEqual(concat(...parts), Uint8Array.from(Buffer.concat(parts)));
    }),
  );
});

test("the order of bytes is Buffer's", () => {
  const near = fc.uint8Array({ max: 2, maxLength: 4 });
  fc.assert(
    fc.property(near, near, (a, b) => {
      assert.equal(Math.sign(compareBytes(a, b)), Buffer.compare(a, b));
    }),
  );
});

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { encodeAbiParameters, hashDomain, hashStruct, hashTypedData, keccak256 } from "viem";
import { fromHex, toHex } from "@lichen/kernel";
import { channelId } from "./channel.ts";
import { recoverSigner, signDigest } from "./signature.ts";
import { domainSeparator, structHasher } from "./typed-data.ts";
import voucherVectors from "./vectors/voucher.json" with { type: "json" };
import windowVectors from "./vectors/window.json" with { type: "json" };
import { channelKeySchema, signedVoucherSchema, signedWindowSchema } from "./settle.ts";
import { voucherDigest } from "./voucher.ts";
import { receiptsRoot, windowDigest } from "./window.ts";

const hex = (sizeBytes: number) => fc.uint8Array({ minLength: sizeBytes, maxLength: sizeBytes }).map(toHex);
const domains = fc.record({
  chainId: fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
  channels: hex(20),
});
const units = fc.bigInt({ min: 0n, max: 2n ** 96n - 1n });

const types = {
  EIP712Domain: [
    { name: "name", type: "string" },
    { name: "version", type: "string" },
    { name: "chainId", type: "uint256" },
    { name: "verifyingContract", type: "address" },
  ],
  Voucher: [
    { name: "channelId", type: "bytes32" },
    { name: "amount", type: "uint96" },
    { name: "receiptsRoot", type: "bytes32" },
  ],
  Window: [
    { name: "channelId", type: "bytes32" },
    { name: "number", type: "uint64" },
    { name: "leavesRoot", type: "bytes32" },
    { name: "leafCount", type: "uint32" },
    { name: "consumed", type: "uint96" },
    { name: "previousRoot", type: "bytes32" },
  ],
} as const;
const viemDomain = ({ chainId, channels }: { chainId: number; channels: `0x${string}` }) => ({
  name: "Lichen",
  version: "1",
  chainId: BigInt(chainId),
  verifyingContract: channels,
});

test("a voucher's digest is viem's", () => {
  const vouchers = fc.record({ channelId: hex(32), amountUnits: units, receiptsRoot: hex(32) });
  fc.assert(
    fc.property(domains, vouchers, (domain, voucher) => {
      const message = { ...voucher, amount: voucher.amountUnits };
      const expected = hashTypedData({ domain: viemDomain(domain), types, primaryType: "Voucher", message });
      assert.equal(toHex(voucherDigest(domain, voucher)), expected);
      assert.equal(toHex(domainSeparator(domain)), hashDomain({ domain: viemDomain(domain), types }));
    }),
  );
});

test("a window's digest and root are viem's", () => {
  const windows = fc.record({
    channelId: hex(32),
    number: fc.nat({ max: Number.MAX_SAFE_INTEGER }),
    leavesRoot: hex(32),
    leafCount: fc.nat({ max: 2 ** 32 - 1 }),
    consumedUnits: units,
    previousRoot: hex(32),
  });
  fc.assert(
    fc.property(domains, windows, (domain, window) => {
      const data = { ...window, number: BigInt(window.number), consumed: window.consumedUnits };
      const typed = { domain: viemDomain(domain), types, primaryType: "Window", message: data } as const;
      assert.equal(toHex(windowDigest(domain, window)), hashTypedData(typed));
      assert.equal(receiptsRoot(window), hashStruct({ data, types, primaryType: "Window" }));
    }),
  );
});

test("a channel's id is the ABI's", () => {
  fc.assert(
    fc.property(hex(20), hex(20), hex(32), (payer, payee, salt) => {
      const abi = [{ type: "address" }, { type: "address" }, { type: "bytes32" }] as const;
      assert.equal(
        channelId({ payer, payee, salt }),
        keccak256(encodeAbiParameters(abi, [payer, payee, salt])),
      );
    }),
  );
  assert.throws(() => channelId({ payer: "0x00", payee: "0x00", salt: "0x00" }), { code: "bad-argument" });
});

test("what does not fit a word is refused", () => {
  const hash = structHasher("Sample(uint256 a)");
  assert.equal(hash(2n ** 256n - 1n).length, 32);
  for (const value of [2n ** 256n, 2n ** 300n, -1n, -1]) {
    assert.throws(() => hash(value), { code: "bad-argument" });
  }
});

test("the voucher vectors hold", () => {
  const { domain, domainSeparator: separator, key, voucher, digest, payerKey } = voucherVectors;
  const signed = signedVoucherSchema.parse(voucher);
  const ledger = domain as Parameters<typeof domainSeparator>[0];
  assert.equal(channelId(channelKeySchema.parse(key)), signed.channelId);
  assert.equal(toHex(domainSeparator(ledger)), separator);
  assert.equal(toHex(voucherDigest(ledger, signed)), digest);
  assert.equal(signDigest(fromHex(digest), fromHex(payerKey)), signed.signature);
  assert.equal(recoverSigner(fromHex(digest), signed.signature), key.payer);
});

test("the window vectors hold", () => {
  const { domain, key, window, digest, payeeKey, receiptsRoot: root } = windowVectors;
  const signed = signedWindowSchema.parse(window);
  assert.equal(receiptsRoot(signed), root);
  assert.equal(toHex(windowDigest(domain as Parameters<typeof domainSeparator>[0], signed)), digest);
  assert.equal(signDigest(fromHex(digest), fromHex(payeeKey)), signed.signature);
  assert.equal(recoverSigner(fromHex(digest), signed.signature), key.payee);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { fromHex, toHex, type ErrorCode, type Hex } from "@lichen/kernel";
import { channelId } from "./channel.ts";
import { digestOfRequest, type InferRequest } from "./infer.ts";
import { leafHash, leafBytes, outputDigest } from "./leaf.ts";
import { receiptSchema, verifyReceipt, type Receipt } from "./receipt.ts";
import { signDigest } from "./signature.ts";
import vectors from "./vectors/receipt.json" with { type: "json" };
import { voucherDigest } from "./voucher.ts";
import { receiptsRoot, windowDigest } from "./window.ts";

const receipt = receiptSchema.parse(vectors.receipt);
const { domain, key, model, window, voucher } = receipt;
const other: Hex = `0x${"01".repeat(32)}`;
const sign = (digest: Uint8Array, by: string): Hex => signDigest(digest, fromHex(by));

/** One hexadecimal digit changed. */
function flip(hex: Hex, at = hex.length - 1): Hex {
  return `${hex.slice(0, at)}${hex[at] === "0" ? "1" : "0"}${hex.slice(at + 1)}` as Hex;
}

test("a receipt verifies and opens to the texts", () => {
  const leaf = verifyReceipt(receipt);
  const request = vectors.request as Pick<InferRequest, "salt" | "model" | "messages" | "sampling">;
  assert.equal(leaf.requestDigest, digestOfRequest(request));
  const { tokens, text } = vectors.output;
  assert.equal(leaf.outputDigest, outputDigest(fromHex(receipt.salt), tokens, text));
});

test("each proved field that is changed breaks it, at the right link", () => {
  const withWindow = (change: Partial<Receipt["window"]>): Receipt => ({
    ...receipt,
    window: { ...window, ...change },
  });
  const withVoucher = (change: Partial<Receipt["voucher"]>): Receipt => ({
    ...receipt,
    voucher: { ...voucher, ...change },
  });
  const swapped = { ...key, payer: key.payee, payee: key.payer };
  const changes: Record<string, [ErrorCode, Receipt]> = {
    "domain.chainId": ["bad-signature", { ...receipt, domain: { ...domain, chainId: 1 } }],
    "domain.channels": [
      "bad-signature",
      { ...receipt, domain: { ...domain, channels: flip(domain.channels) } },
    ],
    "key.payer": ["receipt-invalid", { ...receipt, key: { ...key, payer: flip(key.payer) } }],
    "key.payee": ["receipt-invalid", { ...receipt, key: { ...key, payee: flip(key.payee) } }],
    "key.salt": ["receipt-invalid", { ...receipt, key: { ...key, salt: other } }],
    "key, swapped": ["receipt-invalid", { ...receipt, key: swapped }],
    "model.id": ["receipt-invalid", { ...receipt, model: { ...model, id: other } }],
    salt: ["receipt-invalid", { ...receipt, salt: other }],
    prompt: ["receipt-invalid", { ...receipt, prompt: other }],
    "path, a node less": ["receipt-invalid", { ...receipt, path: receipt.path.slice(1) }],
    "path, a node more": ["receipt-invalid", { ...receipt, path: [...receipt.path, other] }],
    "path, another node": ["receipt-invalid", { ...receipt, path: receipt.path.with(1, other) }],
    "window.channelId": ["receipt-invalid", withWindow({ channelId: other })],
    "window.number": ["bad-signature", withWindow({ number: 2 })],
    "window.leavesRoot": ["receipt-invalid", withWindow({ leavesRoot: other })],
    "window.leafCount": ["bad-signature", withWindow({ leafCount: window.leafCount + 1 })],
    "window.consumedUnits, more": ["bad-signature", withWindow({ consumedUnits: window.consumedUnits + 1n })],
    "window.consumedUnits, less": ["bad-signature", withWindow({ consumedUnits: window.consumedUnits - 1n })],
    "window.consumedUnits, below the leaf's": ["receipt-invalid", withWindow({ consumedUnits: 0n })],
    "window.previousRoot": ["bad-signature", withWindow({ previousRoot: other })],
    "window.signature": ["bad-signature", withWindow({ signature: flip(window.signature, 10) })],
    "window.signature, the payer's": ["bad-signature", withWindow({ signature: voucher.signature })],
    "voucher.channelId": ["receipt-invalid", withVoucher({ channelId: other })],
    "voucher.amountUnits, more": ["bad-signature", withVoucher({ amountUnits: voucher.amountUnits + 1n })],
    "voucher.amountUnits, less": ["receipt-invalid", withVoucher({ amountUnits: voucher.amountUnits - 1n })],
    "voucher.receiptsRoot": ["receipt-invalid", withVoucher({ receiptsRoot: other })],
    "voucher.signature": ["bad-signature", withVoucher({ signature: flip(voucher.signature, 80) })],
  };
  for (const [name, [code, changed]] of Object.entries(changes)) {
    assert.throws(() => verifyReceipt(changed), { code }, name);
  }
});

test("each byte of the leaf that is changed breaks it", () => {
  for (let i = 0; i < leafBytes; i++) {
    const changed = { ...receipt, leaf: flip(receipt.leaf, 3 + 2 * i) };
    assert.throws(() => verifyReceipt(changed), { code: "receipt-invalid" }, `byte ${i}`);
  }
});

test("the labels are labels", () => {
  for (const changed of [
    { ...receipt, id: "another" },
    { ...receipt, model: { ...model, name: "another" } },
    { ...receipt, payment: undefined },
  ]) {
    verifyReceipt(changed);
  }
});

test("a payer's voucher for another history, however well signed, is no payment", () => {
  const elsewhere = { ...voucher, receiptsRoot: other };
  const signed = { ...elsewhere, signature: sign(voucherDigest(domain, elsewhere), vectors.payerKey) };
  assert.throws(() => verifyReceipt({ ...receipt, voucher: signed }), { code: "receipt-invalid" });
});

test("a provider cannot pay itself, nor put an inner node in a leaf's place", () => {
  const forged = { ...voucher, amountUnits: 10n ** 9n };
  const signed = { ...forged, signature: sign(voucherDigest(domain, forged), vectors.payeeKey) };
  assert.throws(() => verifyReceipt({ ...receipt, voucher: signed }), { code: "bad-signature" });
  const pair = [toHex(leafHash(fromHex(receipt.leaf))), receipt.path[0] as Hex].toSorted();
  const inner = `0x${pair.map((node) => node.slice(2)).join("")}` as Hex;
  const node = { ...receipt, leaf: inner, path: receipt.path.slice(1) };
  assert.throws(() => verifyReceipt(node), { code: "bad-message" });
  assert.equal(
    receiptSchema.safeParse(JSON.parse(JSON.stringify({ ...vectors.receipt, leaf: inner }))).success,
    false,
  );
});

test("both signing for a leaf that nobody can read is refused by name", () => {
  const leaf = `0x02${receipt.leaf.slice(4)}` as Hex;
  const lone = { ...window, leavesRoot: toHex(leafHash(fromHex(leaf))), leafCount: 1 };
  const paid = { ...voucher, channelId: channelId(key), receiptsRoot: receiptsRoot(lone) };
  const forged: Receipt = {
    ...receipt,
    leaf,
    path: [],
    window: { ...lone, signature: sign(windowDigest(domain, lone), vectors.payeeKey) },
    voucher: { ...paid, signature: sign(voucherDigest(domain, paid), vectors.payerKey) },
  };
  assert.throws(() => verifyReceipt(forged), { code: "version-unsupported" });
});

test("a file that is no receipt is refused by the schema", () => {
  const raw = vectors.receipt;
  const bad: unknown[] = [
    null,
    [],
    "receipt",
    {},
    { ...raw, leaf: raw.leaf.slice(0, -1) },
    { ...raw, leaf: `${raw.leaf}00` },
    { ...raw, path: Array.from({ length: 33 }, () => other) },
    { ...raw, path: ["0x00"] },
    { ...raw, key: { ...raw.key, payer: raw.key.payer.toUpperCase() } },
    { ...raw, domain: { ...raw.domain, chainId: 0 } },
    { ...raw, window: { ...raw.window, consumedUnits: 6170 } },
    { ...raw, window: { ...raw.window, leafCount: 1025 } },
    { ...raw, voucher: { ...raw.voucher, amountUnits: "-1" } },
    { ...raw, voucher: { ...raw.voucher, amountUnits: `${2n ** 96n}` } },
    { ...raw, model: { ...raw.model, name: "\u001b[31m" } },
    { ...raw, payment: { ...raw.payment, blockNumber: -1 } },
  ];
  for (const value of bad) assert.equal(receiptSchema.safeParse(value).success, false, JSON.stringify(value));
});

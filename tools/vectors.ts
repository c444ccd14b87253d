// Writes packages/wire/src/vectors: inputs and what they must give, for the tests here and for
// whoever speaks the protocol in another language. Change them with the protocol's version only.
// The keys are the first two accounts of every development chain.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fromHex, toHex, type Hex } from "@lichen/kernel";
import {
  addressOfPrivateKey,
  channelId,
  digestOfRequest,
  domainSeparator,
  encodeLeaf,
  leafHash,
  merklePath,
  merkleRoot,
  merkleTree,
  noReceipts,
  offerDigest,
  outputDigest,
  peerBindingDigest,
  promptDigestOf,
  receiptsRoot,
  signDigest,
  voucherDigest,
  windowDigest,
  type Leaf,
  type Receipt,
} from "@lichen/wire";

const payerKey = "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80";
const payeeKey = "0x59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d";
const payer = addressOfPrivateKey(fromHex(payerKey));
const payee = addressOfPrivateKey(fromHex(payeeKey));
const sign = (digest: Uint8Array, key: Hex): Hex => signDigest(digest, fromHex(key));
const fill = (byte: string): Hex => `0x${byte.repeat(32)}`;

const domain = { chainId: 31_337, channels: "0x5fbdb2315678afecb367f032d93f642f64180aa3" } as const;
const key = { payer, payee, salt: fill("5a") };
const model = { id: fill("6d"), name: "lichen-tiny" };

const request = {
  salt: fill("73"),
  model: model.id,
  messages: [
    { role: "system" as const, content: "Answer in one word." },
    { role: "user" as const, content: "What lives on bare rock? \u{1f33f}" },
  ],
  sampling: { maxTokens: 16, temperature: 0.7, topP: 0.9, seed: 42, stop: ["\n"] },
};
const output = { tokens: [76, 105, 99, 104, 101, 110, 4_294_967_295], text: "Lichen\u{1f33f}" };

const leaf: Leaf = {
  requestDigest: digestOfRequest(request),
  outputDigest: outputDigest(fromHex(request.salt), output.tokens, output.text),
  promptTokens: 48,
  completionTokens: 7,
  costUnits: 1_234n,
  startedAtMs: 1_785_000_000_123,
  durationMs: 456,
  finishReason: "stop",
};
const extreme: Leaf = {
  ...leaf,
  promptTokens: 2 ** 32 - 1,
  completionTokens: 0,
  costUnits: 2n ** 96n - 1n,
  startedAtMs: 2 ** 48 - 1,
  durationMs: 0,
  finishReason: "failed",
};

const encoded = encodeLeaf(leaf);
const hashes = [encoded, ...[1, 2, 3, 4, 5, 6].map((n) => encodeLeaf({ ...leaf, completionTokens: n }))].map(
  leafHash,
);
const tree = merkleTree(hashes);
const path = merklePath(tree, leafHash(encoded));

const window = {
  channelId: channelId(key),
  number: 1,
  leavesRoot: toHex(merkleRoot(tree)),
  leafCount: hashes.length,
  consumedUnits: 8_638n,
  previousRoot: noReceipts,
};
const voucher = { channelId: window.channelId, amountUnits: 8_638n, receiptsRoot: receiptsRoot(window) };
const signedWindow = { ...window, signature: sign(windowDigest(domain, window), payeeKey) };
const signedVoucher = { ...voucher, signature: sign(voucherDigest(domain, voucher), payerKey) };

const receipt: Receipt = {
  id: "req-0123456789abcdef",
  domain,
  key,
  model,
  salt: request.salt,
  prompt: promptDigestOf(request),
  leaf: toHex(encoded),
  path: path.map(toHex),
  window: signedWindow,
  voucher: signedVoucher,
  payment: { transaction: fill("74"), blockNumber: 7, claimedUnits: 8_638n },
};

const offer = {
  chainId: domain.chainId,
  provider: payee,
  peerId: "12D3KooWEXAMPLEexampleEXAMPLEexampleEXAMPLEexample12",
  model: { ...model, contextTokens: 2048 },
  engine: "llama.cpp/3.22.1",
  slots: 4,
  price: { inputUnitsPerMTok: 100_000n, outputUnitsPerMTok: 400_000n },
  sequence: 3,
  expiresAtMs: 1_785_000_060_000,
};
const binding = {
  chainId: domain.chainId,
  peerId: offer.peerId,
  account: payee,
  role: "provider" as const,
};

const signed = { domain, domainSeparator: toHex(domainSeparator(domain)), payerKey, payeeKey };
write("leaf", {
  digests: { request, prompt: promptDigestOf(request), output },
  leaves: [leaf, extreme].map((each) => ({
    leaf: each,
    encoded: toHex(encodeLeaf(each)),
    hash: toHex(leafHash(encodeLeaf(each))),
  })),
});
write("window", {
  ...signed,
  key,
  leaves: hashes.map(toHex),
  paths: hashes.map((hash) => merklePath(tree, hash).map(toHex)),
  window: signedWindow,
  receiptsRoot: receiptsRoot(window),
  digest: toHex(windowDigest(domain, window)),
});
write("voucher", { ...signed, key, voucher: signedVoucher, digest: toHex(voucherDigest(domain, voucher)) });
write("receipt", { payerKey, payeeKey, request, output, receipt });
write("offer", {
  offer: { ...offer, signature: sign(offerDigest(offer), payeeKey) },
  digest: toHex(offerDigest(offer)),
});
write("binding", {
  binding: { ...binding, signature: sign(peerBindingDigest(binding), payeeKey) },
  digest: toHex(peerBindingDigest(binding)),
});

function write(name: string, value: object): void {
  const directory = join(import.meta.dirname, "..", "packages", "wire", "src", "vectors");
  const text = JSON.stringify(
    value,
    (_key, member: unknown) => (typeof member === "bigint" ? `${member}` : member),
    2,
  );
  writeFileSync(join(directory, `${name}.json`), `${text}\n`);
}

import assert from "node:assert/strict";
import { test } from "node:test";
import { toHex, type Hex } from "@lichen/kernel";
import { decodeMessage, encodeMessage } from "./message.ts";
import { offerDigest, offerSchema, offerTopic, verifyOffer, type Offer } from "./offer.ts";
import vectors from "./vectors/offer.json" with { type: "json" };

const offer = offerSchema.parse(vectors.offer);
const chainId = offer.chainId;
const before = offer.expiresAtMs - 1;
const other: Hex = `0x${"01".repeat(32)}`;

test("the vectors hold, and the offer travels", () => {
  assert.equal(toHex(offerDigest(offer)), vectors.digest);
  verifyOffer(offer, chainId, before);
  assert.deepEqual(decodeMessage(offerSchema, encodeMessage(offer), "offer"), offer);
});

test("each field that is changed breaks the signature", () => {
  const changes: Partial<Offer>[] = [
    { provider: `0x${"02".repeat(20)}` },
    { peerId: `${offer.peerId}x` },
    { model: { ...offer.model, id: other } },
    { model: { ...offer.model, name: "better" } },
    { model: { ...offer.model, contextTokens: 4096 } },
    { engine: "llama.cpp/3.22.2" },
    { slots: 5 },
    { price: { ...offer.price, inputUnitsPerMTok: 0n } },
    { price: { ...offer.price, outputUnitsPerMTok: 0n } },
    { sequence: 4 },
    { expiresAtMs: offer.expiresAtMs + 1 },
    { signature: `0x${"11".repeat(64)}1b` },
  ];
  const fields = new Set(changes.flatMap((change) => Object.keys(change)));
  assert.deepEqual([...fields, "chainId"].toSorted(), Object.keys(offer).toSorted());
  for (const change of changes) {
    assert.throws(
      () => verifyOffer({ ...offer, ...change }, chainId, before),
      { code: "bad-signature" },
      Object.keys(change)[0],
    );
  }
});

test("another chain's offer and one that has expired are refused", () => {
  assert.throws(() => verifyOffer(offer, 1, before), { code: "chain-mismatch" });
  assert.throws(() => verifyOffer({ ...offer, chainId: 1 }, 1, before), { code: "bad-signature" });
  assert.throws(() => verifyOffer(offer, chainId, offer.expiresAtMs), { code: "bad-message" });
});

test("a stranger's offer outside its bounds is refused", () => {
  const raw = vectors.offer;
  const bad: unknown[] = [
    { ...raw, slots: 0 },
    { ...raw, slots: 65_537 },
    { ...raw, sequence: -1 },
    { ...raw, sequence: 0.5 },
    { ...raw, peerId: "" },
    { ...raw, peerId: "a".repeat(129) },
    { ...raw, engine: "line\nbreak" },
    { ...raw, engine: "\ud800" },
    { ...raw, model: { ...raw.model, name: "../../etc" } },
    { ...raw, model: { ...raw.model, name: "a b" } },
    { ...raw, model: { ...raw.model, contextTokens: 0 } },
    { ...raw, price: { ...raw.price, inputUnitsPerMTok: "-1" } },
    { ...raw, provider: raw.provider.toUpperCase() },
    { ...raw, extra: 1 },
  ];
  for (const value of bad) assert.equal(offerSchema.safeParse(value).success, false, JSON.stringify(value));
});

test("a topic names its model", () => {
  assert.equal(offerTopic(other), `lichen/1/offers/${other}`);
});

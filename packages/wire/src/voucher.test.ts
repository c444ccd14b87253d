import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { fromHex, toHex, type Hex } from "@lichen/kernel";
import { channelId } from "./channel.ts";
import { recoverSigner, signDigest } from "./signature.ts";
import { voucherDigest } from "./voucher.ts";

/** The file that the contracts' tests read too; made by neither side. */
const file = new URL("../../../contracts/test/vectors/voucher.json", import.meta.url);

type Vector = Record<
  | "verifyingContract"
  | "payer"
  | "payee"
  | "salt"
  | "channelId"
  | "receiptsRoot"
  | "digest"
  | "privateKey"
  | "signature",
  Hex
> & { chainId: number; amount: string };

describe("vouchers as the contract sees them", () => {
  const { vectors }: { vectors: Vector[] } = JSON.parse(readFileSync(file, "utf8"));

  it("have the channel ids, digests and signatures of the shared vectors", () => {
    assert.ok(vectors.length >= 5);
    for (const vector of vectors) {
      const { payer, payee, salt, chainId, verifyingContract, amount, receiptsRoot } = vector;
      const id = channelId({ payer, payee, salt });
      const voucher = { channelId: id, amountUnits: BigInt(amount), receiptsRoot };
      const digest = voucherDigest({ chainId, channels: verifyingContract }, voucher);
      assert.equal(id, vector.channelId);
      assert.equal(toHex(digest), vector.digest);
      assert.equal(signDigest(digest, fromHex(vector.privateKey, 32)), vector.signature);
      assert.equal(recoverSigner(digest, vector.signature), payer);
    }
  });
});

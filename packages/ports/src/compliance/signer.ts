import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, test } from "node:test";
import { recoverSigner } from "@lichen/wire";
import type { Signer } from "../signer.ts";

/** What the suite runs against. */
export type SignerSubject = { signer: Signer; teardown(): Promise<void> };

/** Registers the tests that every `Signer` passes. */
export function signerCompliance(name: string, options: { setup(): Promise<SignerSubject> }): void {
  describe(`${name}: a signer`, () => {
    let subject: SignerSubject;
    beforeEach(async () => {
      subject = await options.setup();
    });
    afterEach(() => subject.teardown());

    test("signs digests so that its address is found again", async () => {
      const { signer } = subject;
      assert.match(signer.address, /^0x[0-9a-f]{40}$/);
      for (const fill of [0, 1, 0x7f, 0xff]) {
        const digest = new Uint8Array(32).fill(fill);
        const signature = await signer.sign(digest);
        assert.match(signature, /^0x[0-9a-f]{130}$/);
        assert.equal(recoverSigner(digest, signature), signer.address);
      }
    });

    test("signs the same digest alike, and at once", async () => {
      const digests = Array.from({ length: 20 }, (_, i) => new Uint8Array(32).fill(i % 10));
      const signatures = await Promise.all(digests.map((digest) => subject.signer.sign(digest)));
      assert.deepEqual(signatures.slice(0, 10), signatures.slice(10));
      assert.equal(new Set(signatures).size, 10);
    });

    test("refuses what is no digest", async () => {
      for (const sizeBytes of [0, 31, 33, 64]) {
        await assert.rejects(subject.signer.sign(new Uint8Array(sizeBytes)), { code: "bad-argument" });
      }
    });

    test("does not show its key", () => {
      const { signer } = subject;
      assert.ok(!Object.values(signer).some((value: unknown) => value instanceof Uint8Array));
    });
  });
}

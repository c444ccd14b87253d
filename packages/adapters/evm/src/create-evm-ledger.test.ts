import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Ledger } from "@lichen/ports";
import { ledgerCompliance } from "@lichen/ports/compliance";
import { createMemorySigner, createMemoryStore, createSeededRandom } from "@lichen/ports/memory";
import { createEvmLedger } from "./create-evm-ledger.ts";
import { deployLocal } from "./deploy-local.ts";
import { createRpc } from "./internal/rpc.ts";
import { realClock, silentLog } from "./internal/testing.ts";
import { startLocalChain } from "./start-local-chain.ts";

const withdrawalDelayS = 3_600;

ledgerCompliance("evm", {
  async setup() {
    const [clock, random, log] = [realClock, createSeededRandom(1), silentLog];
    const dir = await mkdtemp(join(tmpdir(), "lichen-evm-"));
    const chain = await startLocalChain({ clock, random, log }, { dir, port: 0 });
    const { deployment, token, faucet } = await deployLocal({ chain, clock }, { withdrawalDelayS });
    const signers = [2, 3, 4].map((seed) => createMemorySigner(new Uint8Array(32).fill(seed)));
    const ledgers: Ledger[] = [];
    for (const signer of signers) {
      await faucet(signer.address, { tokenUnits: 1_000_000_000n, nativeWei: 10n ** 18n });
      const store = createMemoryStore();
      const ledger = createEvmLedger(
        { signer, store, clock, log },
        { rpcUrls: [chain.rpcUrl], deployment, token },
      );
      await ledger.start();
      ledgers.push(ledger);
    }
    const [payer, payee, stranger] = ledgers as [Ledger, Ledger, Ledger];
    const [payerSigner, , strangerSigner] = signers as [(typeof signers)[0], unknown, (typeof signers)[0]];
    const rpc = createRpc({ clock }, { urls: [chain.rpcUrl], timeoutMs: 5_000 });
    return {
      payer,
      payee,
      stranger,
      payerSigner,
      strangerSigner,
      withdrawalDelayS,
      async advance(seconds) {
        await rpc.call("evm_increaseTime", [seconds]);
        await rpc.call("evm_mine");
      },
      async teardown() {
        for (const ledger of ledgers) await ledger.stop();
        await chain.stop();
        await rm(dir, { recursive: true });
      },
    };
  },
});

import { ledgerCompliance } from "../compliance/ledger.ts";
import type { Signer } from "../signer.ts";
import { createManualClock } from "./clock.ts";
import { createMemoryChain } from "./ledger-chain.ts";
import { createMemoryLedger } from "./ledger.ts";
import { createMemorySigner } from "./signer.ts";

const withdrawalDelayS = 3_600;

ledgerCompliance("memory", {
  async setup() {
    const clock = createManualClock(1_800_000_000_000);
    const chain = createMemoryChain({ clock }, { withdrawalDelayS });
    const signers = [1, 2, 3].map((seed) => createMemorySigner(new Uint8Array(32).fill(seed)));
    const [payer, payee, stranger] = signers as [Signer, Signer, Signer];
    for (const { address } of signers) {
      chain.faucet(address, { tokenUnits: 1_000_000_000n, nativeWei: 10n ** 18n });
    }
    return {
      payer: createMemoryLedger(chain, { account: payer.address }),
      payee: createMemoryLedger(chain, { account: payee.address }),
      stranger: createMemoryLedger(chain, { account: stranger.address }),
      payerSigner: payer,
      strangerSigner: stranger,
      withdrawalDelayS,
      advance: (seconds) => clock.advance(seconds * 1000),
      teardown: async () => {},
    };
  },
});

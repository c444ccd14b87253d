import { deployLocal, startLocalChain, type LocalDeployment } from "@lichen/adapter-evm";
import { systemClock as clock, systemRandom as random } from "@lichen/adapter-system";
import { LichenError } from "@lichen/kernel";
import { bounds } from "../bounds.ts";
import { openFileLog } from "../log.ts";
import { serveParent } from "../supervise/serve-parent.ts";
import type { ChainMethods } from "./contract.ts";

/** Runs the local chain until the supervisor lets go. */
export function run(): void {
  const undo = new AsyncDisposableStack();
  let local: LocalDeployment | undefined;
  const methods: ChainMethods = {
    async start({ name, logs, dir, port }) {
      const { log, close } = openFileLog(logs, name);
      undo.defer(close);
      const chain = await startLocalChain({ clock, random, log }, { dir, port });
      undo.defer(() => chain.stop());
      // The supervisor starts another process; this one has nothing left to do.
      void chain.failed.then((error) => {
        console.error(error.message, error.details);
        process.exit(1);
      });
      local = await deployLocal({ chain, clock });
      const { deployment, token } = local;
      return { rpcUrl: chain.rpcUrl, deployment, token };
    },
    async fund({ account, tokenUnits, nativeWei }) {
      if (local === undefined) throw new LichenError("internal", "the chain has not been started");
      await local.faucet(account, { tokenUnits, nativeWei });
    },
  };
  serveParent(methods, () => undo.disposeAsync(), bounds.stopMs.chain);
}

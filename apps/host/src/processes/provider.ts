import { createLlamaCppEngine } from "@lichen/adapter-llama-cpp";
import { systemClock as clock } from "@lichen/adapter-system";
import { LichenError } from "@lichen/kernel";
import { createProvider, providerDefaults } from "@lichen/provider";
import type { Engine, Log } from "@lichen/ports";
import { bounds } from "../bounds.ts";
import { openFileLog } from "../log.ts";
import { serveParent } from "../supervise/serve-parent.ts";
import type { ProviderMethods } from "./contract.ts";
import { describeModel } from "./describe-model.ts";
import { joinChain, openNode, type Node } from "./join.ts";

/** Gas of the local chain costs nobody anything, so every voucher is worth claiming at once. */
const localOptions = { ...providerDefaults, unitsPerEther: 0n };

/** Runs one provider until the supervisor lets go. */
export function run(): void {
  const undo = new AsyncDisposableStack();
  let prepared: { node: Node; engine: Engine; log: Log } | undefined;
  const methods: ProviderMethods = {
    async prepare(config) {
      const { name, logs, dir, modelFile, cache, threads } = config;
      const { log, close } = openFileLog(logs, name);
      undo.defer(close);
      const model = await describeModel(modelFile, cache);
      const [node, engine] = await Promise.all([
        openNode(config, dir, undo),
        createLlamaCppEngine({ modelPath: modelFile, modelId: model.id, name: model.name, threads }),
      ]);
      undo.defer(() => engine.stop());
      prepared = { node, engine, log };
      return { account: node.signer.address, model };
    },
    async start(chain) {
      if (prepared === undefined) throw new LichenError("internal", "the provider has not been prepared");
      const { node, engine, log } = prepared;
      const { ledger, network } = await joinChain(node, chain, "provider", log, undo);
      const { signer, store } = node;
      const provider = createProvider({ network, ledger, store, signer, clock, engine, log }, localOptions);
      undo.defer(() => provider.stop());
      await provider.start();
    },
  };
  serveParent(methods, () => undo.disposeAsync(), bounds.stopMs.provider);
}

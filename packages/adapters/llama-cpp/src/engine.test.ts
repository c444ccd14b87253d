import { after, before } from "node:test";
import { engineCompliance } from "@lichen/ports/compliance";
import { asFile, tinyModel } from "../test/tiny-model.ts";
import { createLlamaCppEngine } from "./engine.ts";

let file: Awaited<ReturnType<typeof asFile>>;
before(async () => {
  file = await asFile(tinyModel());
});
after(() => file.remove());

engineCompliance("llama.cpp", {
  setup: async ({ slots }) => {
    const engine = await createLlamaCppEngine({
      modelPath: file.path,
      modelId: "0x01",
      name: "tiny",
      slots,
      threads: 1,
    });
    return { engine, teardown: () => engine.stop() };
  },
});

import { storeCompliance } from "../compliance/store.ts";
import { createMemoryStore } from "./store.ts";

storeCompliance("memory", {
  async setup() {
    const store = createMemoryStore();
    return { store, teardown: () => store.close() };
  },
});

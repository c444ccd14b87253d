import { networkCompliance } from "../compliance/network.ts";
import { createMemoryNetwork, MemoryHub } from "./network.ts";

networkCompliance("memory", {
  setup: async () => {
    const hub = new MemoryHub();
    let made = 0;
    return {
      create: async (options) => createMemoryNetwork(hub, { id: `peer-${++made}`, ...options }),
      nowhere: "/memory/nobody",
      teardown: async () => undefined,
    };
  },
});

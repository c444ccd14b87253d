import { networkCompliance } from "@lichen/ports/compliance";
import { createLibp2pNetwork, generatePeerKey } from "./index.ts";
import { wallClock } from "./testing/wall-clock.ts";

networkCompliance("libp2p", {
  setup: async () => ({
    create: async (options) => {
      const { signer, ...rest } = options;
      return createLibp2pNetwork(
        { signer, clock: wallClock },
        { ...rest, privateKey: await generatePeerKey() },
      );
    },
    nowhere: "/ip4/127.0.0.1/tcp/9/p2p/12D3KooWD3eckifWpRn9wQpMG9R9hX3sD158z7EqHWmweQAJU5SA",
    teardown: async () => undefined,
  }),
});

import { toLichenError } from "@lichen/kernel";
import { encodeMessage, offerDigest, offerTopic, type Offer } from "@lichen/wire";
import type { Context } from "./context.ts";

/** Offers live this many times longer than the pause between two of them. */
const livesOffers = 3;

/** What we serve, at what price, signed now. */
export async function currentOffer({
  network,
  ledger,
  signer,
  clock,
  engine,
  options,
}: Context): Promise<Offer> {
  const nowMs = clock.nowMs();
  const unsigned: Omit<Offer, "signature"> = {
    chainId: ledger.deployment.chainId,
    provider: signer.address,
    peerId: network.id,
    model: engine.model,
    engine: engine.name,
    slots: engine.slots,
    price: options.price,
    sequence: nowMs,
    expiresAtMs: nowMs + livesOffers * options.offerEveryMs,
  };
  return { ...unsigned, signature: await signer.sign(offerDigest(unsigned)) };
}

/** Says the offer on the model's topic until the provider stops. */
export async function offerLoop(context: Context): Promise<void> {
  const { network, engine, clock, options, stopping, log } = context;
  while (!stopping.aborted) {
    try {
      await network.publish(offerTopic(engine.model.id), encodeMessage(await currentOffer(context)));
    } catch (error) {
      log("warn", "offer.unheard", { message: toLichenError(error).message });
    }
    await clock.sleep(options.offerEveryMs, stopping).catch(() => {});
  }
}

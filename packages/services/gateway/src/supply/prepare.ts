import { toLichenError } from "@lichen/kernel";
import { failed } from "@lichen/routing";
import type { Context } from "../context.ts";
import { readyChannel } from "../account/open.ts";
import type { Supplier } from "./market.ts";

/** Channels that are made ready at the same time; the next one is when somebody asks again. */
const maxPreparing = 16;

/**
 * Gets a channel to this supplier's provider ready in the background, one for all its models; wakes
 * those who wait for it.
 */
export function prepare(context: Context, supplier: Supplier): void {
  const { clock, log, queue, preparing } = context;
  const { provider, peerId, slots } = supplier.offer;
  if (preparing.has(provider) || preparing.size >= maxPreparing) return;
  preparing.add(provider);
  readyChannel(context, provider, peerId)
    .catch((error: unknown) => {
      const { code, message, details } = toLichenError(error);
      supplier.breaker = failed(supplier.breaker, clock.nowMs());
      log("warn", "channel.unready", { provider, code, message, details });
    })
    .finally(() => {
      preparing.delete(provider);
      queue.wake(slots);
    });
}

import { toLichenError } from "@lichen/kernel";
import { failed } from "@lichen/routing";
import type { Context } from "../context.ts";
import { readyChannel } from "../account/open.ts";
import type { Supplier } from "./market.ts";

/** Gets a channel to this supplier ready in the background; wakes those who wait for it. */
export function prepare(context: Context, supplier: Supplier): void {
  if (supplier.preparing) return;
  supplier.preparing = true;
  const { clock, log, queue } = context;
  const { provider, peerId, slots } = supplier.offer;
  readyChannel(context, provider, peerId)
    .catch((error: unknown) => {
      const { code, message, details } = toLichenError(error);
      supplier.breaker = failed(supplier.breaker, clock.nowMs());
      log("warn", "channel.unready", { provider, code, message, details });
    })
    .finally(() => {
      supplier.preparing = false;
      queue.wake(slots);
    });
}

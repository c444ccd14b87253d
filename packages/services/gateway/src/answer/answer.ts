import { toLichenError, type Hex, type LichenError } from "@lichen/kernel";
import { failed } from "@lichen/routing";
import type { Context } from "../context.ts";
import { Attempt } from "./attempt.ts";
import { promptTokensBound, type Chat } from "./chat.ts";
import type { CheckedLeaf } from "./check-leaf.ts";
import { pick, type Demand } from "./pick.ts";

/** Providers that may fail a request before the client hears of it. */
const maxProviders = 3;
/** Refusals over credit or deposit that are waited out. */
const maxRefusals = 20;
const refusalPauseMs = 50;

/** An answer that a provider has begun to give. */
export type Answer = {
  readonly id: string;
  readonly provider: Hex;
  readonly chat: Chat;
  /**
   * The text as it arrives; returns the leaf once it has been checked and stored.
   * @throws {LichenError} when the provider fails in the middle
   */
  pieces(): AsyncGenerator<string, CheckedLeaf>;
};

/**
 * Finds a provider and waits for its first word; one that fails before it is replaced, whatever it says,
 * unless the request is to blame. When `signal`
 * aborts, the provider is told to stop, and what it made is still taken and owed.
 * @throws {LichenError} as `pick`, or what the last provider said
 */
export async function beginAnswer(
  context: Context,
  chat: Chat,
  id: string,
  signal: AbortSignal,
): Promise<Answer> {
  const { model, messages, sampling } = chat;
  const demand: Demand = {
    model: model.id,
    modelName: model.name,
    promptTokensBound: promptTokensBound(messages),
    maxTokens: sampling.maxTokens,
  };
  const { clock } = context;
  const tried = new Set<Hex>();
  let refusals = 0;
  let refused: LichenError | undefined;
  for (;;) {
    signal.throwIfAborted();
    const chosen = await pick(context, demand, tried, signal).catch((error: unknown) => {
      throw tried.size > 0 ? (refused ?? error) : error;
    });
    const { supplier } = chosen;
    const { provider } = supplier.offer;
    const attempt = new Attempt(context, chat, chosen, id, signal);
    try {
      await attempt.begun;
      return { id, provider, chat, pieces: () => attempt.feed.pieces() };
    } catch (error) {
      const failure = toLichenError(error);
      if (isTooLong(failure, demand, chat)) throw failure;
      // Out of step over money for a moment: the same provider may well take it next time.
      const outOfStep = failure.code === "no-credit" || failure.code === "deposit-exhausted";
      if (outOfStep && ++refusals < maxRefusals) await clock.sleep(refusalPauseMs, signal);
      else {
        tried.add(provider);
        if (outOfStep || failure.code === "context-overflow")
          supplier.breaker = failed(supplier.breaker, clock.nowMs());
      }
      if (signal.aborted || tried.size >= maxProviders) throw failure;
      // One provider's word that the request is at fault is not enough, but two will hardly agree by chance.
      if (failure.code === "bad-argument") {
        if (refused !== undefined) throw refused;
        refused = failure;
      }
      context.log("warn", "provider.replaced", {
        request: id,
        provider,
        code: failure.code,
        message: failure.message,
      });
    }
  }
}

/** A prompt that may be too long for the model is so for every provider; any other is not believed to be. */
function isTooLong(
  { code }: LichenError,
  { promptTokensBound: prompt, maxTokens }: Demand,
  { model }: Chat,
): boolean {
  return code === "context-overflow" && prompt + maxTokens > model.contextTokens;
}

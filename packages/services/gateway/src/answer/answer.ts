import { toLichenError, type Hex } from "@lichen/kernel";
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
 * Finds a provider and waits for its first word; one that fails before it is replaced. When `signal`
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
  for (;;) {
    const chosen = await pick(context, demand, tried, signal);
    const { provider } = chosen.supplier.offer;
    const attempt = new Attempt(context, chat, chosen, id, signal);
    try {
      await attempt.begun;
      return { id, provider, chat, pieces: () => attempt.feed.pieces() };
    } catch (error) {
      const failure = toLichenError(error);
      // Out of step over money for a moment: the same provider may well take it next time.
      const outOfStep = failure.code === "no-credit" || failure.code === "deposit-exhausted";
      if (outOfStep && ++refusals < maxRefusals) await clock.sleep(refusalPauseMs, signal);
      else tried.add(provider);
      if (!failure.retryable || signal.aborted || tried.size >= maxProviders) throw failure;
      context.log("warn", "provider.replaced", {
        request: id,
        provider,
        code: failure.code,
        message: failure.message,
      });
    }
  }
}

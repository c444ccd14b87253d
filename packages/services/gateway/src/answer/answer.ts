import { LichenError, toHex, toLichenError, type Hex } from "@lichen/kernel";
import { closedBreaker, failed } from "@lichen/routing";
import {
  decodeMessage,
  doneSchema,
  encodeMessage,
  inferEventSchema,
  promptDigestOf,
  type InferEvent,
  type InferRequest,
} from "@lichen/wire";
import { ask, within } from "@lichen/ports";
import type { Context } from "../context.ts";
import { promptTokensBound, type Chat } from "./chat.ts";
import { checkLeaf, type CheckedLeaf } from "./check-leaf.ts";
import { pick, type Demand, type Pick } from "./pick.ts";
import { watchdog } from "./watchdog.ts";

/** Providers that may fail a request before the client hears of it. */
const maxProviders = 3;

/** An answer that a provider has begun to give. */
export type Answer = {
  readonly id: string;
  readonly provider: Hex;
  readonly chat: Chat;
  /**
   * The text as it arrives; ends when the leaf has been checked and stored. When the client's signal
   * aborts, the provider is told to stop and what it made is still taken and owed.
   * @throws {LichenError} when the provider fails in the middle
   */
  pieces(): AsyncGenerator<string, CheckedLeaf>;
};

/**
 * Finds a provider and waits for its first word; a provider that fails before it is replaced.
 * @throws {LichenError} as `pick`, or what the last provider said
 */
export async function beginAnswer(
  context: Context,
  chat: Chat,
  id: string,
  signal: AbortSignal,
): Promise<Answer> {
  const { model, messages, sampling } = chat;
  const bound = promptTokensBound(messages);
  const demand: Demand = {
    model: model.id,
    modelName: model.name,
    promptTokensBound: bound,
    maxTokens: sampling.maxTokens,
  };
  const tried = new Set<Hex>();
  for (;;) {
    const chosen = await pick(context, demand, tried, signal);
    const provider = chosen.supplier.offer.provider;
    const attempt = createAttempt(context, chat, bound, chosen, id, signal);
    try {
      const first = await attempt.first();
      return { id, provider, chat, pieces: () => attempt.pieces(first) };
    } catch (error) {
      const failure = toLichenError(error);
      tried.add(provider);
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

/** One provider's try at a request. Exactly one of `first` failing and `pieces` ending gives the reservation back. */
function createAttempt(
  context: Context,
  chat: Chat,
  bound: number,
  chosen: Pick,
  id: string,
  client: AbortSignal,
) {
  const { network, clock, options, book, random, stopping } = context;
  const { supplier, channel, price, maxCostUnits, prepaid } = chosen;
  const { peerId } = supplier.offer;
  const request: InferRequest = {
    id,
    channelId: channel.id,
    salt: toHex(random.bytes(32)),
    model: chat.model.id,
    messages: chat.messages,
    sampling: chat.sampling,
    price,
    maxCostUnits,
    prepaid,
  };
  const guard = watchdog(clock, options.firstTokenMs, stopping);
  const items = network
    .request(peerId, "infer", encodeMessage(request), guard.signal)
    [Symbol.asyncIterator]();
  const received = { tokens: [] as number[], text: "" };

  async function next(): Promise<InferEvent> {
    const item = await items.next();
    if (item.done === true)
      throw new LichenError("bad-message", "the provider ended without a leaf", { retryable: true });
    guard.progress(options.nextTokenMs);
    return decodeMessage(inferEventSchema, item.value, "infer event");
  }

  /** The client went away: have the provider stop, and give it a moment to send the leaf. */
  const cancel = (): void => {
    guard.progress(options.cancelGraceMs);
    within(clock, options.cancelGraceMs, stopping, (signal) =>
      ask(network, peerId, "cancel", { id }, doneSchema, signal),
    ).catch(
      () => {}, // it may be done already, or gone: the watchdog decides
    );
  };

  function settle(outcome: "served" | "client-gone" | LichenError): void {
    client.removeEventListener("abort", cancel);
    guard.stop();
    items.return?.(undefined).catch(() => {});
    supplier.inFlight--;
    if (outcome === "served") supplier.breaker = closedBreaker;
    else {
      book.abandoned(channel, maxCostUnits);
      if (outcome instanceof LichenError && isProvidersFault(outcome))
        supplier.breaker = failed(supplier.breaker, clock.nowMs());
    }
    context.queue.wake(1);
  }

  async function first(): Promise<InferEvent> {
    try {
      if (client.aborted) throw client.reason;
      client.addEventListener("abort", cancel, { once: true });
      return await next();
    } catch (error) {
      settle(client.aborted ? "client-gone" : toLichenError(error));
      throw error;
    }
  }

  async function* pieces(begun: InferEvent): AsyncGenerator<string, CheckedLeaf> {
    let owed = true;
    try {
      let event = begun;
      while (event.type === "tokens") {
        for (const token of event.tokens) received.tokens.push(token);
        received.text += event.text;
        if (event.text !== "" && !client.aborted) {
          guard.progress(Number.POSITIVE_INFINITY); // a slow client is not the provider's fault
          yield event.text;
          guard.progress(client.aborted ? options.cancelGraceMs : options.nextTokenMs);
        }
        event = await next();
      }
      const checked = checkLeaf(event.leaf, request, received, bound);
      const { model } = chat;
      const record = {
        channelId: channel.id,
        model: { id: model.id, name: model.name },
        salt: request.salt,
        prompt: promptDigestOf(request),
        leaf: checked.bytes,
      };
      owed = false;
      const cost = { hash: checked.hash, costUnits: checked.leaf.costUnits };
      settle("served");
      await book.served(channel, maxCostUnits, cost, id, record);
      return checked;
    } catch (error) {
      if (owed) settle(toLichenError(error, "engine-failed"));
      owed = false;
      throw error;
    } finally {
      if (owed) settle("client-gone"); // left in the middle: nobody reads on
    }
  }

  return { first, pieces };
}

/** A refusal over credit or a full queue says nothing against a provider. */
function isProvidersFault({ code }: LichenError): boolean {
  return code !== "no-credit" && code !== "deposit-exhausted" && code !== "context-overflow";
}

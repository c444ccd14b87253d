import { LichenError, toHex, toLichenError } from "@lichen/kernel";
import { closedBreaker, failed } from "@lichen/routing";
import { decodeMessage, doneSchema, encodeMessage, inferEventSchema, type InferRequest } from "@lichen/wire";
import { ask, within } from "@lichen/ports";
import type { Context } from "../context.ts";
import { promptTokensBound, type Chat } from "./chat.ts";
import { checkLeaf, type CheckedLeaf } from "./check-leaf.ts";
import { Feed } from "./feed.ts";
import type { Pick } from "./pick.ts";
import { watchdog, type Watchdog } from "./watchdog.ts";

/** Longer than any token of any vocabulary; text never runs ahead of its tokens. */
const maxCharsPerToken = 1_024;

/**
 * One provider's try at a request. It runs by itself from the start: whatever the client does, tokens
 * are taken as they come, and the leaf is checked and stored the moment it arrives.
 */
export class Attempt {
  readonly feed: Feed<CheckedLeaf> = new Feed();
  /** Resolves with the provider's first word; rejects when it fails before it. */
  readonly begun: Promise<void>;
  readonly #context: Context;
  readonly #chat: Chat;
  readonly #chosen: Pick;
  readonly #request: InferRequest;
  readonly #guard: Watchdog;
  #cancelled = false;

  constructor(context: Context, chat: Chat, chosen: Pick, id: string, client: AbortSignal) {
    const { channel, price, maxCostUnits, prepaid } = chosen;
    const { model, messages, sampling } = chat;
    const salt = toHex(context.random.bytes(32));
    this.#context = context;
    this.#chat = chat;
    this.#chosen = chosen;
    this.#request = {
      id,
      channelId: channel.id,
      salt,
      model: model.id,
      messages,
      sampling,
      price,
      maxCostUnits,
      prepaid,
    };
    this.#guard = watchdog(context.clock, context.options.firstTokenMs, context.stopping);
    this.begun = new Promise((begun, failedToBegin) => {
      const cancel = (): void => this.#cancel();
      const answered = this.#run(begun); // the request first: what is not known yet cannot be cancelled
      if (client.aborted) cancel();
      client.addEventListener("abort", cancel, { once: true });
      answered
        .then((leaf) => this.feed.end(leaf))
        .catch((error: unknown) => {
          failedToBegin(error);
          this.feed.fail(error);
        })
        .finally(() => client.removeEventListener("abort", cancel));
    });
  }

  /** Takes the whole answer. Gives the reservation back exactly once, whatever happens. */
  async #run(begun: () => void): Promise<CheckedLeaf> {
    const { book, clock } = this.#context;
    const { channel, supplier, maxCostUnits } = this.#chosen;
    let checked: CheckedLeaf;
    try {
      checked = await this.#receive(begun);
      supplier.breaker = closedBreaker;
    } catch (error) {
      book.abandoned(channel, maxCostUnits);
      if (isProvidersFault(toLichenError(error))) supplier.breaker = failed(supplier.breaker, clock.nowMs());
      throw error;
    } finally {
      this.#guard.stop();
      supplier.inFlight--;
      this.#context.queue.wake(1);
    }
    await this.#store(checked);
    return checked;
  }

  async #receive(begun: () => void): Promise<CheckedLeaf> {
    const { network, options } = this.#context;
    const { peerId } = this.#chosen.supplier.offer;
    const tokens: number[] = [];
    let text = "";
    let checked: CheckedLeaf | undefined;
    for await (const item of network.request(
      peerId,
      "infer",
      encodeMessage(this.#request),
      this.#guard.signal,
    )) {
      const event = decodeMessage(inferEventSchema, item, "infer event");
      if (checked !== undefined) throw new LichenError("bad-message", "the provider went on after the leaf");
      if (event.type === "leaf") {
        const bound = promptTokensBound(this.#chat.messages);
        checked = checkLeaf(event.leaf, this.#request, { tokens, text, cancelled: this.#cancelled }, bound);
        begun();
        continue; // to the end of the stream: leaving before it would cancel the request
      }
      // Whoever was told to stop gets no more time for every token that it makes instead.
      if (!this.#cancelled) this.#guard.progress(options.nextTokenMs);
      for (const token of event.tokens) tokens.push(token);
      text += event.text;
      this.#assertBounded(event, tokens.length, text.length);
      begun();
      this.feed.push(event.text);
    }
    if (checked !== undefined) return checked;
    throw new LichenError("bad-message", "the provider ended without a leaf", { retryable: true });
  }

  /** An answer that nobody asked for in this length is not taken, let alone paid: memory has an end. */
  #assertBounded(event: { text: string; tokens: readonly number[] }, tokens: number, chars: number): void {
    const { maxTokens } = this.#request.sampling;
    const fault =
      event.text === "" && event.tokens.length === 0
        ? "sends nothing, again and again"
        : tokens > maxTokens
          ? `sends more than ${maxTokens} tokens`
          : chars > maxCharsPerToken * (tokens + 1)
            ? "sends more text than tokens can hold"
            : undefined;
    if (fault !== undefined)
      throw new LichenError("bad-message", `the provider ${fault}`, { retryable: true });
  }

  /** From here on the answer is owed: it is known to the account before anything is awaited. */
  async #store({ hash, bytes, leaf, prompt }: CheckedLeaf): Promise<void> {
    const { channel, maxCostUnits } = this.#chosen;
    const { id, salt } = this.#request;
    const { model } = this.#chat;
    await this.#context.book.served(channel, maxCostUnits, { hash, costUnits: leaf.costUnits }, id, {
      channelId: channel.id,
      model: { id: model.id, name: model.name },
      salt,
      prompt,
      leaf: bytes,
    });
  }

  /** The client went away: the provider is to stop, and to send the leaf for what it has made. */
  #cancel(): void {
    const { network, clock, options, stopping } = this.#context;
    const { peerId } = this.#chosen.supplier.offer;
    this.#cancelled = true;
    this.#guard.progress(options.cancelGraceMs);
    within(clock, options.cancelGraceMs, stopping, (signal) =>
      ask(network, peerId, "cancel", { id: this.#request.id }, doneSchema, signal),
    ).catch(() => {}); // it may be done already, or gone: the watchdog decides
  }
}

/**
 * Refusals over credit, a full queue, a prompt too long or one that the model's template does not take
 * say nothing against a provider.
 */
function isProvidersFault({ code }: LichenError): boolean {
  return (
    code !== "no-credit" &&
    code !== "deposit-exhausted" &&
    code !== "context-overflow" &&
    code !== "bad-argument" &&
    code !== "limit-exceeded"
  );
}

import type { Handler, Peer } from "@lichen/ports";
import { LichenError, limits } from "@lichen/kernel";
import type { Budget } from "./budget.ts";
import type { Call, CallHost } from "./call.ts";
import { cancelled, decodeFailure, failurePayload } from "./failure.ts";
import { frameType, headerBytes, noBytes, readU32, u32 } from "./frame.ts";
import type { Outbox } from "./outbox.ts";
import { methodHead, parseRequest } from "./request-frame.ts";
import { Served } from "./served.ts";

export type MuxOptions = {
  peer: Peer;
  outbox: Outbox;
  handlers: ReadonlyMap<string, Handler>;
  /** Memory that all connections of the node share. */
  budget: Budget;
  /** Requests of the peer that run here at once. */
  maxServed: number;
  /** Requests of ours that the peer runs at once. */
  maxCalls: number;
  /** A handler threw something that is no `LichenError`. */
  onDefect: (error: LichenError) => void;
  /** Nothing is in flight any more, in either direction. */
  onIdle: () => void;
};

/** What a request costs beside its body. */
const requestBytes = 512;

const tooMany: Uint8Array = failurePayload("limit-exceeded", "too many requests at a time", true);

/** Many requests in both directions over one stream of frames. */
export class Mux implements CallHost {
  readonly #options: MuxOptions;
  readonly #calls: Map<number, Call> = new Map();
  /** Calls whose first frame waits for room. */
  readonly #unsent: Set<number> = new Set();
  readonly #served: Map<number, Served> = new Map();
  #running = 0;
  #nextId = 0;
  #closed: LichenError | undefined;

  constructor(options: MuxOptions) {
    this.#options = options;
  }

  get idle(): boolean {
    return this.#calls.size === 0 && this.#served.size === 0;
  }

  /**
   * Starts a call: the request leaves with this turn's batch, or when the connection has room.
   * @throws {LichenError} `peer-unreachable`, `limit-exceeded`
   */
  start(call: Call, method: string, body: Uint8Array): CallHost {
    if (this.#closed !== undefined) throw this.#closed;
    const head = methodHead(method);
    if (headerBytes + head.length + body.length > limits.frameBytes) {
      throw new LichenError("limit-exceeded", "a request is larger than a frame", {
        details: `${body.length} bytes`,
      });
    }
    if (this.#calls.size >= this.#options.maxCalls) {
      const details = `${this.#options.maxCalls} at a time`;
      throw new LichenError("limit-exceeded", "the peer has as many requests as it takes", {
        details,
        retryable: true,
      });
    }
    const id = this.#freeId();
    call.id = id;
    this.#calls.set(id, call);
    const { outbox } = this.#options;
    if (!outbox.full) {
      outbox.write(frameType.request, id, head, body);
    } else {
      this.#unsent.add(id);
      outbox.whenRoom(() => {
        if (this.#unsent.delete(id)) outbox.write(frameType.request, id, head, body);
      });
    }
    return this;
  }

  cancel(id: number): void {
    if (!this.#calls.delete(id)) return;
    if (!this.#unsent.delete(id)) this.#options.outbox.write(frameType.cancel, id, noBytes, noBytes);
    this.#checkIdle();
  }

  credit(id: number, bytes: number): void {
    this.#options.outbox.write(frameType.credit, id, noBytes, u32(bytes));
  }

  take(bytes: number): boolean {
    return this.#options.budget.take(bytes);
  }

  give(bytes: number): void {
    this.#options.budget.give(bytes);
  }

  /**
   * Takes a frame. One for a request that is over is late, not wrong.
   * @throws {LichenError} `bad-frame`: the peer does not follow the protocol
   */
  receive(type: number, id: number, payload: Uint8Array): void {
    switch (type) {
      case frameType.request:
        return this.#onRequest(id, payload);
      case frameType.item:
        if (this.#calls.get(id)?.item(payload) === false) throw broken("more items than it had credit for");
        return;
      case frameType.end:
        return this.#onOver(id, undefined);
      case frameType.error:
        return this.#onOver(id, decodeFailure(payload));
      case frameType.cancel:
        return this.#onCancel(id);
      case frameType.credit:
        if (payload.length !== 4) throw broken("a credit of another size");
        if (this.#served.get(id)?.credit(readU32(payload, 0)) === false) throw broken("an absurd credit");
        return;
      default:
        throw broken(`frame type ${type}`);
    }
  }

  /** The connection is gone: calls fail with `error`, handlers' signals abort. */
  close(error: LichenError): void {
    if (this.#closed !== undefined) return;
    this.#closed = error;
    for (const call of this.#calls.values()) call.over(error);
    for (const served of this.#served.values()) served.close(error);
    this.#calls.clear();
    this.#served.clear();
  }

  #onRequest(id: number, payload: Uint8Array): void {
    if (this.#served.has(id)) throw broken("a request with the id of another");
    const { handlers, outbox, budget, maxServed, peer } = this.#options;
    const { method, creditBytes, body } = parseRequest(payload);
    const handler = handlers.get(method);
    const costBytes = requestBytes + body.length;
    if (handler === undefined) {
      const refusal = failurePayload("bad-message", `no such method: ${method}`, false);
      outbox.write(frameType.error, id, noBytes, refusal);
    } else if (this.#running >= maxServed || !budget.take(costBytes)) {
      outbox.write(frameType.error, id, noBytes, tooMany);
    } else {
      const served = new Served(peer, id, body, creditBytes, outbox);
      this.#served.set(id, served);
      void this.#run(handler, served, id, costBytes);
    }
  }

  async #run(handler: Handler, served: Served, id: number, costBytes: number): Promise<void> {
    this.#running++;
    let error: { thrown: unknown } | undefined;
    try {
      await handler(served, served.send);
    } catch (thrown) {
      error = { thrown };
      // Once nobody listens, an abort that surfaces as whatever error is no defect.
      if (!(thrown instanceof LichenError) && !served.closed) {
        this.#options.onDefect(new LichenError("internal", "a handler threw", { cause: thrown }));
      }
    }
    this.#running--;
    this.#options.budget.give(costBytes);
    served.finish(() => {
      this.#served.delete(id);
      this.#checkIdle();
    }, error);
  }

  #onOver(id: number, error: LichenError | undefined): void {
    const call = this.#calls.get(id);
    if (call === undefined) return;
    this.#calls.delete(id);
    call.over(error);
    this.#checkIdle();
  }

  #onCancel(id: number): void {
    const served = this.#served.get(id);
    if (served === undefined) return;
    this.#served.delete(id);
    served.close(cancelled());
    this.#checkIdle();
  }

  #checkIdle(): void {
    if (this.idle && this.#closed === undefined) this.#options.onIdle();
  }

  /** Ids wrap after 2^32 requests; one still in flight is passed over. */
  #freeId(): number {
    do this.#nextId = (this.#nextId + 1) >>> 0;
    while (this.#calls.has(this.#nextId));
    return this.#nextId;
  }
}

const broken = (what: string): LichenError => new LichenError("bad-frame", `the peer sent ${what}`);

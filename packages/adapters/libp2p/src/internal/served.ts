import type { Incoming, Peer } from "@lichen/ports";
import { LichenError, limits } from "@lichen/kernel";
import { encodeFailure } from "./failure.ts";
import { frameType, headerBytes, itemCost, noBytes } from "./frame.ts";
import type { Outbox } from "./outbox.ts";

type Waiting = { item: Uint8Array; resolve: () => void; reject: (error: unknown) => void };

const sent: Promise<void> = Promise.resolve();

/** The largest credit a peer can run up; more is no arithmetic it needs. */
const maxCreditBytes = 2 ** 32;

/** The answering side of a request: items leave while the asker has room for them. */
export class Served implements Incoming {
  readonly peer: Peer;
  readonly body: Uint8Array;
  readonly #id: number;
  readonly #outbox: Outbox;
  #creditBytes: number;
  #waiting: Waiting[] = [];
  /** What follows the last item, once the handler returned. */
  #last: (() => void) | undefined;
  #closed: Error | undefined;
  #controller: AbortController | undefined;
  #asksRoom = false;

  constructor(peer: Peer, id: number, body: Uint8Array, creditBytes: number, outbox: Outbox) {
    this.peer = peer;
    this.body = body;
    this.#id = id;
    this.#outbox = outbox;
    this.#creditBytes = creditBytes;
  }

  /** Whether the asker is gone. */
  get closed(): boolean {
    return this.#closed !== undefined;
  }

  /** Made when first asked for: most handlers of short answers never look. */
  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#closed !== undefined) this.#controller.abort(this.#closed);
    }
    return this.#controller.signal;
  }

  readonly send = (item: Uint8Array): Promise<void> => {
    if (this.#closed !== undefined) return handled(Promise.reject(this.#closed));
    if (headerBytes + item.length > limits.frameBytes) {
      const details = `${item.length} bytes, at most ${limits.frameBytes - headerBytes}`;
      return handled(
        Promise.reject(new LichenError("limit-exceeded", "an item is larger than a frame", { details })),
      );
    }
    if (this.#creditBytes > 0 && this.#waiting.length === 0 && !this.#outbox.full) {
      this.#write(item);
      return sent;
    }
    const promise = new Promise<void>((resolve, reject) => this.#waiting.push({ item, resolve, reject }));
    this.#pump();
    return handled(promise);
  };

  /** @returns false where the peer's sum is absurd */
  credit(bytes: number): boolean {
    this.#creditBytes += bytes;
    this.#pump();
    return this.#creditBytes <= maxCreditBytes;
  }

  /** The handler returned, or threw `error`; calls `done` when that went out after the last item. */
  finish(done: () => void, error?: { thrown: unknown }): void {
    if (this.#closed !== undefined) return;
    this.#last = () => {
      if (error === undefined) this.#outbox.write(frameType.end, this.#id, noBytes, noBytes);
      else this.#outbox.write(frameType.error, this.#id, noBytes, encodeFailure(error.thrown));
      done();
    };
    this.#pump();
  }

  /** Nobody listens any more: the handler's signal aborts, its sends reject. */
  close(reason: Error): void {
    if (this.#closed !== undefined) return;
    this.#closed = reason;
    for (const { reject } of this.#waiting) reject(reason);
    this.#waiting = [];
    this.#controller?.abort(reason);
  }

  readonly #pump = (): void => {
    while (this.#waiting.length > 0 && this.#creditBytes > 0) {
      if (this.#outbox.full) return this.#askRoom();
      const { item, resolve } = this.#waiting.shift() as Waiting;
      this.#write(item);
      resolve();
    }
    if (this.#waiting.length > 0) return;
    const last = this.#last;
    this.#last = undefined;
    last?.();
  };

  #askRoom(): void {
    if (this.#asksRoom) return;
    this.#asksRoom = true;
    this.#outbox.whenRoom(() => {
      this.#asksRoom = false;
      this.#pump();
    });
  }

  #write(item: Uint8Array): void {
    this.#creditBytes -= itemCost(item.length);
    this.#outbox.write(frameType.item, this.#id, noBytes, item);
  }
}

/** A handler that sends without waiting must not bring the process down when the send fails. */
function handled(promise: Promise<void>): Promise<void> {
  promise.catch(() => undefined);
  return promise;
}

import { limits } from "@lichen/kernel";
import { headerBytes, noBytes, writeFrame, type FrameType } from "./frame.ts";

/** Frames are gathered in buffers of this size. */
const chunkBytes = 64 * 1024;
/** A batch that grew this large goes out before the turn ends. */
const batchBytes: number = 4 * chunkBytes;
/** Above this many waiting bytes, whoever can wait does. */
const highWaterBytes: number = 4 * limits.frameBytes;
/** Above this, only a peer that asks and never reads has brought us here. */
const overflowBytes: number = 16 * limits.frameBytes;

export type OutboxOptions = {
  /** Takes bytes for good; false: call `drained` before giving me more. */
  send: (bytes: Uint8Array) => boolean;
  /** More waits than a peer that reads can leave behind. */
  onOverflow: () => void;
};

/**
 * Gathers frames and hands all of one turn of the event loop over at once: the price of a send
 * (encryption, system call) is paid per batch. Bytes are copied once, into the batch.
 */
export class Outbox {
  readonly #options: OutboxOptions;
  #chunk: Uint8Array = noBytes;
  #from = 0;
  #to = 0;
  #ready: Uint8Array[] = [];
  #readyBytes = 0;
  #scheduled = false;
  #blocked = false;
  #closed = false;
  #waiting: (() => void)[] = [];

  constructor(options: OutboxOptions) {
    this.#options = options;
  }

  /** Whether the stream takes nothing at the moment. */
  get blocked(): boolean {
    return this.#blocked;
  }

  /** Whether everything was handed over. */
  get empty(): boolean {
    return this.#queuedBytes === 0;
  }

  /** Whether whoever can wait should. */
  get full(): boolean {
    return this.#queuedBytes > highWaterBytes;
  }

  get #queuedBytes(): number {
    return this.#readyBytes + this.#to - this.#from;
  }

  /** Calls back, in order, when the outbox is no longer full. Dropped when it closes. */
  whenRoom(resume: () => void): void {
    if (!this.#closed) this.#waiting.push(resume);
  }

  /** Queues a frame; its payload is `head` and `body`. */
  write(type: FrameType, id: number, head: Uint8Array, body: Uint8Array): void {
    if (this.#closed) return;
    const size = headerBytes + head.length + body.length;
    if (size > this.#chunk.length - this.#to) this.#renew(size);
    this.#to = writeFrame(this.#chunk, this.#to, type, id, head, body);
    if (this.#blocked) {
      if (this.#queuedBytes > overflowBytes) this.#options.onOverflow();
    } else if (this.#queuedBytes > batchBytes) {
      this.flush();
    } else if (!this.#scheduled) {
      this.#scheduled = true;
      setImmediate(this.#onTurn);
    }
  }

  /** Sends what is queued, now. */
  flush(): void {
    this.#seal();
    while (!this.#blocked && !this.#closed) {
      const batch = this.#ready.shift();
      if (batch === undefined) break;
      this.#readyBytes -= batch.length;
      this.#blocked = !this.#options.send(batch);
    }
  }

  /** The stream takes bytes again. */
  drained(): void {
    if (!this.#blocked || this.#closed) return;
    this.#blocked = false;
    this.flush();
    while (this.#waiting.length > 0 && !this.full) (this.#waiting.shift() as () => void)();
  }

  /** Forgets everything. */
  close(): void {
    this.#closed = true;
    this.#ready = [];
    this.#waiting = [];
    this.#chunk = noBytes;
    this.#from = 0;
    this.#to = 0;
  }

  readonly #onTurn = (): void => {
    this.#scheduled = false;
    if (!this.#closed) this.flush();
  };

  #seal(): void {
    if (this.#to === this.#from) return;
    this.#ready.push(this.#chunk.subarray(this.#from, this.#to));
    this.#readyBytes += this.#to - this.#from;
    this.#from = this.#to;
  }

  #renew(size: number): void {
    this.#seal();
    // Never reused: the stream below keeps what it was given until it is encrypted.
    this.#chunk = new Uint8Array(Math.max(size, chunkBytes));
    this.#from = 0;
    this.#to = 0;
  }
}

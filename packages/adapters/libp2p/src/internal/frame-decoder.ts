import { LichenError } from "@lichen/kernel";
import { headerBytes, lengthBytes, noBytes, readU32 } from "./frame.ts";

/** Takes a frame. The payload is a view that may share memory with its neighbours. */
export type OnFrame = (type: number, id: number, payload: Uint8Array) => void;

/** A buffer for a frame in parts starts at this size, whatever length the frame claims, and doubles. */
const firstBytes = 16 * 1024;

/** Cuts a stream of bytes, however it is chunked, into frames. */
export class FrameDecoder {
  /** Largest frame accepted, its header included. */
  maxBytes: number;
  readonly #onFrame: OnFrame;
  /** The beginning of a frame whose end has not come yet. */
  #part: Uint8Array = noBytes;
  #heldBytes = 0;
  #stopped = false;

  constructor(maxBytes: number, onFrame: OnFrame) {
    this.maxBytes = maxBytes;
    this.#onFrame = onFrame;
  }

  /** Whether a frame was begun and not finished. */
  get cut(): boolean {
    return this.#heldBytes > 0;
  }

  /** Takes no more frames, not even those already here. */
  stop(): void {
    this.#stopped = true;
    this.#part = noBytes;
    this.#heldBytes = 0;
  }

  /**
   * Takes bytes and gives away the frames they complete.
   * @throws {LichenError} `bad-frame` where a length is impossible; nothing can be read after it
   */
  push(bytes: Uint8Array): void {
    // Sockets give Buffers, whose `slice` shares memory where an array's copies.
    const chunk = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
    let at = this.#heldBytes > 0 ? this.#complete(chunk) : 0;
    while (!this.#stopped && chunk.length - at >= lengthBytes) {
      const end = at + lengthBytes + this.#length(chunk, at);
      if (end > chunk.length) break;
      this.#emit(chunk, at, end);
      at = end;
    }
    if (!this.#stopped && at < chunk.length) this.#hold(chunk, at, chunk.length);
  }

  /** Finishes the frame in parts; returns how much of the chunk that took. */
  #complete(chunk: Uint8Array): number {
    let at = 0;
    if (this.#heldBytes < lengthBytes) {
      at = Math.min(lengthBytes - this.#heldBytes, chunk.length);
      this.#hold(chunk, 0, at);
      if (this.#heldBytes < lengthBytes) return at;
    }
    const size = lengthBytes + this.#length(this.#part, 0);
    const taken = Math.min(size - this.#heldBytes, chunk.length - at);
    this.#hold(chunk, at, at + taken);
    if (this.#heldBytes === size) {
      const whole = this.#part;
      this.#part = noBytes;
      this.#heldBytes = 0;
      this.#emit(whole, 0, size);
    }
    return at + taken;
  }

  #hold(chunk: Uint8Array, from: number, to: number): void {
    const needed = this.#heldBytes + to - from;
    if (needed > this.#part.length) {
      const grown = new Uint8Array(
        Math.max(needed, firstBytes, Math.min(2 * this.#part.length, this.maxBytes)),
      );
      grown.set(this.#part.subarray(0, this.#heldBytes));
      this.#part = grown;
    }
    this.#part.set(chunk.subarray(from, to), this.#heldBytes);
    this.#heldBytes = needed;
  }

  #length(bytes: Uint8Array, at: number): number {
    const length = readU32(bytes, at);
    if (length < headerBytes - lengthBytes || length > this.maxBytes - lengthBytes) {
      throw new LichenError(
        "bad-frame",
        `a frame claims ${length} bytes, at most ${this.maxBytes - lengthBytes} are allowed`,
      );
    }
    return length;
  }

  #emit(bytes: Uint8Array, at: number, end: number): void {
    this.#onFrame(bytes[at + 4] as number, readU32(bytes, at + 5), bytes.subarray(at + headerBytes, end));
  }
}

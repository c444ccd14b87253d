import { LichenError } from "@lichen/kernel";
import { readExactly, type ByteSource } from "../byte-source.ts";

/** Bytes fetched at once, unless a single value is longer. */
const CHUNK_BYTES = 1 << 16;

/** Reads little-endian values one after the other, in chunks, up to a bound. Never holds more than asked for. */
export class Cursor {
  readonly #source: ByteSource;
  readonly #end: number;
  #chunk: Uint8Array = new Uint8Array(0);
  #chunkStart = 0;
  #position: number;

  constructor(source: ByteSource, start: number, limitBytes: number) {
    this.#source = source;
    this.#position = start;
    this.#end = Math.min(source.sizeBytes, limitBytes);
  }

  /** Offset of the next byte, from the start of the source. */
  get position(): number {
    return this.#position;
  }

  /** Bytes left before the end or the bound. */
  get remaining(): number {
    return this.#end - this.#position;
  }

  /** The next `length` bytes: a view into the current chunk, good until the next read. */
  async bytes(length: number): Promise<Uint8Array> {
    await this.#fill(length);
    return this.#take(length);
  }

  /** A view of the next `length` bytes. */
  async view(length: number): Promise<DataView> {
    const bytes = await this.bytes(length);
    return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  async uint32(): Promise<number> {
    return (await this.view(4)).getUint32(0, true);
  }

  /** An unsigned 64-bit count that may not exceed `most`. */
  async count(what: string, most: number): Promise<number> {
    const value = (await this.view(8)).getBigUint64(0, true);
    if (value > BigInt(most))
      throw new LichenError("model-invalid", `${what} is beyond the bound`, {
        details: `${value} of at most ${most}`,
      });
    return Number(value);
  }

  #take(length: number): Uint8Array {
    const at = this.#position - this.#chunkStart;
    this.#position += length;
    return this.#chunk.subarray(at, at + length);
  }

  async #fill(length: number): Promise<void> {
    if (this.#position + length <= this.#chunkStart + this.#chunk.length) return;
    if (length > this.remaining)
      throw new LichenError("model-invalid", "the header ends too early or is too long", {
        details: `${length} bytes wanted at ${this.#position}, ${this.remaining} left`,
      });
    const fetched = Math.min(Math.max(length, CHUNK_BYTES), this.remaining);
    this.#chunk = await readExactly(this.#source, this.#position, fetched);
    this.#chunkStart = this.#position;
  }
}

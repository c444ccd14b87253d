/** Bytes that all connections of a node may hold together, so that many small bounds do not add up to a large one. */
export class Budget {
  readonly maxBytes: number;
  #usedBytes = 0;

  constructor(maxBytes: number) {
    this.maxBytes = maxBytes;
  }

  get usedBytes(): number {
    return this.#usedBytes;
  }

  /** Takes a share, or false where it is not there. */
  take(bytes: number): boolean {
    if (this.#usedBytes + bytes > this.maxBytes) return false;
    this.#usedBytes += bytes;
    return true;
  }

  /** Gives back what `take` gave. */
  give(bytes: number): void {
    this.#usedBytes -= bytes;
  }
}

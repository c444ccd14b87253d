/**
 * Text on its way from a provider to a client. The writer never waits: a slow client holds no
 * provider's slot, and what it has not read yet is bounded by the answer's length.
 */
export class Feed<End> {
  #text = "";
  #outcome: { end: End } | { error: unknown } | undefined;
  #wake: (() => void) | undefined;

  push(text: string): void {
    this.#text += text;
    this.#wake?.();
  }

  end(end: End): void {
    this.#outcome = { end };
    this.#wake?.();
  }

  fail(error: unknown): void {
    this.#outcome = { error };
    this.#wake?.();
  }

  /** All text since the last piece, as soon as there is some; returns what `end` was given. */
  async *pieces(): AsyncGenerator<string, End> {
    for (;;) {
      if (this.#text !== "") {
        const text = this.#text;
        this.#text = "";
        yield text;
      } else if (this.#outcome === undefined) {
        await new Promise<void>((resolve) => (this.#wake = resolve));
      } else {
        if ("error" in this.#outcome) throw this.#outcome.error;
        return this.#outcome.end;
      }
    }
  }
}

/**
 * Cuts an answer at the first stop string, however it is spread over the pieces of text, and never lets
 * the beginning of one out before it is known not to be one.
 *
 * @example
 * const cutter = new StopCutter(["END"]);
 * cutter.push("one E"); // "one "
 * cutter.push("ND two"); // "", and cutter.stopped is true
 */
export class StopCutter {
  readonly #stops: readonly string[];
  #held = "";
  #stopped = false;

  constructor(stops: readonly string[]) {
    // Half a surrogate pair occurs in no whole text; held back, it would only tear a pair apart.
    this.#stops = stops.filter((stop) => stop.length > 0 && stop.isWellFormed());
  }

  /** Whether a stop string came. */
  get stopped(): boolean {
    return this.#stopped;
  }

  /** Takes more text; returns what can be shown now. */
  push(text: string): string {
    if (this.#stopped) return "";
    if (this.#stops.length === 0) return text;
    const whole = this.#held + text;
    const end = this.#firstStop(whole);
    this.#stopped = end !== undefined;
    const cut = end ?? this.#firstDoubt(whole);
    this.#held = this.#stopped ? "" : whole.slice(cut);
    return whole.slice(0, cut);
  }

  /** The text held back, at the end of an answer in which no stop string came. */
  flush(): string {
    const rest = this.#held;
    this.#held = "";
    return rest;
  }

  #firstStop(text: string): number | undefined {
    const found = this.#stops.map((stop) => text.indexOf(stop)).filter((at) => at >= 0);
    return found.length === 0 ? undefined : Math.min(...found);
  }

  /** Where the text's end may be the beginning of a stop string. */
  #firstDoubt(text: string): number {
    let doubt = text.length;
    for (const stop of this.#stops) {
      for (let at = Math.max(0, text.length - stop.length + 1); at < doubt; at++) {
        if (stop.startsWith(text.slice(at))) doubt = at;
      }
    }
    return doubt;
  }
}

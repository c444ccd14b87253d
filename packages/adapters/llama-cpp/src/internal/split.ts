/**
 * UTF-16 units that llama.cpp's tokenizer gets at once. For many models it finds words by
 * `std::regex`, which recurses for each character: 32,768 of one kind overflow the stack and end the
 * process (16,384 do not).
 */
export const MAX_PIECE_CHARS = 4096;

/**
 * A text in pieces of at most `MAX_PIECE_CHARS`. Cuts where tokenizers do so too (after a line's end,
 * before a blank between words), else between characters; never inside one of `controls`.
 *
 * @example [...splitText("short", new Set())] // ["short"]
 */
export function* splitText(text: string, controls: ReadonlySet<string>): Generator<string, void, void> {
  let from = 0;
  while (text.length - from > MAX_PIECE_CHARS) {
    const to = outside(controls, text, from, bestCut(text, from, from + MAX_PIECE_CHARS));
    yield text.slice(from, to);
    from = to;
  }
  if (from < text.length) yield text.slice(from);
}

/** The last good place to cut in the second half of the piece from `from` to `to`. */
function bestCut(text: string, from: number, to: number): number {
  const half = from + MAX_PIECE_CHARS / 2;
  for (let at = to; at > half; at--) if (text[at - 1] === "\n" && !isBlank(text[at])) return at;
  for (let at = to; at > half; at--)
    if (text[at] === " " && !isBlank(text[at - 1]) && !isBlank(text[at + 1])) return at;
  return isLowSurrogate(text, to) ? to - 1 : to;
}

/** `at`, or the beginning of the control token that it would cut in two. */
function outside(controls: ReadonlySet<string>, text: string, from: number, at: number): number {
  for (const control of controls) {
    const start = Math.max(from, at - control.length + 1);
    const found = text.slice(start, at + control.length - 1).indexOf(control);
    if (found >= 0 && start + found > from) return start + found;
  }
  return at;
}

function isBlank(character: string | undefined): boolean {
  return character === undefined || /\s/.test(character);
}

function isLowSurrogate(text: string, at: number): boolean {
  const unit = text.charCodeAt(at);
  return unit >= 0xdc00 && unit <= 0xdfff;
}

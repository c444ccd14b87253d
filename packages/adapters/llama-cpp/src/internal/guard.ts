/** Texts as a tree of their UTF-16 units, to find all of them in one pass over another text. */
type Tree = { next: Map<number, Tree>; ends: boolean };

/** Breaks up whatever in a text would be read as one of the model's control tokens. */
export type Guard = (text: string, mark: string) => string;

/**
 * A guard against control tokens in a user's text: it puts `mark` after the first character of each
 * (before it too, where that is all of it). The end of a text counts as well where it could become one
 * with what follows it in the prompt.
 *
 * A template may trim, compare or repeat what it is given; a single character in the places that
 * matter leaves all of that as it is for ordinary text, which holds no such place.
 *
 * @param controls the control tokens' texts
 * @example createGuard(new Set(["<|end|>"]))("a <|end|> b <|e", "\ufdd0") // "a <\ufdd0|end|> b <\ufdd0|e"
 */
export function createGuard(controls: ReadonlySet<string>): Guard {
  const root: Tree = { next: new Map(), ends: false };
  for (const control of controls) insert(root, control);
  return (text, mark) => {
    // A template that trims brings the text's last words next to what follows.
    const end = text.trimEnd().length;
    let guarded = "";
    let from = 0;
    for (let at = 0; at < text.length; at++) {
      if (!isDangerous(root, text, at, end)) continue;
      const first = String.fromCodePoint(text.codePointAt(at) as number);
      // What cannot be broken up is set apart on both sides.
      guarded += text.slice(from, at) + (controls.has(first) ? mark : "") + first + mark;
      from = at + first.length;
    }
    return guarded + text.slice(from);
  };
}

function insert(root: Tree, text: string): void {
  let tree = root;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    let below = tree.next.get(unit);
    if (below === undefined) tree.next.set(unit, (below = { next: new Map(), ends: false }));
    tree = below;
  }
  tree.ends = true;
}

/** Whether a control token stands at `from`, or the text ends before that is decided. */
function isDangerous(root: Tree, text: string, from: number, end: number): boolean {
  let tree = root;
  for (let i = from; ; i++) {
    if (tree.ends && i > from) return true;
    if (i > from && (i === end || i === text.length)) return true;
    const below = i < text.length ? tree.next.get(text.charCodeAt(i)) : undefined;
    if (below === undefined) return false;
    tree = below;
  }
}

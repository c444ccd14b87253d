/**
 * Order of two texts by their UTF-8 bytes, which is the order of their code points. JavaScript's `<`
 * compares UTF-16 units and puts U+10000 before U+FFFF.
 */
export function compareKeys(a: string, b: string): number {
  const shared = Math.min(a.length, b.length);
  for (let i = 0; i < shared; i++) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x !== y) return rank(x) - rank(y);
  }
  return a.length - b.length;
}

// Surrogates stand for code points above every other unit's.
const rank = (unit: number): number => (unit >= 0xd800 && unit <= 0xdfff ? unit + 0x1_0000 : unit);

/**
 * The smallest text above every text that starts with `prefix`; undefined where there is none.
 * @example keyAfterPrefix("ab") === "ac"
 */
export function keyAfterPrefix(prefix: string): string | undefined {
  const points = Array.from(prefix, (character) => character.codePointAt(0) as number);
  while (points.length > 0) {
    const last = points.pop() as number;
    if (last === 0x10_ffff) continue;
    points.push(last === 0xd7ff ? 0xe000 : last + 1);
    return points.map((point) => String.fromCodePoint(point)).join("");
  }
  return undefined;
}

/**
 * The order of the UTF-8 bytes of two texts, which is that of their code points, and Go's. Negative where `a` comes first.
 * JavaScript's own order is that of UTF-16 units and differs where a surrogate (a character beyond U+FFFF) meets a unit of
 * U+E000 or above.
 */
export function compareText(a: string, b: string): number {
  const shared = Math.min(a.length, b.length);
  for (let index = 0; index < shared; index++) {
    const unitA = a.charCodeAt(index);
    const unitB = b.charCodeAt(index);
    if (unitA !== unitB) return rank(unitA) - rank(unitB);
  }
  return a.length - b.length;
}

/** The unit, with surrogates moved above all others. */
function rank(unit: number): number {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit;
}

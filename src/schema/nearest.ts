/** A text that is longer is no misspelt word: comparing two costs the product of their lengths. */
const longestText = 64;
/** How many candidates are looked at: of a list that a client sent there may be any number. */
const mostCandidates = 250;

/**
 * The word among the candidates that was probably meant: the same but for case, or else the one that takes the fewest
 * single-letter changes (insertion, removal, replacement, swap of neighbours), at most a third of its length and never
 * the whole of it. Undefined where none is near. The first of equals. Looks at the first candidates only.
 */
export function nearest(text: string, candidates: Iterable<string>): string | undefined {
  if (text.length > longestText) return undefined;
  const lower = text.toLowerCase();
  let best: string | undefined;
  let bestDistance = Infinity;
  let looked = 0;
  for (const candidate of candidates) {
    if (++looked > mostCandidates) break;
    if (candidate === text) continue;
    if (candidate.toLowerCase() === lower) return candidate;
    const bound = Math.min(Math.max(1, Math.floor(candidate.length / 3)), candidate.length - 1);
    if (Math.abs(candidate.length - text.length) > bound) continue;
    const found = distance(lower, candidate.toLowerCase());
    if (found > bound || found >= bestDistance) continue;
    best = candidate;
    bestDistance = found;
  }
  return best;
}

/** How many changes of one letter lead from one text to the other (optimal string alignment). */
function distance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const same = a[row - 1] === b[column - 1];
      let cost = Math.min(last[column]! + 1, current[column - 1]! + 1, last[column - 1]! + (same ? 0 : 1));
      const swapped = row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
      if (swapped) cost = Math.min(cost, beforeLast[column - 2]! + 1);
      current.push(cost);
    }
    beforeLast = last;
    last = current;
  }
  return last[b.length]!;
}

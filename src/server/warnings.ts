import { limits } from '../limits.ts';

const maxTotalRunes = 4096;
const maxTruncatedRunes = 256;

/**
 * Collects the warnings of one request and renders them as Warning headers (kube-apiserver's warning recorder):
 * each text once; when all texts together exceed 4096 characters, every text is cut to 256, and what then
 * still exceeds 4096 is left out. Unlike there, the number of headers is bounded too.
 */
export class Warnings {
  readonly #texts = new Set<string>();
  /** Those beyond the bound, each time that they are added. */
  #more = 0;

  add(text: string): void {
    // Of a text that is longer, no more would be told either: a character has at most two units.
    const told = text.slice(0, 2 * maxTotalRunes + 2);
    if (told === '' || this.#texts.has(told)) return;
    if (this.#texts.size < limits.maxWarnings) this.#texts.add(told);
    else this.#more++;
  }

  /** Values of the Warning headers, in the order in which the warnings came. */
  headers(): string[] {
    const texts = [...this.#texts].map(text => [...text]);
    const left = texts.length + this.#more - limits.maxWarnings + 1;
    if (left > 1) texts.splice(limits.maxWarnings - 1, 1, [...`${left} more warnings are left out`]);
    const total = texts.reduce((sum, runes) => sum + runes.length, 0);
    if (total <= maxTotalRunes) return texts.map(runes => header(runes.join('')));
    const headers: string[] = [];
    let written = 0;
    for (const runes of texts) {
      if (written >= maxTotalRunes) break;
      const cut = runes.slice(0, maxTruncatedRunes);
      written += cut.length;
      headers.push(header(cut.join('')));
    }
    return headers;
  }
}

/** Code 299 from agent `-`. Control characters cannot be in a header; other characters go as UTF-8 bytes. */
function header(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is replaced
  const clean = text.replaceAll(/[\u0000-\u001f\u007f]/g, ' ').replaceAll(/["\\]/g, '\\$&');
  return `299 - "${Buffer.from(clean, 'utf8').toString('latin1')}"`;
}

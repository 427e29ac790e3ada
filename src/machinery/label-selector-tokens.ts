/** One token of a label selector. `text` is what error messages print. */
export interface SelectorToken {
  kind: 'word' | 'end' | ')' | ',' | '!' | '==' | '=' | '>' | 'in' | '<' | '!=' | 'notin' | '(';
  text: string;
}

const symbols = new Set([')', ',', '!', '==', '=', '>', '<', '!=', '(']);
const symbolCharacters = '=!(),><';

/**
 * Splits a label selector into tokens as apimachinery's lexer does: a run of symbol characters is cut after its
 * longest known beginning, everything between symbols and white space is a word. A NUL ends the text.
 */
export function lexLabelSelector(text: string): SelectorToken[] {
  const end = text.indexOf('\0');
  const source = end < 0 ? text : text.slice(0, end);
  const tokens: SelectorToken[] = [];
  let at = 0;
  while (at < source.length) {
    const character = source[at]!;
    if (/[ \t\r\n]/.test(character)) {
      at++;
    } else if (symbolCharacters.includes(character)) {
      const pair = source.slice(at, at + 2);
      const symbol = symbols.has(pair) ? pair : character;
      tokens.push({ kind: symbol as SelectorToken['kind'], text: symbol });
      at += symbol.length;
    } else {
      const start = at;
      while (at < source.length && !/[ \t\r\n=!(),><]/.test(source[at]!)) at++;
      const word = source.slice(start, at);
      tokens.push({ kind: word === 'in' || word === 'notin' ? word : 'word', text: word });
    }
  }
  tokens.push({ kind: 'end', text: '' });
  return tokens;
}

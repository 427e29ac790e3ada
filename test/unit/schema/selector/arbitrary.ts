import fc from 'fast-check';

/** The text of a selector, and what it means by a model that shares nothing with the parser and the evaluator. */
export interface ModelledSelector {
  text: string;
  holds(labels: Record<string, string>): boolean;
}

const labelNames = ['a', 'b', 'has', 'all', 'in', 'not', 'contains', 'x.y/z', '-'];
const values = ['', 'x', 'y', 'xy', 'yx', 'xx', "'", 'é😀', 'all()'];

const label = fc.constantFrom(...labelNames);
const value = fc.constantFrom(...values, '"', '\ufffd');
const blank = fc.constantFrom('', ' ', '\t', '  ');
const gap = fc.constantFrom(' ', '\t', ' \t');

/** Labels of an object, of the same few names and values. */
export const someLabels: fc.Arbitrary<Record<string, string>> = fc.dictionary(label, value, { maxKeys: 5 });

const quoted = fc.tuple(value, fc.boolean()).map(([text, single]) => ({
  text,
  shown: text.includes("'") || (!single && !text.includes('"')) ? `"${text}"` : `'${text}'`,
}));

function comparison(
  shown: fc.Arbitrary<string>,
  holds: (actual: string | undefined, wanted: string) => boolean,
): fc.Arbitrary<ModelledSelector> {
  return fc.tuple(label, shown, blank, quoted).map(([name, operator, space, wanted]) => ({
    text: `${name}${operator}${space}${wanted.shown}`,
    holds: labels => holds(labels[name], wanted.text),
  }));
}

const symbol = (text: string) => fc.tuple(blank).map(([before]) => before + text);
const word = (first: string, second = '') =>
  fc.tuple(gap, blank).map(([before, between]) => before + first + (second ? between + second : ''));

function membership(shown: fc.Arbitrary<string>, isIn: boolean): fc.Arbitrary<ModelledSelector> {
  const items = fc.tuple(fc.array(quoted, { maxLength: 4 }), fc.boolean(), blank);
  return fc.tuple(label, shown, items).map(([name, operator, [wanted, comma, space]]) => ({
    text:
      `${name}${operator}${space}{${space}${wanted.map(each => each.shown).join(`${space},${space}`)}` +
      `${comma && wanted.length > 0 ? ',' : ''}${space}}`,
    holds: labels => {
      const actual = labels[name];
      return wanted.some(each => each.text === actual) === isIn;
    },
  }));
}

const test: fc.Arbitrary<ModelledSelector> = fc.oneof(
  blank.map(space => ({ text: `all(${space})`, holds: () => true })),
  fc.tuple(label, blank).map(([name, space]) => ({
    text: `has(${space}${name}${space})`,
    holds: (labels: Record<string, string>) => labels[name] !== undefined,
  })),
  comparison(symbol('=='), (actual, wanted) => actual === wanted),
  comparison(symbol('!='), (actual, wanted) => actual !== wanted),
  comparison(word('contains'), (actual, wanted) => actual !== undefined && actual.indexOf(wanted) >= 0),
  comparison(word('starts', 'with'), (actual, wanted) => actual?.slice(0, wanted.length) === wanted),
  comparison(
    word('ends', 'with'),
    (actual, wanted) => actual?.slice(actual.length - wanted.length) === wanted,
  ),
  membership(word('in'), true),
  membership(word('not', 'in'), false),
);

/** Selectors by the productions of the grammar, with all the freedom it leaves for blanks and brackets. */
export const modelledSelector: fc.Arbitrary<ModelledSelector> = fc.letrec<{
  or: ModelledSelector;
  and: ModelledSelector;
  unary: ModelledSelector;
  primary: ModelledSelector;
}>(tie => ({
  or: joined(tie('and'), '||', (terms, labels) => terms.some(term => term.holds(labels))),
  and: joined(tie('unary'), '&&', (terms, labels) => terms.every(term => term.holds(labels))),
  unary: fc.tuple(fc.array(blank, { maxLength: 3, size: 'small' }), tie('primary')).map(([nots, term]) => ({
    text: nots.map(space => `!${space}`).join('') + term.text,
    holds: labels => term.holds(labels) !== (nots.length % 2 === 1),
  })),
  primary: fc.oneof(
    { maxDepth: 4, depthIdentifier: 'selector' },
    test,
    fc.tuple(blank, tie('or')).map(([space, inner]) => ({
      text: `(${space}${inner.text}${space})`,
      holds: inner.holds,
    })),
  ),
})).or;

function joined(
  term: fc.Arbitrary<ModelledSelector>,
  operator: string,
  holds: (terms: ModelledSelector[], labels: Record<string, string>) => boolean,
): fc.Arbitrary<ModelledSelector> {
  return fc
    .tuple(fc.array(term, { minLength: 1, maxLength: 3, depthIdentifier: 'selector' }), blank)
    .map(([terms, space]) => ({
      text: terms.map(each => each.text).join(`${space}${operator}${space}`),
      holds: labels => holds(terms, labels),
    }));
}

const soupTokens = [
  ...[
    'a',
    'b',
    'has',
    'all',
    'global',
    'in',
    'not',
    'notin',
    'contains',
    'starts',
    'ends',
    'with',
    'startswith',
  ],
  ...[
    'has(',
    'has(a)',
    'all()',
    'all(',
    'global()',
    'a == "x"',
    'a in {"x"}',
    'b not in {',
    '{}',
    '{"x"',
    ' ',
  ],
  ...[
    '==',
    '!=',
    '=',
    '!',
    '&&',
    '||',
    '&',
    '|',
    '(',
    ')',
    '{',
    '}',
    ',',
    '"x"',
    "'y'",
    '"',
    "'",
    '\t',
    '\n',
    'é',
  ],
];

/** Tokens in any order, among them whole tests so that some rows are valid. */
export const tokenSoup: fc.Arbitrary<string> = fc.oneof(
  fc.array(fc.constantFrom(...soupTokens), { maxLength: 8 }).map(tokens => tokens.join('')),
  fc.array(fc.constantFrom(...soupTokens), { maxLength: 8 }).map(tokens => tokens.join(' ')),
  fc
    .array(fc.constantFrom('a == "x"', 'has(b)', 'all()', '!', '(', ')', '&&', '||'), { maxLength: 8 })
    .map(tokens => tokens.join(' ')),
);

const name = '[A-Za-z0-9_./-]{1,512}(?![A-Za-z0-9_./-])';
const ws = '[ \\t]*';
const string = `(?:"[^"]*"|'[^']*')`;
const wordEnd = '(?![A-Za-z0-9_./-])';
const wholeTest = new RegExp(
  [
    `has\\(${ws}${name}${ws}\\)`,
    `(?:all|global)\\(${ws}\\)`,
    `${name}${ws}(?:==|!=|(?:contains|(?:starts|ends)${ws}with)${wordEnd})${ws}${string}`,
    `${name}${ws}(?:in|not${ws}in)${wordEnd}${ws}\\{${ws}(?:${string}${ws}(?:,${ws}${string}${ws})*,?${ws})?\\}`,
  ].join('|'),
  'y',
);
const connective = /&&|\|\||[!()]/y;

/** Whether a text is a selector, by the grammar in another way: whole tests become T, then T are merged. */
export function wellFormed(text: string): boolean {
  let reduced = '';
  for (let at = 0; at < text.length; ) {
    if (text[at] === ' ' || text[at] === '\t') {
      at++;
      continue;
    }
    wholeTest.lastIndex = at;
    connective.lastIndex = at;
    const found = wholeTest.exec(text);
    const sign = found ? null : connective.exec(text);
    if (!found && !sign) return false;
    reduced += found ? 'T' : sign![0];
    at += (found ?? sign)![0].length;
  }
  for (let before = ''; before !== reduced; ) {
    before = reduced;
    reduced = reduced.replace(/!T|\(T\)|T(&&|\|\|)T/, 'T');
  }
  return reduced === '' || reduced === 'T';
}

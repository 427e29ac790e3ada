import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { parseAllDocuments } from 'yaml';
import { mediaTypeOf, splitDocuments } from '../../../../src/cli/validate/documents.ts';

/** The documents of a text, with where each begins and where its content does. */
function split(text: string): [text: string, origin: string, start: string][] {
  return [...splitDocuments(Buffer.from(text))].map(({ bytes, origin, start }) => [
    Buffer.from(bytes).toString(),
    `${origin.line}:${origin.column}`,
    `${start.line}:${start.column}`,
  ]);
}

suite('documents of a file', () => {
  const table: [string, string, ReturnType<typeof split>][] = [
    ['none', '', []],
    ['white space', ' \n\t\n', []],
    ['comments and markers only', '# a\n---\n# b\n---\n...\n', []],
    ['one', 'a: 1\n', [['a: 1\n', '1:1', '1:1']]],
    [
      'two',
      'a: 1\n---\nb: 2\n',
      [
        ['a: 1\n', '1:1', '1:1'],
        ['---\nb: 2\n', '2:1', '3:1'],
      ],
    ],
    ['one behind a marker and a comment', '---\n# x\n\n  a: 1', [['---\n# x\n\n  a: 1', '1:1', '4:3']]],
    [
      'CRLF',
      'a: 1\r\n---\r\nb: 2\r\n',
      [
        ['a: 1\r\n', '1:1', '1:1'],
        ['---\r\nb: 2\r\n', '2:1', '3:1'],
      ],
    ],
    [
      'markers with a comment or content behind them',
      'a\n--- # x\nb\n--- {c: 1}\n',
      [
        ['a\n', '1:1', '1:1'],
        ['--- # x\nb\n', '2:1', '3:1'],
        ['--- {c: 1}\n', '4:1', '4:5'],
      ],
    ],
    [
      'what only looks like a marker',
      'a: |\n  ---\n ---\nb: ---x\n---x: 1\n',
      [['a: |\n  ---\n ---\nb: ---x\n---x: 1\n', '1:1', '1:1']],
    ],
    [
      'the end of a document',
      'a\n...\nb\n',
      [
        ['a\n...', '1:1', '1:1'],
        ['\nb\n', '2:4', '3:1'],
      ],
    ],
    [
      'directives go with what follows',
      '%YAML 1.1\n# x\n---\na\n...\n%YAML 1.1\n---\nb\n',
      [
        ['%YAML 1.1\n# x\n---\na\n...', '1:1', '4:1'],
        ['\n%YAML 1.1\n---\nb\n', '5:4', '8:1'],
      ],
    ],
    ['a byte order mark', '\ufeffa: 1', [['a: 1', '1:1', '1:1']]],
    [
      'JSON objects in a row',
      '{"a": "}{"}{"b": "\\"}"} \n {"é": 1}{"c": 1}',
      [
        ['{"a": "}{"}', '1:1', '1:1'],
        ['{"b": "\\"}"}', '1:12', '1:12'],
        [' \n {"é": 1}', '1:24', '2:2'],
        ['{"c": 1}', '2:10', '2:10'],
      ],
    ],
    ['JSON and something else', '{"a": 1} x', [['{"a": 1} x', '1:1', '1:1']]],
    ['what is no JSON', "{a: '}'} {", [["{a: '}'} {", '1:1', '1:1']]],
    ['JSON that does not end', '{"a": [1}', [['{"a": [1}', '1:1', '1:1']]],
  ];
  for (const [name, text, expected] of table) {
    test(name, () => assert.deepEqual(split(text), expected));
  }

  test('bytes that are no UTF-8 are left to the reader', () => {
    const bytes = Buffer.from('a: \xff\n---\nb: 1\n', 'latin1');
    const [first, second] = [...splitDocuments(bytes)];
    assert.deepEqual(Buffer.from(first!.bytes), bytes.subarray(0, 5));
    assert.deepEqual(second!.origin, { line: 2, column: 1 });
  });

  test('files named .json are read as JSON, unless they do not look like it', () => {
    const type = (file: string, text: string) =>
      mediaTypeOf(file, [...splitDocuments(Buffer.from(text))][0]!).replace('application/', '');
    assert.equal(type('a.json', ' {"a": 1}'), 'json');
    assert.equal(type('a.JSON', '[]'), 'json');
    assert.equal(type('a.json', 'a: 1'), 'yaml');
    assert.equal(type('a.yaml', '{"a": 1}'), 'yaml');
  });

  const piece = fc.constantFrom(
    '---',
    '...',
    '%YAML 1.1',
    '# x',
    'a: 1',
    '  - b',
    '{"c": "}"}',
    '[',
    '"',
    '',
    ' ',
  );
  const ending = fc.constantFrom('\n', '\r\n');

  test('property: documents are in order, with positions within the text, and only white space is lost', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(piece, ending), { maxLength: 12 }), pieces => {
        const text = pieces.flat().join('');
        const lines = text.split('\n');
        let last = 0;
        for (const [part, origin, start] of split(text)) {
          const at = text.indexOf(part, last);
          assert.ok(at >= last);
          const lost = text.slice(last, at);
          assert.match(lost, /^(?:[ \t\r]*(?:#.*|%.*|---.*|\.\.\.)?[ \t\r]*(?:\n|$))*$/);
          last = at + part.length;
          const [line = 0, column = 0] = start.split(':').map(Number);
          assert.equal(origin.split(':')[0], String(text.slice(0, at).split('\n').length));
          assert.ok(lines[line - 1]!.length >= column);
        }
      }),
    );
  });

  test('property: the documents that the yaml package finds', () => {
    const document = fc.constantFrom(
      'a: 1\n',
      'b:\n- --- 1\n- 2\n',
      'c: |\n  ---\n  x\n',
      '"d\n  e"\n',
      '# x\nf: {}\n',
    );
    fc.assert(
      fc.property(fc.array(document, { minLength: 1, maxLength: 6 }), ending, (documents, newline) => {
        const text = documents.join('---\n').replaceAll('\n', newline);
        const expected = parseAllDocuments(text).map(each => each.toJS());
        const found = split(text).map(([part]) => parseAllDocuments(part)[0]!.toJS());
        assert.deepEqual(found, expected);
      }),
    );
  });
});

import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { mediaTypeOf, parseAccept } from '../../../src/server/media-type.ts';

function shown(header: string): string[] {
  return parseAccept(header).map(({ type, subtype, parameters }) =>
    [`${type}/${subtype}`, ...[...parameters].map(([key, value]) => `${key}=${value}`)].join(';'),
  );
}

suite('Accept', () => {
  const cases: [header: string, clauses: string[]][] = [
    ['application/json', ['application/json']],
    ['Application/JSON', ['application/json']],
    ['a/b, c/d', ['a/b', 'c/d']],
    ['a/b;q=0.5, c/d', ['c/d', 'a/b']],
    ['a/b;q=0.5, c/d;q=0.5', ['a/b', 'c/d']],
    ['*/*, application/*, application/yaml', ['application/yaml', 'application/*', '*/*']],
    ['a/b;q=0, c/d', ['c/d']],
    ['a/b;q=nonsense', ['a/b']],
    ['nonsense, /, a/b', ['a/b']],
    ['', []],
    ['a/b;as=Table;g=meta.k8s.io;v=v1', ['a/b;as=Table;g=meta.k8s.io;v=v1']],
    ['a/b; as = "Ta;b,le" ; v=v1', ['a/b;as=Ta;b,le;v=v1']],
    ['a/b;x="a\\"b"', ['a/b;x=a"b']],
  ];
  for (const [header, clauses] of cases) {
    test(JSON.stringify(header), () => assert.deepEqual(shown(header), clauses));
  }
});

suite('Content-Type', () => {
  const cases: [header: string | undefined, mediaType: string][] = [
    [undefined, ''],
    ['', ''],
    ['application/json', 'application/json'],
    ['Application/JSON; charset=utf-8', 'application/json'],
    ['application/json;a=b;c=d', 'application/json'],
  ];
  for (const [header, mediaType] of cases) {
    test(String(header), () => assert.equal(mediaTypeOf(header), mediaType));
  }
});

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { decodeContinue, encodeContinue } from '../../../src/machinery/continue-token.ts';
import { parseResourceVersion } from '../../../src/machinery/resource-version.ts';
import { StatusError } from '../../../src/machinery/status.ts';

function refusal(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    assert.ok(error instanceof StatusError, `${error}`);
    assert.equal(error.status.code, 400);
    return error.message;
  }
  return assert.fail('it was accepted');
}

describe('continue tokens', () => {
  it('have the format of kube-apiserver', () => {
    const token = encodeContinue({ revision: 7, start: 'default/a\u0000' });
    assert.equal(
      Buffer.from(token, 'base64url').toString(),
      '{"v":"meta.k8s.io/v1","rv":7,"start":"default/a\\u0000"}',
    );
    assert.doesNotMatch(token, /=/);
  });

  it('come back as they were', () => {
    const segment = fc
      .string({ minLength: 1 })
      .filter(text => !/[/]/.test(text) && text !== '.' && text !== '..');
    const start = fc
      .array(segment, { minLength: 1, maxLength: 3 })
      .map(segments => `${segments.join('/')}\u0000`);
    const revision = fc.oneof(fc.constant(-1), fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }));
    fc.assert(
      fc.property(revision, start, (number, key) => {
        const point = { revision: number, start: key };
        assert.deepEqual(decodeContinue(encodeContinue(point)), point);
      }),
    );
  });

  const made = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const v = 'meta.k8s.io/v1';
  const invalid = 'invalid continue token: continue key is not valid';
  const refused: [string, string, string][] = [
    ['other characters', 'a b', `${invalid}: illegal base64 data at input byte 1`],
    ['padding', 'YQ==', `${invalid}: illegal base64 data at input byte 2`],
    ['an impossible length', 'YWFhY', `${invalid}: illegal base64 data at input byte 4`],
    [
      'no JSON',
      Buffer.from('x').toString('base64url'),
      `${invalid}: invalid character 'x' looking for beginning of value`,
    ],
    [
      'a list',
      made([]),
      `${invalid}: json: cannot unmarshal array into Go value of type storage.continueToken`,
    ],
    [
      'another version',
      made({ v: 'v2', rv: 1, start: 'a' }),
      `${invalid}: server does not recognize this encoded version v2`,
    ],
    ['no version', made({}), `${invalid}: server does not recognize this encoded version `],
    [
      'no revision',
      made({ v, start: 'a' }),
      `${invalid}: incorrect encoded start resourceVersion (version ${v})`,
    ],
    ['no start', made({ v, rv: 1 }), `${invalid}: encoded start key empty (version ${v})`],
    ['a way up', made({ v, rv: 1, start: '../secrets/a' }), `${invalid}: ../secrets/a`],
    ['an empty segment', made({ v, rv: 1, start: 'a//b' }), `${invalid}: a//b`],
    [
      'a text for a revision',
      made({ v, rv: '1', start: 'a' }),
      `${invalid}: json: cannot unmarshal string into Go struct field continueToken.rv of type int64`,
    ],
    [
      'a fraction for a revision',
      made({ v, rv: 1.5, start: 'a' }),
      `${invalid}: json: cannot unmarshal number 1.5 into Go struct field continueToken.rv of type int64`,
    ],
    [
      'a number for a start',
      made({ v, rv: 1, start: 2 }),
      `${invalid}: json: cannot unmarshal number 2 into Go struct field continueToken.start of type string`,
    ],
  ];
  for (const [what, token, message] of refused) {
    it(`are refused: ${what}`, () =>
      assert.equal(
        refusal(() => decodeContinue(token)),
        message,
      ));
  }
});

describe('resource versions', () => {
  const accepted: [string, number][] = [
    ['', 0],
    ['0', 0],
    ['42', 42],
    ['9007199254740991', Number.MAX_SAFE_INTEGER],
  ];
  for (const [text, number] of accepted) {
    it(JSON.stringify(text), () => assert.equal(parseResourceVersion(text), number));
  }

  for (const [text, problem] of [
    ['abc', 'invalid syntax'],
    ['-1', 'invalid syntax'],
    ['1.5', 'invalid syntax'],
    ['18446744073709551616', 'value out of range'],
    ['9'.repeat(1_000), 'value out of range'],
  ] as const) {
    it(`refuses ${text.slice(0, 30)}`, () => {
      const parsing = `strconv.ParseUint: parsing "${text}": ${problem}`;
      const message = `invalid resource version: resourceVersion: Invalid value: "${text}": ${parsing}`;
      assert.equal(
        refusal(() => parseResourceVersion(text)),
        message,
      );
    });
  }
});

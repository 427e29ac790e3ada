import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import * as fc from 'fast-check';
import {
  commonName,
  parseCertificate,
  parseCertificates,
  subjectValues,
} from '../../../src/access/certificate.ts';
import { readChildren, readDer, readObjectIdentifier, readText } from '../../../src/access/der.ts';
import { authority, type Issued, issue } from './certificates.ts';

function hex(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text.replaceAll(' ', ''), 'hex'));
}

describe('readDer', () => {
  const malformed: [string, string][] = [
    ['empty', ''],
    ['a tag alone', '30'],
    ['content cut off', '30 05 02 01 01'],
    ['bytes left over', '02 01 01 00'],
    ['indefinite length', '30 80 00 00'],
    ['a long length that fits the short form', '04 81 01 00'],
    ['a length with leading zero', `04 82 00 80 ${'00'.repeat(128)}`],
    ['a length of five octets', '04 85 00 00 00 00 01 00'],
    ['a long tag', '1f 81 00 00'],
  ];
  for (const [name, bytes] of malformed) {
    it(`refuses ${name}`, () => {
      assert.throws(() => readDer(hex(bytes)), /^Error: DER/);
    });
  }

  it('reads nested elements', () => {
    const [one, two] = readChildren(readDer(hex('30 06 02 01 05 0c 01 41')));
    assert.deepEqual([one!.tag, ...one!.content, two!.tag, readText(two!)], [2, 5, 0x0c, 'A']);
  });

  const walk = (bytes: Uint8Array, depth: number): void => {
    if (depth > 5) return;
    for (const child of readChildren(readDer(bytes))) walk(child.bytes, depth + 1);
  };
  it('either reads or throws an Error on any bytes', () =>
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), bytes => {
        try {
          walk(bytes, 0);
        } catch (error) {
          assert.match(String(error), /^Error: DER/);
        }
      }),
    ));
});

describe('readObjectIdentifier', () => {
  const identifiers: [string, string][] = [
    ['06 03 55 04 03', '2.5.4.3'],
    ['06 09 2a 86 48 86 f7 0d 01 01 0b', '1.2.840.113549.1.1.11'],
    ['06 09 2b 06 01 04 01 83 c2 41 02', '1.3.6.1.4.1.57665.2'],
    ['06 02 88 37', '2.999'],
    ['06 01 00', '0.0'],
  ];
  for (const [bytes, text] of identifiers) {
    it(text, () => assert.equal(readObjectIdentifier(readDer(hex(bytes))), text));
  }
  for (const bytes of ['06 00', '06 01 80', '06 02 80 01', '06 02 55 84', '0c 01 55']) {
    it(`refuses ${bytes}`, () =>
      assert.throws(() => readObjectIdentifier(readDer(hex(bytes))), /^Error: DER/));
  }
});

describe('readText', () => {
  const texts: [string, string | undefined][] = [
    ['0c 03 e2 82 ac', '€'],
    ['0c 04 ef bb bf 41', '\ufeffA'],
    ['13 03 61 2e 62', 'a.b'],
    ['14 01 e9', 'é'],
    ['16 01 40', '@'],
    ['1e 04 20 ac 00 41', '€A'],
    ['12 02 31 20', '1 '],
    ['02 01 41', undefined],
    ['03 02 00 41', undefined],
  ];
  for (const [bytes, text] of texts) {
    it(`${bytes}: ${text}`, () => assert.equal(readText(readDer(hex(bytes))), text));
  }
  for (const bytes of ['0c 01 ff', '13 01 40', '16 01 80', '12 01 61', '1e 01 41']) {
    it(`refuses ${bytes}`, () => assert.throws(() => readText(readDer(hex(bytes)))));
  }
});

describe('parseCertificate', () => {
  it('reads a subject whose values look like further attributes', async () => {
    const tricky = 'a, O=system:masters\nO=system:masters+CN=b/CN=c"\\';
    const { der } = await issue({ subject: [{ CN: [tricky] }, { O: ['x,y'] }, { O: ['z'] }] });
    const certificate = parseCertificate(der);
    assert.equal(commonName(certificate), tricky);
    assert.deepEqual(subjectValues(certificate, '2.5.4.10'), ['x,y', 'z']);
  });

  it('takes the last of several common names', async () => {
    const { der } = await issue({ subject: [{ CN: ['first'] }, { O: ['o'] }, { CN: ['last'] }] });
    assert.equal(commonName(parseCertificate(der)), 'last');
  });

  it('reads all values of a multi-valued part', async () => {
    const { der } = await issue({ subject: [{ CN: ['a'], O: ['b', 'c'] }] });
    const certificate = parseCertificate(der);
    assert.equal(commonName(certificate), 'a');
    assert.deepEqual(subjectValues(certificate, '2.5.4.10').toSorted(), ['b', 'c']);
  });

  it('reads any name back', async () => {
    const keys = (await issue({ subject: 'x' })).keys;
    await fc.assert(
      fc.asyncProperty(fc.string({ minLength: 1, unit: 'grapheme' }), async name => {
        const { der } = await issue({ subject: [{ CN: [{ utf8String: name }] }], keys });
        assert.equal(commonName(parseCertificate(der)), name);
      }),
      { numRuns: 50 },
    );
  });

  describe('parseCertificates', () => {
    let one: Issued;
    let two: Issued;
    before(async () => {
      one = await authority('one');
      two = await authority('two');
    });

    it('reads a bundle with text and other blocks between', () => {
      const bundle = `# one\n${one.pem}\n${one.keyPem}junk\r\n${two.pem.replaceAll('\n', '\r\n')}`;
      assert.deepEqual(parseCertificates(bundle).map(commonName), ['one', 'two']);
    });

    const broken: [string, () => string][] = [
      ['nothing', () => ''],
      ['a key alone', () => one.keyPem],
      ['a bundle whose end is cut off', () => one.pem + two.pem.slice(0, -40)],
      ['a block that is no certificate', () => one.pem + two.pem.replace(/\n[^\n]{64}\n/, '\n')],
    ];
    for (const [name, text] of broken) {
      it(`refuses ${name}`, () => assert.throws(() => parseCertificates(text())));
    }
  });
});

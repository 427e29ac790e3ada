import assert from 'node:assert/strict';
import { after, suite, test } from 'node:test';
import { parseDeleteOptions } from '../../../src/machinery/delete-options.ts';
import { parseFieldSelector } from '../../../src/machinery/field-selector.ts';
import { parseLabelSelector } from '../../../src/machinery/label-selector.ts';
import { parseListOptions, parsePatchOptions } from '../../../src/machinery/options.ts';
import { bodyMediaType, negotiateError } from '../../../src/server/negotiation.ts';
import { parseTarget, requestInfo } from '../../../src/server/request-info.ts';
import { openStepCounter } from './steps.ts';

const counter = openStepCounter();
after(() => counter.close());

const fields = ['metadata.name'];
const negotiation = (accept: string) =>
  negotiateError({ accept, userAgent: undefined, query: new URLSearchParams() });
const target = (url: string) => requestInfo('GET', parseTarget(url));
const query = (name: string, value: string) => new URLSearchParams({ [name]: value });

/** What reads a text of a request, and pieces of which a hostile text repeats one between a start and an end. */
const readers: Record<
  string,
  { read(text: string): unknown; start?: string; pieces: string[]; end?: string }
> = {
  Accept: {
    read: negotiation,
    pieces: ['a/b,', ' ', ';', 'a/b;q=0.1,', 'a/b;x="', '\\"', ',', '"'],
    end: 'a',
  },
  'Accept in quotes': { read: negotiation, start: 'a/b;x="', pieces: ['\\', '\\"', ';', ','] },
  'Content-Type': { read: bodyMediaType, pieces: [' ', ';', '/', 'a'] },
  path: { read: target, start: '/apis', pieces: ['/a', '/', '%41', '%', 'a', '.'] },
  query: { read: target, start: '/?', pieces: ['a&', 'a=b&', '%', '=', '+', 'watch&'] },
  labelSelector: {
    read: parseLabelSelector,
    pieces: [' ', 'a,', 'a', '!', '=', 'a in (', ')', 'a!=b,', '(', '>'],
    end: ',',
  },
  'labelSelector, in': { read: parseLabelSelector, start: 'a in (', pieces: ['b,', ',', '!', ' '], end: ')' },
  fieldSelector: {
    read: text => parseFieldSelector(text, fields),
    pieces: ['metadata.name=a,', ',', '=', '!', '\\', '\\,', 'a'],
  },
  ...Object.fromEntries(
    [
      'continue',
      'resourceVersion',
      'limit',
      'timeoutSeconds',
      'sendInitialEvents',
      'resourceVersionMatch',
    ].map(name => [
      name,
      { read: (text: string) => parseListOptions(query(name, text)), pieces: ['0', 'a', '-', '"', '\u0000'] },
    ]),
  ),
  ...Object.fromEntries(
    ['fieldManager', 'dryRun', 'fieldValidation', 'force'].map(name => [
      name,
      {
        read: (text: string) => parsePatchOptions(query(name, text), '', true),
        pieces: ['0', 'a', '-', '"'],
      },
    ]),
  ),
  propagationPolicy: {
    read: text => parseDeleteOptions(query('propagationPolicy', text)),
    pieces: ['0', 'a', '"'],
  },
};

async function stepsOf(read: (text: string) => unknown, text: string): Promise<number> {
  return counter.count(async () => {
    try {
      read(text);
    } catch {
      // A refusal costs steps too.
    }
  });
}

suite('what a request says in its line and headers is read in steps that grow with its length', () => {
  for (const [name, { read, start = '', pieces, end = '' }] of Object.entries(readers)) {
    for (const piece of pieces) {
      test(`${name}: ${JSON.stringify(piece)} again and again`, async () => {
        const text = (bytes: number) => start + piece.repeat(bytes / piece.length) + end;
        const short = await stepsOf(read, text(8 * 1024));
        const long = await stepsOf(read, text(32 * 1024));
        assert.ok(long <= 6 * short + 1_000, `${short} steps for 8 KB, ${long} for 32 KB`);
      });
    }
  }
});

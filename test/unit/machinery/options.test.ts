import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Json } from '../../../src/machinery/json.ts';
import {
  parseCreateOptions,
  parseDeleteOptions,
  parseGetOptions,
  parseIncludeObject,
  parseListOptions,
  parsePatchOptions,
  parseTimeoutMs,
  parseUpdateOptions,
} from '../../../src/machinery/options.ts';
import { StatusError } from '../../../src/machinery/status.ts';

const query = (text: string) => new URLSearchParams(text);

function refusal(act: () => unknown): StatusError['status'] {
  try {
    act();
  } catch (error) {
    assert.ok(error instanceof StatusError, `${error}`);
    return error.status;
  }
  return assert.fail('it was accepted');
}

const noListOptions = {
  labelSelector: '',
  fieldSelector: '',
  limit: 0,
  continue: '',
  resourceVersion: '',
  resourceVersionMatch: '',
  watch: false,
  allowWatchBookmarks: false,
};

describe('list options', () => {
  const accepted: [string, object][] = [
    ['', {}],
    ['unknown=1', {}],
    ['limit=500&continue=abc', { limit: 500, continue: 'abc' }],
    ['limit=-1', {}],
    [
      'labelSelector=a%3Db&fieldSelector=metadata.name%3Dx',
      { labelSelector: 'a=b', fieldSelector: 'metadata.name=x' },
    ],
    ['resourceVersion=5&resourceVersionMatch=Exact', { resourceVersion: '5', resourceVersionMatch: 'Exact' }],
    [
      'resourceVersion=0&resourceVersionMatch=NotOlderThan',
      { resourceVersion: '0', resourceVersionMatch: 'NotOlderThan' },
    ],
    ['resourceVersion=0&continue=abc', { resourceVersion: '0', continue: 'abc' }],
    [
      'watch=1&allowWatchBookmarks=true&timeoutSeconds=30',
      { watch: true, allowWatchBookmarks: true, timeoutSeconds: 30 },
    ],
    ['watch', { watch: true }],
    ['watch=FALSE', {}],
    ['watch=0', {}],
    ['watch=no', { watch: true }],
    [
      'watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan',
      { watch: true, sendInitialEvents: true, resourceVersionMatch: 'NotOlderThan' },
    ],
  ];
  for (const [text, expected] of accepted) {
    it(text, () => assert.deepEqual(parseListOptions(query(text)), { ...noListOptions, ...expected }));
  }

  const refused: [string, number, string][] = [
    ['limit=x', 400, 'strconv.ParseInt: parsing "x": invalid syntax'],
    ['limit=', 400, 'strconv.ParseInt: parsing "": invalid syntax'],
    ['timeoutSeconds=1.5', 400, 'strconv.ParseInt: parsing "1.5": invalid syntax'],
    [
      'limit=99999999999999999999',
      400,
      'strconv.ParseInt: parsing "99999999999999999999": value out of range',
    ],
    [
      'resourceVersionMatch=Exact',
      422,
      'resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden unless resourceVersion is provided',
    ],
    [
      'resourceVersionMatch=Exact&resourceVersion=0',
      422,
      'resourceVersionMatch: Forbidden: resourceVersionMatch "exact" is forbidden for resourceVersion "0"',
    ],
    [
      'resourceVersionMatch=NotOlderThan&resourceVersion=0&continue=a',
      422,
      'resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden when continue is provided',
    ],
    [
      'resourceVersionMatch=x&resourceVersion=1',
      422,
      'resourceVersionMatch: Unsupported value: "x": supported values: "Exact", "NotOlderThan", ""',
    ],
    ['sendInitialEvents=true', 422, 'sendInitialEvents: Forbidden: sendInitialEvents is forbidden for list'],
    [
      'watch=1&sendInitialEvents=true',
      422,
      'resourceVersionMatch: Forbidden: sendInitialEvents requires setting resourceVersionMatch to NotOlderThan',
    ],
    [
      'watch=1&continue=a',
      422,
      'resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden when continue is provided',
    ],
    [
      'watch=1&resourceVersionMatch=NotOlderThan',
      422,
      'resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided',
    ],
  ];
  for (const [text, code, message] of refused) {
    it(`refuses ${text}`, () => {
      const status = refusal(() => parseListOptions(query(text)));
      assert.equal(status.code, code);
      const prefix = code === 422 ? 'ListOptions.meta.k8s.io "" is invalid: ' : '';
      assert.equal(status.message, prefix + message);
      if (code === 422) {
        assert.deepEqual([status.details?.group, status.details?.kind], ['meta.k8s.io', 'ListOptions']);
      }
    });
  }
});

describe('options of writes', () => {
  const agent = 'kubectl/v1.36.3 (linux/amd64) kubernetes/abc';
  it('have defaults', () => {
    const expected = { dryRun: false, fieldManager: 'kubectl', fieldValidation: 'Warn' };
    assert.deepEqual(parseCreateOptions(query(''), agent), expected);
    assert.deepEqual(parseUpdateOptions(query(''), agent), expected);
    assert.deepEqual(parsePatchOptions(query(''), agent), expected);
  });

  it('are read', () => {
    assert.deepEqual(parseCreateOptions(query('dryRun=All&fieldManager=m&fieldValidation=Strict'), agent), {
      dryRun: true,
      fieldManager: 'm',
      fieldValidation: 'Strict',
    });
    assert.deepEqual(parsePatchOptions(query('fieldManager=m&force=true'), agent, true).force, true);
  });

  const agents: [string, string][] = [
    ['', ''],
    ['curl/8.1', 'curl'],
    ['a\u0007b c/1', 'ab c'],
    ['é'.repeat(100), 'é'.repeat(64)],
    ['Mozilla', 'Mozilla'],
  ];
  for (const [text, manager] of agents) {
    it(`take the field manager from ${JSON.stringify(text.slice(0, 20))}`, () => {
      assert.equal(parseCreateOptions(query(''), text).fieldManager, manager);
    });
  }

  const refused: [string, boolean, string][] = [
    ['dryRun=x', false, 'dryRun: Unsupported value: ["x"]: supported values: "All"'],
    ['dryRun=', false, 'dryRun: Unsupported value: [""]: supported values: "All"'],
    ['dryRun=All&dryRun=x', false, 'dryRun: Unsupported value: ["All","x"]: supported values: "All"'],
    [
      'fieldValidation=strict',
      false,
      'fieldValidation: Unsupported value: "strict": supported values: "", "Ignore", "Strict", "Warn"',
    ],
    [`fieldManager=${'x'.repeat(129)}`, false, 'fieldManager: Too long: may not be more than 128 bytes'],
    [
      'fieldManager=a%07',
      false,
      'fieldManager: Invalid value: "a\\a": invalid character U+0007 (at position 1)',
    ],
    ['force=true', false, 'force: Forbidden: may not be specified for non-apply patch'],
    ['', true, 'fieldManager: Required value: is required for apply patch'],
  ];
  for (const [text, isApply, message] of refused) {
    it(`refuse ${text.slice(0, 40)}${isApply ? ' (apply)' : ''}`, () => {
      const status = refusal(() => parsePatchOptions(query(text), agent, isApply));
      assert.equal(status.code, 422);
      assert.equal(status.message, `PatchOptions.meta.k8s.io "" is invalid: ${message}`);
      assert.equal(status.details?.kind, 'PatchOptions');
    });
  }
});

describe('delete options', () => {
  const accepted: [string, Json | undefined, object][] = [
    ['', undefined, { dryRun: false }],
    ['dryRun=All&gracePeriodSeconds=0', undefined, { dryRun: true, gracePeriodSeconds: 0 }],
    ['gracePeriodSeconds=-5', undefined, { dryRun: false, gracePeriodSeconds: 1 }],
    ['propagationPolicy=Foreground', undefined, { dryRun: false, propagationPolicy: 'Foreground' }],
    [
      'orphanDependents=true',
      undefined,
      { dryRun: false, propagationPolicy: 'Orphan', orphanDependents: true },
    ],
    [
      'orphanDependents=false',
      undefined,
      { dryRun: false, propagationPolicy: 'Background', orphanDependents: false },
    ],
    [
      'uid=u&resourceVersion=5',
      undefined,
      { dryRun: false, preconditions: { uid: 'u', resourceVersion: '5' } },
    ],
    ['dryRun=All', {}, { dryRun: false }],
    [
      '',
      {
        apiVersion: 'v1',
        kind: 'DeleteOptions',
        dryRun: ['All'],
        gracePeriodSeconds: null,
        preconditions: { uid: 'u' },
        propagationPolicy: 'Background',
        unknown: 1,
      },
      { dryRun: true, preconditions: { uid: 'u' }, propagationPolicy: 'Background' },
    ],
  ];
  for (const [text, body, expected] of accepted) {
    it(`${text} ${JSON.stringify(body) ?? ''}`, () => {
      assert.deepEqual(parseDeleteOptions(query(text), body), expected);
    });
  }

  const field = 'json: cannot unmarshal string into Go struct field DeleteOptions';
  const refused: [string, Json | undefined, number, string][] = [
    ['dryRun=x', undefined, 422, 'dryRun: Unsupported value: ["x"]: supported values: "All"'],
    [
      'propagationPolicy=x',
      undefined,
      422,
      'propagationPolicy: Unsupported value: "x": supported values: "Foreground", "Background", "Orphan", "nil"',
    ],
    [
      '',
      { orphanDependents: true, propagationPolicy: 'Orphan' },
      422,
      'propagationPolicy: Invalid value: "Orphan": orphanDependents and deletionPropagation cannot be both set',
    ],
    ['gracePeriodSeconds=x', undefined, 400, 'strconv.ParseInt: parsing "x": invalid syntax'],
    ['', [], 400, 'json: cannot unmarshal array into Go value of type v1.DeleteOptions'],
    ['', { gracePeriodSeconds: 'x' }, 400, `${field}.gracePeriodSeconds of type int64`],
    ['', { dryRun: 'All' }, 400, `${field}.dryRun of type []string`],
    ['', { preconditions: 'x' }, 400, `${field}.preconditions of type v1.Preconditions`],
    ['', { orphanDependents: 'x' }, 400, `${field}.orphanDependents of type bool`],
  ];
  for (const [text, body, code, message] of refused) {
    it(`refuse ${text} ${JSON.stringify(body) ?? ''}`, () => {
      const status = refusal(() => parseDeleteOptions(query(text), body));
      assert.equal(status.code, code);
      assert.equal(
        status.message,
        `${code === 422 ? 'DeleteOptions.meta.k8s.io "" is invalid: ' : ''}${message}`,
      );
    });
  }

  it('refuse another kind', () => {
    assert.equal(refusal(() => parseDeleteOptions(query(''), { kind: 'Pod', apiVersion: 'v1' })).code, 400);
  });
});

describe('other parameters', () => {
  it('get', () => {
    assert.deepEqual(parseGetOptions(query('resourceVersion=5')), { resourceVersion: '5' });
    assert.deepEqual(parseGetOptions(query('')), { resourceVersion: '' });
  });

  it('includeObject', () => {
    assert.equal(parseIncludeObject(query('')), 'Metadata');
    assert.equal(parseIncludeObject(query('includeObject=None')), 'None');
    const status = refusal(() => parseIncludeObject(query('includeObject=x')));
    assert.equal(status.code, 400);
    assert.equal(
      status.message,
      'Unable to convert to Table as requested: includeObject: Invalid value: "x": ' +
        "must be 'Metadata', 'Object', 'None', or empty",
    );
  });

  it('timeout', () => {
    assert.equal(parseTimeoutMs(query('')), undefined);
    assert.equal(parseTimeoutMs(query('timeout=32s')), 32_000);
    assert.equal(parseTimeoutMs(query('timeout=0s')), undefined);
    const status = refusal(() => parseTimeoutMs(query('timeout=5')));
    assert.equal(
      status.message,
      'invalid timeout specified in the request URL - time: missing unit in duration "5"',
    );
  });
});

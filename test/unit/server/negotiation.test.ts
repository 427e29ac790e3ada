import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { StatusError } from '../../../src/machinery/status.ts';
import {
  type AnswerShape,
  acceptsJson,
  bodyMediaType,
  type Negotiated,
  negotiate,
  negotiateError,
  patchTypeOf,
} from '../../../src/server/negotiation.ts';

function asked(accept: string | undefined, options: { query?: string; userAgent?: string } = {}) {
  return { accept, userAgent: options.userAgent, query: new URLSearchParams(options.query) };
}

function refusal(run: () => unknown): { code: number; reason: string | undefined; message: string } {
  try {
    run();
  } catch (error) {
    assert.ok(error instanceof StatusError);
    const { code, reason, message = '' } = error.status;
    return { code, reason, message };
  }
  return assert.fail('it was not refused');
}

const json: Negotiated = { mediaType: 'application/json', pretty: false };
const yaml: Negotiated = { mediaType: 'application/yaml', pretty: false };
const asTable = 'application/json;as=Table;g=meta.k8s.io;v=v1';
const asMetadata = 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1';
const asMetadataList = 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1';

suite('answers', () => {
  const cases: [accept: string | undefined, shape: AnswerShape, answer: Negotiated][] = [
    [undefined, 'object', json],
    ['', 'object', json],
    ['*/*', 'object', json],
    ['application/*', 'object', json],
    ['application/json', 'list', json],
    ['application/yaml', 'list', yaml],
    ['application/yaml;q=0.9, application/json;q=0.8', 'object', yaml],
    ['application/vnd.kubernetes.protobuf,application/json', 'object', json],
    ['application/json;stream=watch', 'watch', json],
    ['application/yaml, application/json', 'watch', json],
    ['application/json;sv=2, application/yaml', 'object', yaml],
    ['application/json;charset=utf-8', 'object', json],
    ['application/json;pretty=1', 'object', { ...json, pretty: true }],
    [asTable, 'object', { ...json, transform: { kind: 'Table', version: 'v1' } }],
    [asTable, 'plain', json],
    [
      `${asTable.replace('v1', 'v1beta1')}`,
      'list',
      { ...json, transform: { kind: 'Table', version: 'v1beta1' } },
    ],
    [`${asTable.replace('v=v1', 'v=v2')},application/json`, 'list', json],
    [
      `${asTable.replace('meta.k8s.io', 'other')},${asTable}`,
      'list',
      { ...json, transform: { kind: 'Table', version: 'v1' } },
    ],
    ['application/json;as=Other;g=meta.k8s.io;v=v1,application/json', 'list', json],
    ['application/json;as=Table,application/json', 'list', json],
    [
      `application/vnd.kubernetes.protobuf;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,${asMetadata},application/json`,
      'watch',
      { ...json, transform: { kind: 'PartialObjectMetadata', version: 'v1' } },
    ],
    [asMetadataList, 'list', { ...json, transform: { kind: 'PartialObjectMetadataList', version: 'v1' } }],
  ];
  for (const [accept, shape, answer] of cases) {
    test(`${shape}: ${accept}`, () => assert.deepEqual(negotiate(asked(accept), shape, 'Tier'), answer));
  }
});

suite('refused answers', () => {
  const known = 'only the following media types are accepted: application/json, application/yaml';
  const cases: [accept: string, shape: AnswerShape, message: string][] = [
    ['application/vnd.kubernetes.protobuf', 'object', known],
    ['application/cbor', 'list', known],
    ['text/html', 'plain', known],
    ['application/json;q=0', 'object', known],
    [`${asTable.replace('v=v1', 'v=v2')}`, 'list', known],
    ['application/json;stream=other', 'list', known],
    [
      'application/yaml',
      'watch',
      'only the following media types are accepted: application/json;stream=watch',
    ],
    [
      asMetadata,
      'list',
      'you requested PartialObjectMetadata, but the requested object is a list (TierList)',
    ],
    [
      asMetadataList,
      'object',
      'you requested PartialObjectMetadataList, but the requested object is not a list (Tier)',
    ],
    [
      asMetadataList,
      'watch',
      'you requested PartialObjectMetadataList, but the requested object is not a list (Tier)',
    ],
  ];
  for (const [accept, shape, message] of cases) {
    test(`${shape}: ${accept}`, () => {
      const refused = refusal(() => negotiate(asked(accept), shape, 'Tier'));
      assert.deepEqual(refused, { code: 406, reason: 'NotAcceptable', message });
    });
  }
});

suite('indentation', () => {
  const cases: [query: string, userAgent: string | undefined, pretty: boolean][] = [
    ['', undefined, false],
    ['', 'kubectl/v1.36', false],
    ['', 'curl/8.0', true],
    ['', 'Wget/1.2', true],
    ['', 'Mozilla/5.0 (X11)', true],
    ['', 'Mozilla/4.0', false],
    ['pretty=true', 'kubectl', true],
    ['pretty=1', 'kubectl', true],
    ['pretty=false', 'curl/8.0', false],
    ['pretty=0', 'curl/8.0', false],
    ['pretty=nonsense', 'curl/8.0', false],
    ['pretty=', 'curl/8.0', true],
  ];
  for (const [query, userAgent, pretty] of cases) {
    test(`${query} ${userAgent}`, () => {
      const input = asked('application/json', { query, ...(userAgent && { userAgent }) });
      assert.equal(negotiate(input, 'object').pretty, pretty);
    });
  }
});

test('an error is written as asked, and as JSON where that cannot be', () => {
  assert.equal(negotiateError(asked('application/yaml')).mediaType, 'application/yaml');
  assert.equal(negotiateError(asked('text/html')).mediaType, 'application/json');
  assert.equal(negotiateError(asked(asTable)).transform, undefined);
});

test('documents that are JSON only go to clients that take JSON', () => {
  for (const accept of [undefined, '', '*/*', 'application/*', 'text/html, application/json;q=0.1']) {
    assert.equal(acceptsJson(accept), true, String(accept));
  }
  for (const accept of [
    'application/com.github.proto-openapi.spec.v2.v1.0+protobuf',
    'application/json;q=0',
  ]) {
    assert.equal(acceptsJson(accept), false, accept);
  }
});

suite('bodies', () => {
  const objects = 'application/json, application/yaml';
  const patches =
    'application/json-patch+json, application/merge-patch+json, ' +
    'application/strategic-merge-patch+json, application/apply-patch+yaml';
  const text = 'the body of the request was in an unknown format - accepted media types include: ';

  test('an absent type is JSON, parameters do not count', () => {
    assert.equal(bodyMediaType(undefined), 'application/json');
    assert.equal(bodyMediaType('application/json; charset=utf-8'), 'application/json');
    assert.equal(bodyMediaType('application/YAML'), 'application/yaml');
    assert.equal(patchTypeOf('application/merge-patch+json;a=b'), 'application/merge-patch+json');
  });

  for (const type of ['application/vnd.kubernetes.protobuf', 'application/cbor', 'text/plain']) {
    test(`${type} is refused`, () => {
      assert.equal(refusal(() => bodyMediaType(type)).message, text + objects);
      assert.equal(refusal(() => bodyMediaType(type)).code, 415);
    });
  }

  const unread = ['application/apply-patch+cbor', 'application/apply-patch', '', undefined];
  for (const type of unread) {
    test(`the patch type ${type} is refused`, () => {
      const refused = refusal(() => patchTypeOf(type));
      assert.deepEqual(refused, { code: 415, reason: 'UnsupportedMediaType', message: text + patches });
    });
  }
});

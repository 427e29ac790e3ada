import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseAllDocuments } from 'yaml';
import { crds } from '../../../src/cli/crds.ts';
import { kinds } from '../../../src/kinds/index.ts';
import { customResourceDefinitions } from '../../../src/storage/kubernetes/definitions.ts';

test('the definitions are the same to whoever reads YAML 1.1, as kubectl does: there an unquoted Off is false', t => {
  let text = '';
  t.mock.method(process.stdout, 'write', (chunk: string) => {
    text += chunk;
    return true;
  });
  crds([]);
  t.mock.restoreAll();
  const documents = parseAllDocuments(text, { version: '1.1' });
  assert.deepEqual(
    documents.map(document => document.toJS()),
    JSON.parse(JSON.stringify(customResourceDefinitions(kinds))),
  );
});

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { cpSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { root, startServer, temporaryFolder } from './server.ts';

/** A kind of its own in one file, as somebody would write it. */
const toy = `
import { integer, object, oneOf, string } from '../schema/build.ts';
import type { Kind } from './kind.ts';

export const toy: Kind = {
  kind: 'Toy',
  plural: 'toys',
  singular: 'toy',
  shortNames: ['ty'],
  namespaced: true,
  tiered: false,
  statusSubresource: true,
  storageClass: 'resource',
  description: 'A thing to play with.',
  schema: object(
    {
      spec: object(
        {
          colour: oneOf(['red', 'blue'], 'The colour of the toy.', { default: 'red' }),
          wheels: integer('How many wheels it has.', { minimum: 0, maximum: 18 }),
          owner: string('Who plays with it.', { maxLength: 20 }),
        },
        'What the toy is like.',
        { required: ['wheels'] },
      ),
      status: object({ state: string('Whole or broken.') }, 'How the toy is.'),
    },
    'A thing to play with.',
    { required: ['spec'] },
  ),
  selectableFields: ['spec.colour'],
  columns: [
    {
      name: 'Wheels',
      type: 'integer',
      description: 'How many wheels it has.',
      value: object => (object.spec as { wheels?: number } | undefined)?.wheels,
    },
  ],
  examples: {
    valid: [{ apiVersion: 'projectcalico.org/v3', kind: 'Toy', metadata: { name: 'car', namespace: 'default' }, spec: { wheels: 4 } }],
    invalid: [],
  },
};
`;

test('a new kind is one file: served, explained, printed, watched and documented with no other edit', async t => {
  const folder = temporaryFolder(t);
  // The page of differences is made from a table among the tests.
  const parts = ['src', 'scripts', 'test', 'package.json', 'openapi', 'docs', 'tsconfig.json', 'biome.json'];
  for (const part of parts) {
    cpSync(join(root, part), join(folder, part), { recursive: true });
  }
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  writeFileSync(join(folder, 'src/kinds/toy.ts'), toy);
  execFileSync(process.execPath, ['scripts/gen.ts'], { cwd: folder, stdio: 'pipe' });

  const { client, process: server } = await startServer(t, {
    data: join(folder, 'data'),
    folder,
    sources: folder,
  });
  const toys = '/apis/projectcalico.org/v3/namespaces/default/toys';
  const get = async (path: string, accept?: string) =>
    (await client.request('GET', path, accept ? { accept } : {})).json<Record<string, unknown>>();

  // Discovery
  const discovery = await get('/apis/projectcalico.org/v3');
  const resources = (discovery.resources as { name: string; shortNames?: string[] }[]).filter(resource =>
    resource.name.startsWith('toys'),
  );
  assert.deepEqual(
    resources.map(resource => resource.name),
    ['toys', 'toys/status'],
  );
  assert.deepEqual(resources[0]!.shortNames, ['ty']);

  // Served, with defaults and rules, and watched.
  const watch = await client.stream(`${toys}?watch=true`);
  const body = (spec: object, name = 'car') =>
    JSON.stringify({ apiVersion: 'projectcalico.org/v3', kind: 'Toy', metadata: { name }, spec });
  const created = await client.request('POST', toys, { body: body({ wheels: 4 }) });
  assert.equal(created.status, 201, created.text);
  assert.deepEqual(created.json().spec, { colour: 'red', wheels: 4 });
  for await (const line of watch.lines) {
    const event = JSON.parse(line);
    assert.equal(`${event.type} ${event.object.kind} ${event.object.metadata.name}`, 'ADDED Toy car');
    break;
  }
  watch.close();
  const refused = await client.request('POST', toys, { body: body({ wheels: 20, colour: 'green' }, 'bad') });
  assert.equal(refused.status, 422);
  assert.deepEqual(
    refused
      .json<{ details: { causes: { field: string }[] } }>()
      .details.causes.map(cause => cause.field)
      .sort(),
    ['spec.colour', 'spec.wheels'],
  );
  const selected = await get(`${toys}?fieldSelector=spec.colour%3Dred`);
  assert.equal((selected.items as unknown[]).length, 1);

  // Printed
  const table = await get(toys, 'application/json;as=Table;g=meta.k8s.io;v=v1');
  const columns = (table.columnDefinitions as { name: string }[]).map(column => column.name);
  assert.deepEqual(columns, ['Name', 'Wheels']);
  assert.deepEqual((table.rows as { cells: unknown[] }[])[0]!.cells, ['car', 4]);

  // Explained, in what is served and in what is generated.
  const explained = await get('/openapi/v3/apis/projectcalico.org/v3');
  const schemas = (explained.components as { schemas: Record<string, { description: string }> }).schemas;
  const definition = 'com.github.projectcalico.api.pkg.apis.projectcalico.v3.Toy';
  assert.equal(schemas[definition]?.description, 'A thing to play with.');
  assert.match(JSON.stringify(schemas[`${definition}Spec`]), /How many wheels it has\./);
  for (const file of ['openapi/v2.json', 'openapi/v3.json']) {
    assert.match(readFileSync(join(folder, file), 'utf8'), /How many wheels it has\./, file);
  }
  assert.match(readFileSync(join(folder, 'docs/reference/kinds/toy.md'), 'utf8'), /How many wheels it has\./);
  await server.stop();
});

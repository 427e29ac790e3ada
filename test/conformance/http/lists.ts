import assert from 'node:assert/strict';
import { parse } from 'yaml';
import type { HttpGroup } from '../http.ts';
import type { TestResource } from './resources.ts';
import { base } from './setting.ts';
import { until } from './until.ts';

interface ListBody {
  kind: string;
  apiVersion: string;
  metadata: Record<string, unknown>;
  items: { metadata: { name: string } }[];
}

function fill(widgets: TestResource, count: number, note: string): void {
  widgets.fill(count, at => ({
    apiVersion: 'projectcalico.org/v3',
    kind: 'Widget',
    metadata: { name: `w${at}`, labels: { odd: String(at % 2) }, finalizers: [] },
    spec: { note },
  }));
}

const path = `${base}/widgets`;
const asked = (as: string, version = 'v1') => ({
  accept: `application/json;as=${as};g=meta.k8s.io;v=${version}`,
});

/** Collections: lists of any size and form, and deletecollection. */
export const lists: HttpGroup = suite => {
  suite.test('an empty list', async ({ request }) => {
    assert.deepEqual((await request({ path })).json(), {
      kind: 'WidgetList',
      apiVersion: 'projectcalico.org/v3',
      metadata: { resourceVersion: '1' },
      items: [],
    });
    const yaml = await request({ path, headers: { accept: 'application/yaml' } });
    assert.deepEqual(parse(yaml.text), (await request({ path })).json());
  });

  suite.test('pages', async ({ request, widgets }) => {
    fill(widgets, 5, 'n');
    const first = (await request({ path: `${path}?limit=3` })).json() as unknown as ListBody;
    assert.deepEqual(first.metadata, { resourceVersion: '1', continue: '3', remainingItemCount: 2 });
    const next = (await request({ path: `${path}?limit=3&continue=3` })).json() as unknown as ListBody;
    assert.deepEqual(
      [...first.items, ...next.items].map(item => item.metadata.name),
      ['w0', 'w1', 'w2', 'w3', 'w4'],
    );
  });

  suite.test('a list of many slices is whole, in every form', async ({ request, widgets }) => {
    // A note that YAML has to take care of, large enough for a dozen slices.
    fill(widgets, 1500, `${'a: "b"\n\n  - c\n'.repeat(100)}ä`);
    const plain = (await request({ path })).json() as unknown as ListBody;
    assert.equal(plain.items.length, 1500);
    assert.deepEqual(plain.items, [...widgets.objects.values()]);
    const indented = await request({ path: `${path}?pretty=1` });
    assert.equal(indented.text, `${JSON.stringify(plain, undefined, 2)}\n`);
    const partial = (
      await request({ path, headers: asked('PartialObjectMetadataList') })
    ).json() as unknown as ListBody;
    assert.equal(partial.apiVersion, 'meta.k8s.io/v1');
    assert.deepEqual(
      partial.items,
      plain.items.map(({ metadata }) => ({
        kind: 'PartialObjectMetadata',
        apiVersion: 'meta.k8s.io/v1',
        metadata,
      })),
    );
    widgets.objects.clear();
    fill(widgets, 300, `${'a: "b"\n\n  - c\n'.repeat(100)}\n\n`);
    const yaml = await request({ path, headers: { accept: 'application/yaml' } });
    assert.deepEqual(parse(yaml.text), (await request({ path })).json());
  });

  suite.test('as a Table', async ({ request, widgets }) => {
    fill(widgets, 2, 'n');
    const columnDefinitions = [
      {
        name: 'Name',
        type: 'string',
        format: 'name',
        description:
          'Name must be unique within a namespace, or within the cluster for kinds that have no namespaces.',
        priority: 0,
      },
      { name: 'Note', type: 'string', format: '', description: 'The note.', priority: 0 },
    ];
    const objects = [...widgets.objects.values()];
    const forms: [query: string, version: string, row: (object: (typeof objects)[0]) => unknown][] = [
      [
        '',
        'v1',
        ({ metadata }) => ({ kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata }),
      ],
      [
        '',
        'v1beta1',
        ({ metadata }) => ({ kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1beta1', metadata }),
      ],
      ['?includeObject=Object', 'v1', object => object],
      ['?includeObject=None', 'v1', () => null],
    ];
    for (const [query, version, row] of forms) {
      const body = (await request({ path: path + query, headers: asked('Table', version) })).json();
      assert.deepEqual(body, {
        kind: 'Table',
        apiVersion: `meta.k8s.io/${version}`,
        metadata: { resourceVersion: '1' },
        columnDefinitions,
        rows: objects.map(object => ({ cells: [object.metadata.name, 'n'], object: row(object) })),
      });
    }
    const wrong = await request({ path: `${path}?includeObject=All`, headers: asked('Table') });
    assert.equal(wrong.code, 400);
  });

  suite.test(
    'a bug in the middle of a list breaks it off, and is in the log',
    async ({ request, widgets, log }) => {
      fill(widgets, 4000, 'n'.repeat(100));
      const unreadable = {
        apiVersion: 'projectcalico.org/v3',
        kind: 'Widget',
        metadata: { name: 'unreadable' },
      };
      widgets.fill(1, () => unreadable);
      await assert.rejects(request({ path, headers: asked('Table') }));
      await until(() => log.some(({ level }) => level === 'error'));
      assert.equal((await request({ path: '/healthz' })).code, 200);
    },
  );

  suite.test('deletecollection answers with what was deleted', async ({ request, widgets }) => {
    fill(widgets, 4, 'n');
    const answer = await request({ method: 'DELETE', path: `${path}?labelSelector=odd%3D1` });
    assert.equal(answer.code, 200);
    const body = answer.json() as unknown as ListBody;
    assert.equal(body.kind, 'WidgetList');
    assert.deepEqual(
      body.items.map(item => item.metadata.name),
      ['w1', 'w3'],
    );
    assert.deepEqual([...widgets.objects.keys()], ['/w0', '/w2']);
  });

  suite.test('a client that goes in the middle of a list does no harm', async setting => {
    fill(setting.widgets, 3000, 'n'.repeat(10_000));
    const going = setting.connect();
    const reply = await setting.stream({ path });
    reply.cancel();
    const other = await going.stream({ path, headers: { authorization: 'Bearer admin' } });
    other.pause();
    going.close();
    assert.equal((await setting.request({ path: `${path}?limit=1` })).code, 200);
  });
};

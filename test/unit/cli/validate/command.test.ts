import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { stringify } from 'yaml';
import { OptionError } from '../../../../src/config/parse.ts';
import { kinds } from '../../../../src/kinds/index.ts';
import { limits } from '../../../../src/limits.ts';
import { encode } from '../../../../src/machinery/encode.ts';
import type { Json } from '../../../../src/machinery/json.ts';
import { anyJson } from '../../machinery/arbitrary.ts';
import { folderOf, networkSet, run } from './run.ts';

const root = resolve(import.meta.dirname, '../../../..');
const header = 'apiVersion: projectcalico.org/v3\n';
const unmet = 'nets: [192.0.2.0/24]';

/** The lines of the text form for one text on standard input, without the name of the file. */
async function problems(text: string | Uint8Array): Promise<string[]> {
  const { stdout } = await run(['-'], { stdin: text });
  return stdout
    .split('\n')
    .slice(0, -1)
    .map(line => line.replace(/^<stdin>:/, ''));
}

suite('places and messages', () => {
  const table: [string, string | Uint8Array, string[]][] = [
    ['nothing wrong', networkSet('a'), []],
    [
      'an unknown field',
      networkSet('a', 'net: [x]'),
      ['7:3: error: spec.net: unknown field; did you mean "nets"?'],
    ],
    [
      'an unknown field of metadata',
      networkSet('a').replace('name: a', 'name: a\n  lables: {}'),
      ['5:3: error: metadata.lables: unknown field; did you mean "labels"?'],
    ],
    [
      'several documents, CRLF',
      `${networkSet('a')}---\n# x\n${networkSet('b').replace(unmet, 'nets: 1')}`.replaceAll('\n', '\r\n'),
      [
        '14:3: error: spec.nets: Invalid value: "integer": spec.nets in body must be of type array: "integer"',
      ],
    ],
    [
      'broken YAML does not hide the problems of others',
      `${networkSet('a', 'x: 1')}---\na: [\n---\n${networkSet('b', 'w: 1')}---\n\t- a\n`,
      [
        '7:3: error: spec.x: unknown field',
        '10:1: error: Flow sequence in block collection must be sufficiently indented and end with a ]',
        '17:3: error: spec.w: unknown field',
        '19:1: error: Tabs are not allowed as indentation',
      ],
    ],
    [
      'bytes that are no UTF-8',
      Buffer.from(`${networkSet('a')}---\na: \xff\n---\n${networkSet('b', 'w: 1')}`, 'latin1'),
      ['8:4: error: the body is not valid UTF-8', '16:3: error: spec.w: unknown field'],
    ],
    [
      'a List',
      stringify({
        apiVersion: 'v1',
        kind: 'List',
        items: [
          { apiVersion: 'v1', kind: 'Pod', spec: { x: 1 } },
          {
            apiVersion: 'projectcalico.org/v3',
            kind: 'NetworkSet',
            metadata: { name: 'a' },
            spec: { net: [] },
          },
        ],
      }),
      ['13:7: error: spec.net: unknown field; did you mean "nets"?'],
    ],
    [
      'a list of one kind in JSON',
      '{"apiVersion": "projectcalico.org/v3", "kind": "NetworkSetList", "items": [\n' +
        '  {"metadata": {"name": "a"}, "spec": {"x": 1}},\n  {"metadata": {"name": "B"}, "spec": {}}]}',
      [
        '2:40: error: spec.x: unknown field',
        "3:17: error: metadata.name: Invalid value: \"B\": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')",
      ],
    ],
    [
      'a field that is missing is told at what it is missing from',
      `${header}kind: NetworkSet\nmetadata:\n  labels: {a: b}\nspec: {}\n`,
      ['3:1: error: metadata.name: Required value: name or generateName is required'],
    ],
    [
      'a label is told where its key stands',
      networkSet('a').replace('name: a', 'name: a\n  labels:\n    ok: x\n    "not ok": x'),
      [
        "7:5: error: metadata.labels: Invalid value: \"not ok\": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')",
      ],
    ],
    [
      'fields that are there twice',
      `${networkSet('a', 'nets: []')}---\n${networkSet('b').replace('name: b', 'name: b\n  name: c')}`,
      ['7:3: error: key "nets" already set in map', '13:3: error: key "name" already set in map'],
    ],
    [
      'fields that are there twice in JSON',
      '{"apiVersion": "projectcalico.org/v3", "kind": "NetworkSet",\n "metadata": {"name": "a", "name": "a"}, "spec": {}}',
      ['2:28: error: key "name" already set in map'],
    ],
    [
      'fields that are there twice, of the items of a List',
      'kind: List\nitems:\n- {apiVersion: v1, apiVersion: v1}\n- {kind: Tier, metadata: {}, metadata: {}}\n- {a: 1, a: 2}\n',
      [
        '4:3: error: apiVersion is missing: Tier has projectcalico.org/v3',
        '4:30: error: key "metadata" already set in map',
      ],
    ],
    [
      'of other groups nothing is said',
      'apiVersion: v1\nkind: ConfigMap\ndata: {a: 1, a: 2}\n---\nimage: x\nimage: y\n---\n- 1\n',
      [],
    ],
    [
      'the same object twice',
      `${networkSet('a')}---\n${networkSet('a').replace('name: a', 'name: a\n  namespace: default')}---\n` +
        `${networkSet('a').replace('name: a', 'name: a\n  namespace: other')}---\n` +
        `${networkSet('').replace('name: ', 'generateName: x')}---\n${networkSet('').replace('name: ', 'generateName: x')}`,
      ['11:3: warning: the same object is in <stdin>:1 already; only the one that is applied last counts'],
    ],
    [
      'cluster-scoped kinds have no namespace',
      [1, 2]
        .map(number => `${header}kind: Tier\nmetadata: {name: t, namespace: n${number}}\nspec: {}\n`)
        .join('---\n'),
      ['8:12: warning: the same object is in <stdin>:1 already; only the one that is applied last counts'],
    ],
  ];
  for (const [name, text, expected] of table) {
    test(name, async () => assert.deepEqual(await problems(text), expected));
  }

  test('an object that is too large to be stored', async () => {
    const text = networkSet('a').replace('name: a', `name: a\n  managedBy: ${'x'.repeat(10)}`);
    assert.equal((await problems(text)).length, 1);
    const description = 'x'.repeat(limits.maxObjectBytes);
    const [line = ''] = await problems(networkSet('a').replace(unmet, `nets: ["${description}"]`));
    assert.match(line, /^6:/);
    const all = await problems(networkSet('a').replace(unmet, `nets: ["${description}"]`));
    assert.match(all.at(-1) ?? '', /^1:1: error: the object has \d+ bytes; at most 1500000 can be stored$/);
  });
});

suite('the command', () => {
  const valid = networkSet('a');
  const wrong = networkSet('b', 'x: 1');
  const twice = `${valid}---\n${valid}`;
  const cases: [string, string[], Record<string, string>, number, RegExp][] = [
    ['a valid file', ['a.yaml'], { 'a.yaml': valid }, 0, /^1 object in 1 file: no problems\n$/],
    ['a wrong file', ['a.yaml'], { 'a.yaml': wrong }, 1, /^1 object in 1 file: 1 error\n$/],
    ['warnings', ['a.yaml'], { 'a.yaml': twice }, 0, /^2 objects in 1 file: 1 warning\n$/],
    ['warnings with --strict', ['--strict', 'a.yaml'], { 'a.yaml': twice }, 1, /: 1 warning\n$/],
    [
      'a folder',
      ['.'],
      { 'a.yaml': valid, 'x/b.yml': wrong, 'c.txt': '[' },
      1,
      /^2 objects in 2 files: 1 error\n$/,
    ],
    ['a folder without a manifest', ['.'], { 'c.txt': '[' }, 0, /^0 objects in 0 files: no problems\n$/],
    [
      'a missing file, and what else is wrong',
      ['none.yaml', 'a.yaml'],
      { 'a.yaml': wrong },
      2,
      /none\.yaml: there is no such file or folder\n1 object in 1 file: 1 error; 1 path could not be read\n$/,
    ],
    [
      'other groups',
      ['a.yaml'],
      { 'a.yaml': 'apiVersion: v1\nkind: Pod\n---\nx: 1\n' },
      0,
      /^0 objects in 1 file: no problems; 1 object of other API groups and 1 document without an object passed over\n$/,
    ],
    [
      'the same object in two files',
      ['--strict', '.'],
      { 'a.yaml': valid, 'b.yaml': valid },
      1,
      /1 warning\n$/,
    ],
  ];
  for (const [name, args, files, code, summary] of cases) {
    test(name, async t => {
      const folder = folderOf(t, files);
      const paths = args.map(argument => (argument.startsWith('-') ? argument : join(folder, argument)));
      for (const form of ['text', 'json', 'junit', 'sarif']) {
        const ran = await run([...paths, '-o', form]);
        assert.equal(ran.code, code, ran.stderr);
        assert.match(ran.stderr, summary);
        if (form === 'json' || form === 'sarif') assert.doesNotThrow(() => JSON.parse(ran.stdout));
        if (form === 'junit') assert.match(ran.stdout, /^<\?xml .*<\/testsuites>\n$/s);
        if (form === 'text') assert.equal(ran.stdout === '', /no problems|0 objects/.test(ran.stderr));
      }
    });
  }

  test('JSON has the messages of a reader of JSON', async t => {
    const folder = folderOf(t, {
      'a.json': '{"a": 1,}',
      'b.json':
        '{"apiVersion": "projectcalico.org/v3", "kind": "NetworkSet",\n "metadata": {"name": "a", "name": "b"}, "spec": {}}\n',
    });
    const { stdout } = await run([folder]);
    assert.deepEqual(stdout.replaceAll(`${folder}/`, '').split('\n'), [
      "a.json:1:9: error: invalid character '}' looking for beginning of object key string",
      'b.json:2:28: error: metadata.name: duplicate field',
      '',
    ]);
  });

  const wrongUse: [string[], RegExp][] = [
    [[], /^validate needs a file, a folder or - for standard input/],
    [['-o', 'xml', 'a'], /^--output must be text, json, junit, sarif, not "xml"$/],
    [['--strct', 'a'], /^Unknown option '--strct'; see tortie validate --help$/],
    [['a', '-o'], /argument missing; see/],
    [['--strict=1', 'a'], /does not take an argument; see/],
  ];
  for (const [args, message] of wrongUse) {
    test(`tortie validate ${args.join(' ')}`, async () => {
      await assert.rejects(run(args), { constructor: OptionError, message });
    });
  }

  test('--help', async () => {
    const { code, stdout, stderr } = await run(['--help']);
    assert.deepEqual([code, stderr], [0, '']);
    assert.match(stdout, /^Usage: tortie validate FILE\.\.\..*--strict/s);
  });

  test('colour on a terminal only', async () => {
    const painted = async (options: Parameters<typeof run>[1]) =>
      (await run(['-'], { stdin: wrong, ...options })).stdout.includes('\x1b');
    assert.equal(await painted({}), false);
    assert.equal(await painted({ terminal: { stdout: true } }), true);
    assert.equal(await painted({ terminal: { stdout: true }, environment: { NO_COLOR: '1' } }), false);
  });

  test('the examples have no errors', async () => {
    const folder = join(root, 'examples');
    const { code, stderr } = await run([folder]);
    assert.equal(code, 0);
    assert.ok(Number(/^(\d+) objects/.exec(stderr)?.[1]) >= readdirSync(folder).length);
  });

  test('thousands of documents and a list of thousands', async () => {
    const count = 3_000;
    const documents = Array.from({ length: count }, (_, index) => networkSet(`a${index}`));
    documents[count - 1] = networkSet('last', 'x: 1');
    const lines = (await run(['-'], { stdin: documents.join('---\n') })).stdout;
    assert.equal(lines, `<stdin>:${count * 7}:3: error: spec.x: unknown field\n`);
    const items = documents.map((_, index) => ({
      apiVersion: 'projectcalico.org/v3',
      kind: 'NetworkSet',
      metadata: { name: `a${index}` },
      spec: { [`x${index}`]: 1 },
    }));
    const list = JSON.stringify({ apiVersion: 'v1', kind: 'List', items }, null, 1);
    const { stdout, code } = await run(['-', '-o', 'json'], { stdin: list });
    assert.equal(code, 1);
    assert.equal(JSON.parse(stdout).problems.length, count);
  });
});

suite('any document', () => {
  const kind = fc.constantFrom(...kinds.map(each => each.kind), 'List', 'TierList', 'x');
  const version = fc.constantFrom('projectcalico.org/v3', 'v1', 'crd.projectcalico.org/v1');
  const object = fc
    .record({
      apiVersion: version,
      kind,
      metadata: anyJson(),
      spec: anyJson(),
      items: anyJson(),
      status: anyJson(),
    })
    .map(value => value as Json);

  /** A valid object of which one value, anywhere, has been replaced. */
  const mutated = fc
    .tuple(fc.constantFrom(...kinds.flatMap(each => each.examples.valid)), fc.nat(), anyJson())
    .map(([example, choice, value]) => {
      const copy = structuredClone(example) as unknown as Json;
      const places: (() => void)[] = [];
      const walk = (node: Json) => {
        if (node === null || typeof node !== 'object') return;
        for (const [key, child] of Object.entries(node)) {
          places.push(() => {
            (node as Record<string, Json>)[key] = value;
          });
          walk(child);
        }
      };
      walk(copy);
      places[choice % places.length]?.();
      return copy;
    });

  test('property: is checked or refused, never more', async () => {
    const text = fc.oneof(
      object.map(value => encode(value)),
      mutated.map(value => encode(value)),
      fc.string({ unit: 'binary' }),
      fc
        .array(
          fc.constantFrom('a: ', '- ', '\n', '---\n', '{', '}', '"', '[', '*a', '&a ', '\t', '...\n', '%'),
          {
            maxLength: 20,
          },
        )
        .map(pieces => pieces.join('')),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(text, { maxLength: 3 }), async texts => {
        const ran = await run(['-', '-o', 'json'], { stdin: texts.join('\n---\n') });
        assert.ok(ran.code === 0 || ran.code === 1);
        const { problems } = JSON.parse(ran.stdout);
        for (const { line, column, check, message } of problems) {
          assert.ok(line >= 1 && column >= 1);
          assert.notEqual(check, 'internal-error', message);
        }
      }),
      { numRuns: 500 },
    );
  });

  test('property: any bytes', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 60 }), async bytes => {
        assert.ok((await run(['-'], { stdin: bytes })).code < 2);
      }),
      { numRuns: 500 },
    );
  });

  test('property: the place of an unknown field is where it was put', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat({ max: 5 }), fc.nat({ max: 3 }), fc.boolean(), async (before, blank, crlf) => {
        const documents = Array.from({ length: before }, (_, index) => networkSet(`a${index}`));
        const text = [...documents, `${'\n'.repeat(blank)}${networkSet('z', 'zz: 1')}`].join('---\n');
        const line = text.split('\n').indexOf('  zz: 1') + 1;
        const sent = crlf ? text.replaceAll('\n', '\r\n') : text;
        assert.deepEqual(await problems(sent), [`${line}:3: error: spec.zz: unknown field`]);
      }),
      { numRuns: 50 },
    );
  });
});

suite('what the command loads', () => {
  /** The modules that a module of ours loads, itself included, and the packages. */
  function loaded(path: string, known = new Set<string>()): Set<string> {
    if (known.has(path)) return known;
    known.add(path);
    const statements = readFileSync(path, 'utf8').matchAll(
      /^(?:import|export) (?!type\b)(?:[^;]*? from )?'([^']+)';|\bimport\('([^']+)'\)/gm,
    );
    for (const [, fixed, late] of statements) {
      const name = fixed ?? late ?? '';
      if (name.startsWith('.')) loaded(resolve(path, '..', name), known);
      else known.add(name);
    }
    return known;
  }

  test('neither the server nor a store nor the client of a cluster', () => {
    const modules = [...loaded(join(root, 'src/cli/validate.ts'))].map(path =>
      path.replace(`${root}/src/`, ''),
    );
    assert.ok(modules.includes('kinds/tier.ts') && modules.includes('registry/examine.ts'), 'the walk works');
    for (const module of modules)
      assert.doesNotMatch(module, /^(?:server|storage|watch|access|kube|observability)\//);
    const packages = modules.filter(module => !module.endsWith('.ts') && !module.startsWith('node:'));
    assert.deepEqual(packages.sort(), ['@marcbachmann/cel-js', 'yaml']);
  });

  test('and the command line loads it only when it is asked for', () => {
    const text = readFileSync(join(root, 'src/cli/run.ts'), 'utf8');
    assert.match(text, /await import\('\.\/validate\.ts'\)/);
    assert.doesNotMatch(text, /from '\.\/validate/);
  });
});

import { parse, stringify } from 'yaml';
import type { Kind } from '../../src/kinds/kind.ts';
import { encode } from '../../src/machinery/encode.ts';
import type { Json } from '../../src/machinery/json.ts';
import type { Schema } from '../../src/schema/schema.ts';
import { code, type GeneratedFile, table } from './generated-file.ts';

export const kindPageFolder = 'docs/reference/kinds';

/** docs/reference/kinds/<kind>.md for every kind, and a page that lists them. */
export function kindPages(kinds: Kind[]): GeneratedFile[] {
  const pages = kinds.map(kind => ({ path: `${kindPageFolder}/${pageName(kind)}`, content: kindPage(kind) }));
  return [{ path: `${kindPageFolder}/README.md`, content: listPage(kinds) }, ...pages];
}

function pageName({ kind }: Kind): string {
  return `${kind.toLowerCase()}.md`;
}

function listPage(kinds: Kind[]): string {
  const rows = kinds.map(kind => [
    `[${kind.kind}](${pageName(kind)})`,
    code(kind.plural),
    kind.shortNames.map(code).join(', '),
    kind.namespaced ? 'namespaced' : 'cluster',
    kind.description,
  ]);
  return [
    '# Kinds',
    '',
    'All of `projectcalico.org/v3`. Generated from `src/kinds/` by `npm run gen`.',
    '',
    table(['kind', 'resource', 'short names', 'scope', 'what it is for'], rows),
    '',
  ].join('\n');
}

function kindPage(kind: Kind): string {
  const sections = [
    `# ${kind.kind}`,
    kind.description,
    `Generated from \`src/kinds/\` by \`npm run gen\`.`,
    table(['', ''], facts(kind)),
    '## Example',
    `\`\`\`yaml\n${yaml(kind.examples.valid[0])}\`\`\``,
    '## Fields',
    'A `*` marks a field that must be there where the object around it is.',
    table(['field', 'type', 'what it is'], fieldRows(kind.schema)),
    ...ruleSection(kind),
    '## Columns',
    'What `kubectl get` shows; those marked wide only with `-o wide`.',
    table(['column', 'what it shows'], columnRows(kind)),
    ...refusedSection(kind),
  ];
  return `${sections.join('\n\n')}\n`;
}

function facts(kind: Kind): string[][] {
  return [
    ['resource', code(`${kind.plural}.projectcalico.org`)],
    ['singular', code(kind.singular)],
    ...(kind.shortNames.length > 0 ? [['short names', kind.shortNames.map(code).join(', ')]] : []),
    ...(kind.categories?.length ? [['categories', kind.categories.map(code).join(', ')]] : []),
    ['scope', kind.namespaced ? 'namespaced' : 'cluster'],
    ['subresources', kind.statusSubresource ? code('status') : 'none'],
    [
      'field selectors',
      ['metadata.name', ...(kind.namespaced ? ['metadata.namespace'] : []), ...kind.selectableFields]
        .map(code)
        .join(', '),
    ],
    ...(kind.tiered ? [['tier', `in the tier that ${code('spec.tier')} names`]] : []),
    ...(kind.initial
      ? [
          [
            'there from the start',
            kind
              .initial()
              .map(object => code(object.metadata.name ?? ''))
              .join(', '),
          ],
        ]
      : []),
  ];
}

function columnRows(kind: Kind): string[][] {
  const columns = kind.columns.map(({ name, description, priority }) => [
    priority ? `${name} (wide)` : name,
    description,
  ]);
  return [['Name', 'Name of the object.'], ...columns];
}

/** A row for each field below the schema; items of lists add `[]` to the path, values of maps `.*`. */
function fieldRows(schema: Schema, path = ''): string[][] {
  const rows: string[][] = [];
  for (const [name, field] of Object.entries(schema.properties ?? {})) {
    const at = path === '' ? name : `${path}.${name}`;
    const mark = schema.required?.includes(name) ? ' *' : '';
    rows.push([code(at) + mark, typeText(field), describe(field)], ...rowsBelow(field, at));
  }
  return rows;
}

function rowsBelow(field: Schema, at: string): string[][] {
  if (field.items) return innerRows(field.items, `${at}[]`);
  if (field.additionalProperties) return innerRows(field.additionalProperties, `${at}.*`);
  return fieldRows(field, at);
}

/** Items and values have a row of their own only where there is something to say of them. */
function innerRows(schema: Schema, at: string): string[][] {
  const text = describe(schema);
  const below = rowsBelow(schema, at);
  return text === '' ? below : [[code(at), typeText(schema), text], ...below];
}

function typeText(schema: Schema): string {
  if (schema['x-kubernetes-int-or-string']) return 'integer or string';
  if (schema.items) {
    const listType = schema['x-kubernetes-list-type'];
    const kept = listType === 'set' ? 'set of ' : 'list of ';
    return `${kept}${typeText(schema.items)}`;
  }
  if (schema.additionalProperties) return `map of ${typeText(schema.additionalProperties)}`;
  if (schema.type === 'object' && !schema.properties) return 'object of any form';
  const format = schema.format ? ` (${schema.format})` : '';
  return `${schema.type ?? 'any'}${format}`;
}

/** The description with all that bounds the value. */
function describe(schema: Schema): string {
  const keys = schema['x-kubernetes-list-map-keys'];
  const parts = [
    schema.description,
    schema.enum && `One of ${schema.enum.map(value => code(literal(value))).join(', ')}.`,
    schema.default !== undefined && `Default ${code(literal(schema.default))}.`,
    bounds('Value', schema.minimum, schema.maximum),
    bounds('Characters', schema.minLength, schema.maxLength),
    bounds('Items', schema.minItems, schema.maxItems),
    bounds('Fields', schema.minProperties, schema.maxProperties),
    schema.pattern && schema.pattern !== '^.*' && `Matches ${code(schema.pattern)}.`,
    keys && `No two items have the same ${keys.map(code).join(' and ')}.`,
    schema.nullable && 'May be null.',
  ];
  return parts.filter(Boolean).join(' ');
}

function bounds(what: string, least: number | undefined, most: number | undefined): string | undefined {
  if (least === undefined && most === undefined) return undefined;
  if (least === undefined) return `${what}: at most ${most}.`;
  if (most === undefined) return `${what}: at least ${least}.`;
  return `${what}: ${least} to ${most}.`;
}

function literal(value: Json): string {
  return typeof value === 'string' && value !== '' ? value : encode(value);
}

/** Every rule by the path of the values that it is about: those of Calico, in CEL (published too), and across objects. */
function ruleSection({ schema, acrossObjects = [] }: Kind): string[] {
  const own = placedBelow(schema, '', node => node.rules ?? []).map(([at, rule]) => [
    at,
    rule.says,
    sourceText(rule.source),
  ]);
  const cel = placedBelow(schema, '', node => node['x-kubernetes-validations'] ?? []).map(([at, rule]) => [
    at,
    rule.message ?? '',
    code(rule.rule),
  ]);
  const across = acrossObjects.map(({ at, says, source }) => [
    at === '' ? 'the object' : code(at),
    says,
    sourceText(source),
  ]);
  if (own.length + cel.length + across.length === 0) return [];
  return [
    '## Rules',
    ...(own.length > 0
      ? ['What must hold beyond types and bounds.', table(['of', 'rule', 'source'], own)]
      : []),
    ...(cel.length > 0
      ? ['What must hold among the fields, in CEL.', table(['of', 'rule', 'CEL'], cel)]
      : []),
    ...(across.length > 0
      ? ['What must hold between objects when a write commits.', table(['of', 'rule', 'source'], across)]
      : []),
  ];
}

/** Whose rule it is, without the files in which Calico's are collected. */
function sourceText(source: string): string {
  const parts = source
    .split('; ')
    .map(part => part.replace(/^(kinds|selectors)\.md [0-9][0-9b]*(\.[0-9b]+)?( and [0-9]+)?, /, 'Calico: '));
  return parts.map((part, index) => (index > 0 ? part.replace(/^Calico: /, '') : part)).join('; ');
}

function placedBelow<T>(schema: Schema, path: string, found: (node: Schema) => readonly T[]): [string, T][] {
  const at = path === '' ? 'the object' : code(path);
  const own = found(schema).map((rule): [string, T] => [at, rule]);
  const below = Object.entries(schema.properties ?? {}).flatMap(([name, field]) =>
    placedBelow(field, path === '' ? name : `${path}.${name}`, found),
  );
  if (schema.items) below.push(...placedBelow(schema.items, `${path}[]`, found));
  if (schema.additionalProperties)
    below.push(...placedBelow(schema.additionalProperties, `${path}.*`, found));
  return [...own, ...below];
}

/** In the error that comes with others and says nothing of its own. */
const rulesNotChecked = 'some validation rules were not checked';

function refusedSection({ examples }: Kind): string[] {
  if (examples.invalid.length === 0) return [];
  const rows = examples.invalid.map(({ why, errors }) => [
    why,
    errors
      .filter(error => !error.includes(rulesNotChecked))
      .map(code)
      .join(', '),
  ]);
  return [
    '## What is refused',
    'Some mistakes, and what the server says of them.',
    table(['mistake', 'answer'], rows),
  ];
}

/** The object in YAML; 64-bit integers come through whole. */
function yaml(object: unknown): string {
  return stringify(parse(encode(object), { intAsBigInt: true }), { lineWidth: 100 });
}

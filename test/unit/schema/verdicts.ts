import type { Json, JsonObject } from '../../../src/machinery/json.ts';
import type { Schema } from '../../../src/schema/schema.ts';

/**
 * What kube-apiserver says of a CRD with `spec` of the schema: all errors, in any order. Where `differs` is given,
 * kube-apiserver says something else, and that is why.
 */
export interface Verdict {
  why: string;
  /** The schema of spec. */
  schema: Schema;
  /** The value of spec; absent from the object where undefined. */
  spec: Json | undefined;
  /** The value of spec in the stored object, on an update. */
  old?: Json;
  name?: string;
  /** The rest of the schema of the whole object. */
  root?: Schema;
  errors: string[];
  differs?: string;
}

const text: Schema = { type: 'string' };
const int: Schema = { type: 'integer' };
const int32: Schema = { type: 'integer', format: 'int32' };
const float: Schema = { type: 'number' };
const cidr: Schema = { type: 'string', format: 'cidr' };
const time: Schema = { type: 'string', format: 'date-time' };
const intOrString: Schema = {
  anyOf: [{ type: 'integer' }, { type: 'string' }],
  'x-kubernetes-int-or-string': true,
};
const action: Schema = { type: 'string', enum: ['Allow', 'Deny'] };

function fields(properties: Record<string, Schema>, rest: Schema = {}): Schema {
  return { type: 'object', properties, ...rest };
}

function ofType(path: string, wanted: string, found: string): string {
  return `${path}: Invalid value: "${found}": ${path} in body must be of type ${wanted}: "${found}"`;
}

function typeVerdict(schema: Schema, value: Json, wanted: string, found: string): Verdict {
  const shown = JSON.stringify(value, (_name, inner) => (typeof inner === 'bigint' ? `${inner}` : inner));
  return {
    why: `${shown} for ${wanted}`,
    schema: fields({ a: schema }),
    spec: { a: value },
    errors: [ofType('spec.a', wanted, found)],
  };
}

function valid(why: string, schema: Schema, value: Json): Verdict {
  return { why, schema: fields({ a: schema }), spec: { a: value }, errors: [] };
}

const repeated = 'kube-apiserver says what is left out here too, which only repeats it';
const notString = 'kube-apiserver lets a list pass for a string with a format, by mistake';

export const typeVerdicts: Verdict[] = [
  typeVerdict(text, 5, 'string', 'integer'),
  typeVerdict(text, 1.5, 'string', 'number'),
  typeVerdict(text, true, 'string', 'boolean'),
  typeVerdict(text, {}, 'string', 'object'),
  typeVerdict(text, [], 'string', 'array'),
  typeVerdict(int, 'x', 'integer', 'string'),
  { ...typeVerdict(int, 1.5, 'integer', 'number'), differs: repeated },
  { ...typeVerdict(int, 2n ** 63n, 'integer', 'number'), differs: repeated },
  { ...typeVerdict(int, 1e20, 'integer', 'number'), differs: repeated },
  typeVerdict(int32, 'x', 'integer', 'string'),
  { ...typeVerdict(int32, 1.5, 'int32', 'float64'), differs: repeated },
  typeVerdict(int32, true, 'int32', ''),
  typeVerdict(int32, {}, 'int32', ''),
  typeVerdict(int32, [], 'integer', 'array'),
  typeVerdict(float, 'x', 'number', 'string'),
  typeVerdict({ type: 'boolean' }, 'true', 'boolean', 'string'),
  typeVerdict({ type: 'array', items: text }, 'x', 'array', 'string'),
  typeVerdict(fields({ b: text }), 'x', 'object', 'string'),
  { ...typeVerdict(intOrString, true, 'integer,string', 'boolean'), differs: repeated },
  { ...typeVerdict(intOrString, 1.5, 'integer,string', 'number'), differs: repeated },
  typeVerdict(time, 5, 'date-time', 'int64'),
  typeVerdict(time, 'noon', 'date-time', 'noon'),
  typeVerdict(cidr, '10.0.0.0/33', 'cidr', '10.0.0.0/33'),
  typeVerdict(cidr, '', 'cidr', ''),
  { ...typeVerdict(cidr, [], 'string', 'array'), differs: notString },
  valid('an integer for a number', float, 1),
  valid('a float that is whole for an integer', int, 3.0),
  valid('the largest integer', { type: 'integer', format: 'int64' }, 2n ** 63n - 1n),
  valid('the smallest integer', { type: 'integer', format: 'int64' }, -(2n ** 63n)),
  valid('int-or-string, a string', intOrString, 'http'),
  valid('int-or-string, an integer', intOrString, 80),
  valid('null where nullable', { ...text, nullable: true }, null),
  valid('a block with leading zeros, which the format takes', cidr, '010.0.0.0/08'),
  valid('a time in lower case with an offset', time, '2024-01-02t03:04:05.5+01:00'),
  valid('an unknown format', { type: 'string', format: 'port' }, 'x'),
  {
    why: 'a null item',
    schema: fields({ a: { type: 'array', items: text } }),
    spec: { a: [null, 'b'] },
    errors: [ofType('spec.a[0]', 'string', 'null')],
  },
  {
    why: 'a value of a map',
    schema: fields({ a: { type: 'object', additionalProperties: int } }),
    spec: { a: { 'x.y/z': 'one' } },
    errors: [ofType('spec.a.x.y/z', 'integer', 'string')],
  },
  {
    why: 'a wrong type that breaks the enum too',
    schema: fields({ a: action }),
    spec: { a: 5 },
    errors: [
      ofType('spec.a', 'string', 'integer'),
      'spec.a: Unsupported value: 5: supported values: "Allow", "Deny"',
    ],
  },
  {
    why: 'a spec that is not an object',
    schema: fields({}, { required: ['a'] }),
    spec: 'x',
    errors: [ofType('spec', 'object', 'string')],
  },
];

export const boundVerdicts: Verdict[] = [
  {
    why: 'required fields, at every level',
    schema: fields(
      { a: text, b: fields({ c: text }, { required: ['c'] }), d: { type: 'array', items: text } },
      { required: ['a', 'b', 'd'] },
    ),
    spec: { b: {} },
    errors: ['spec.a: Required value', 'spec.d: Required value', 'spec.b.c: Required value'],
  },
  {
    why: 'a required field of the object',
    schema: fields({}),
    root: { required: ['spec'] },
    spec: undefined,
    errors: ['spec: Required value'],
  },
  {
    why: 'an enum',
    schema: fields({ a: action }),
    spec: { a: 'allow "x"' },
    errors: ['spec.a: Unsupported value: "allow \\"x\\"": supported values: "Allow", "Deny"'],
  },
  {
    why: 'an enum of numbers',
    schema: fields({ a: { type: 'integer', enum: [4, 6] } }),
    spec: { a: 5 },
    errors: ['spec.a: Unsupported value: 5: supported values: "4", "6"'],
  },
  {
    why: 'a null that the enum does not have',
    schema: fields({ a: { ...action, nullable: true } }),
    spec: { a: null },
    errors: ['spec.a: Unsupported value: null: supported values: "Allow", "Deny"'],
  },
  {
    why: 'lengths, in characters',
    schema: fields({
      a: { ...text, maxLength: 3 },
      b: { ...text, maxLength: 1 },
      c: { ...text, minLength: 2 },
    }),
    spec: { a: 'éé\u{1f600}', b: 'éé', c: '\u{1f600}' },
    errors: [
      'spec.b: Too long: may not be more than 1 byte',
      'spec.c: Invalid value: "\u{1f600}": spec.c in body should be at least 2 chars long',
    ],
  },
  {
    why: 'too long: the pattern is not tried',
    schema: fields({ a: { ...text, maxLength: 3, pattern: '^b' } }),
    spec: { a: 'aaaa' },
    errors: ['spec.a: Too long: may not be more than 3 bytes'],
  },
  {
    why: 'a pattern',
    schema: fields({ a: { ...text, pattern: '^(?i)(Drop|Accept)?$' } }),
    spec: { a: 'dropped' },
    errors: [`spec.a: Invalid value: "dropped": spec.a in body should match '^(?i)(Drop|Accept)?$'`],
  },
  valid('a pattern that ignores case', { ...text, pattern: '^(?i)(Drop|Accept)?$' }, 'DROP'),
  {
    why: 'a pattern on a string of an int-or-string, not on its integer',
    schema: fields({
      a: { ...intOrString, pattern: '^[a-z]+$' },
      b: { ...intOrString, pattern: '^[a-z]+$' },
    }),
    spec: { a: 80, b: '80' },
    errors: [`spec.b: Invalid value: "80": spec.b in body should match '^[a-z]+$'`],
  },
  {
    why: 'bounds of integers',
    schema: fields({ a: { ...int, minimum: 1, maximum: 5 }, b: { ...int, minimum: 1, maximum: 5000000 } }),
    spec: { a: 0, b: 5000001 },
    errors: [
      'spec.a: Invalid value: 0: spec.a in body should be greater than or equal to 1',
      'spec.b: Invalid value: 5000001: spec.b in body should be less than or equal to 5000000',
    ],
  },
  {
    why: 'exclusive bounds',
    schema: fields({
      a: { ...int, minimum: 1, exclusiveMinimum: true },
      b: { ...int, maximum: 5, exclusiveMaximum: true },
    }),
    spec: { a: 1, b: 5 },
    errors: [
      'spec.a: Invalid value: 1: spec.a in body should be greater than 1',
      'spec.b: Invalid value: 5: spec.b in body should be less than 5',
    ],
  },
  {
    why: 'bounds of floats, printed as Go prints them',
    schema: fields({ a: { ...float, maximum: 5000000 }, b: { ...float, minimum: 0.00001 } }),
    spec: { a: 5000000.5, b: 0.000001 },
    errors: [
      'spec.a: Invalid value: 5000000.5: spec.a in body should be less than or equal to 5e+06',
      'spec.b: Invalid value: 0.000001: spec.b in body should be greater than or equal to 1e-05',
    ],
    differs: 'kube-apiserver prints the values as 5.0000005e+06 and 1e-06',
  },
  {
    why: 'an integer beyond int32',
    schema: fields({ a: int32, b: int32 }),
    spec: { a: 2147483648, b: 2147483647 },
    errors: [
      'spec.a: Invalid value: 2147483648: Checked value must be of type integer with format int32 in spec.a',
    ],
    differs: 'kube-apiserver loses the path and the value',
  },
  {
    why: 'too many and too few items and fields',
    schema: fields({
      a: { type: 'array', items: int, maxItems: 1 },
      b: { type: 'array', items: int, minItems: 2 },
      c: { type: 'object', additionalProperties: int, maxProperties: 2 },
      d: { type: 'object', additionalProperties: int, minProperties: 1 },
    }),
    spec: { a: [1, 2], b: [1], c: { x: 1, y: 2, z: 3 }, d: {} },
    errors: [
      'spec.a: Too many: 2: must have at most 1 item',
      'spec.b: Invalid value: 1: spec.b in body should have at least 2 items',
      'spec.c: Too many: 3: must have at most 2 items',
      'spec.d: Invalid value: 0: spec.d in body should have at least 1 properties',
    ],
  },
  {
    why: 'allOf',
    schema: fields({ a: { ...text, allOf: [{ enum: ['A', 'B'] }, { enum: ['B', 'C'] }] } }),
    spec: { a: 'A' },
    errors: [
      'spec.a: Unsupported value: "A": supported values: "B", "C"',
      'spec.a: Invalid value: "A": "spec.a" must validate all the schemas (allOf)',
    ],
    differs: 'kube-apiserver loses the path and the value of the second',
  },
  {
    why: 'allOf that says the same twice',
    schema: fields({ a: { ...text, allOf: [{ enum: ['A'] }, { enum: ['A'] }] } }),
    spec: { a: 'B' },
    errors: [
      'spec.a: Unsupported value: "B": supported values: "A"',
      'spec.a: Invalid value: "B": "spec.a" must validate all the schemas (allOf). None validated',
    ],
    differs: 'kube-apiserver loses the path and the value of the second',
  },
  {
    why: 'oneOf and not',
    schema: fields({
      a: {
        type: 'object',
        properties: { x: int, y: int },
        oneOf: [{ required: ['x'] }, { required: ['y'] }],
      },
      b: { type: 'object', properties: { x: int }, not: { required: ['x'] } },
    }),
    spec: { a: { x: 1, y: 2 }, b: { x: 1 } },
    errors: [
      'spec.a: Invalid value: {"x":1,"y":2}: "spec.a" must validate one and only one schema (oneOf). Found 2 valid alternatives',
      'spec.b: Invalid value: {"x":1}: "spec.b" must not validate the schema (not)',
    ],
    differs: 'kube-apiserver loses the path and the value',
  },
  {
    why: 'anyOf',
    schema: fields({
      a: {
        type: 'object',
        properties: { x: int, y: int },
        anyOf: [{ required: ['x'] }, { required: ['y'] }],
      },
    }),
    spec: { a: {} },
    errors: [
      'spec.a: Invalid value: {}: "spec.a" must validate at least one schema (anyOf)',
      'spec.a.x: Required value',
    ],
    differs: 'kube-apiserver loses the path and the value of the first',
  },
];

const set: Schema = { type: 'array', items: text, 'x-kubernetes-list-type': 'set' };
const mapOf = (keys: string[], properties: Record<string, Schema>): Schema => ({
  type: 'array',
  items: fields(properties),
  'x-kubernetes-list-type': 'map',
  'x-kubernetes-list-map-keys': keys,
});

export const listVerdicts: Verdict[] = [
  {
    why: 'a set with an item thrice: told once',
    schema: fields({ a: set }),
    spec: { a: ['x', 'y', 'x', 'x', 'y'] },
    errors: ['spec.a[2]: Duplicate value: "x"', 'spec.a[4]: Duplicate value: "y"'],
  },
  {
    why: 'a set of objects',
    schema: fields({
      a: { type: 'array', items: fields({ x: int, y: int }), 'x-kubernetes-list-type': 'set' },
    }),
    spec: {
      a: [
        { x: 1, y: 2 },
        { y: 2, x: 1 },
      ],
    },
    errors: ['spec.a[1]: Duplicate value: {"y":2,"x":1}'],
    differs: 'kube-apiserver prints the fields sorted',
  },
  {
    why: 'a map with one key',
    schema: fields({ a: mapOf(['k'], { k: text, v: int }) }),
    spec: { a: [{ k: 'x', v: 1 }, { k: 'x', v: 2 }, { v: 1 }, { v: 2 }] },
    errors: ['spec.a[1]: Duplicate value: {"k":"x"}', 'spec.a[3]: Duplicate value: {}'],
  },
  {
    why: 'a map with two keys',
    schema: fields({ a: mapOf(['k', 'n'], { k: text, n: int }) }),
    spec: {
      a: [
        { k: 'x', n: 1 },
        { k: 'x', n: 2 },
        { k: 'x', n: 1 },
      ],
    },
    errors: ['spec.a[2]: Duplicate value: {"k":"x","n":1}'],
  },
  {
    why: 'a set within a list within a map',
    schema: fields({
      a: { type: 'object', additionalProperties: { type: 'array', items: fields({ s: set }) } },
    }),
    spec: { a: { key: [{}, { s: ['x', 'x'] }] } },
    errors: ['spec.a[key][1].s[1]: Duplicate value: "x"'],
  },
  {
    why: 'duplicates that were there before',
    schema: fields({ a: set, b: set }),
    old: { a: ['x', 'x'] },
    spec: { a: ['x', 'x'], b: ['y', 'y'] },
    errors: [],
  },
  {
    why: 'new duplicates on an update',
    schema: fields({ a: set }),
    old: { a: ['x'] },
    spec: { a: ['x', 'x'] },
    errors: ['spec.a[1]: Duplicate value: "x"'],
  },
];

export const updateVerdicts: Verdict[] = [
  {
    why: 'an invalid field that did not change',
    schema: fields({ a: action, b: text }),
    old: { a: 'Other', b: 'x' },
    spec: { a: 'Other', b: 'y' },
    errors: [],
  },
  {
    why: 'an invalid field that changed to another invalid value',
    schema: fields({ a: action }),
    old: { a: 'Other' },
    spec: { a: 'Another' },
    errors: ['spec.a: Unsupported value: "Another": supported values: "Allow", "Deny"'],
  },
  {
    why: 'a list that changed: its old errors count again',
    schema: fields({ a: { type: 'array', items: action } }),
    old: { a: ['Other'] },
    spec: { a: ['Other', 'Allow'] },
    errors: ['spec.a[0]: Unsupported value: "Other": supported values: "Allow", "Deny"'],
  },
  {
    why: 'an item of a list of type map that did not change',
    schema: fields({ a: mapOf(['k'], { k: text, v: action }) }),
    old: { a: [{ k: 'x', v: 'Other' }] },
    spec: {
      a: [
        { k: 'new', v: 'Allow' },
        { k: 'x', v: 'Other' },
      ],
    },
    errors: [],
  },
  {
    why: 'a required field that was missing before',
    schema: fields({ a: fields({ c: text }, { required: ['b'] }), d: text }),
    old: { a: { c: 'x' } },
    spec: { a: { c: 'x' }, d: 'y' },
    errors: [],
  },
  {
    why: 'a required field missing in a value that changed',
    schema: fields({ a: fields({ b: text, c: text }, { required: ['b'] }) }),
    old: { a: { c: 'x' } },
    spec: { a: { c: 'y' } },
    errors: ['spec.a.b: Required value'],
  },
  {
    why: 'a missing spec, although nothing changed: the whole object never counts as unchanged',
    schema: fields({}),
    root: { required: ['spec'] },
    spec: undefined,
    errors: ['spec: Required value'],
  },
];

const rule = (text: string, rest: JsonObject = {}): Schema =>
  ({ 'x-kubernetes-validations': [{ rule: text, ...rest }] }) as Schema;
const failed = (text: string) => `failed rule: ${text}`;
const unchecked =
  '<nil>: Invalid value: null: some validation rules were not checked because the object was invalid; correct the existing errors to complete validation';

export const ruleVerdicts: Verdict[] = [
  {
    why: 'a rule without a message, on an object, a list and a scalar',
    schema: fields(
      {
        a: { ...int, ...rule('self > 3') },
        b: { type: 'array', items: int, maxItems: 9, ...rule('size(self) > 3') },
        c: { ...text, maxLength: 9, ...rule("self == 'x'", { message: ' must be x ' }) },
        d: int,
      },
      rule('has(self.d)'),
    ),
    spec: { a: 1, b: [1], c: 'y' },
    errors: [
      `spec: Invalid value: ${failed('has(self.d)')}`,
      `spec.a: Invalid value: 1: ${failed('self > 3')}`,
      `spec.b: Invalid value: ${failed('size(self) > 3')}`,
      'spec.c: Invalid value: "y": must be x',
    ],
  },
  {
    why: 'reasons',
    schema: fields(
      { a: int },
      {
        'x-kubernetes-validations': [
          { rule: 'self.a == 1', message: 'm1', reason: 'FieldValueInvalid' },
          { rule: 'self.a == 2', message: 'm2', reason: 'FieldValueForbidden' },
          { rule: 'self.a == 3', message: 'm3', reason: 'FieldValueRequired' },
          { rule: 'self.a == 4', message: 'm4', reason: 'FieldValueDuplicate' },
        ],
      },
    ),
    spec: { a: 0 },
    errors: [
      'spec: Invalid value: m1',
      'spec: Forbidden: m2',
      'spec: Required value: m3',
      'spec: Duplicate value',
    ],
  },
  {
    why: 'fieldPath',
    schema: fields(
      { a: fields({ b: int, 'c.d': int }), m: { type: 'object', additionalProperties: int } },
      {
        'x-kubernetes-validations': [
          { rule: 'self.a.b == 1', message: 'm', fieldPath: '.a.b' },
          { rule: 'self.a.b == 1', message: 'm', fieldPath: ".a['c.d']" },
          { rule: 'self.a.b == 1', message: 'm', fieldPath: ".m['k']" },
        ],
      },
    ),
    spec: { a: { b: 0 } },
    errors: ['spec.a.b: Invalid value: m', 'spec.a.c.d: Invalid value: m', 'spec.m[k]: Invalid value: m'],
  },
  {
    why: 'the name of the object, from its root',
    schema: fields({ a: int }),
    root: rule("self.metadata.name != 'x' || (self.kind == 'Toy' && self.spec.a == 1)", { message: 'm' }),
    name: 'x',
    spec: { a: 2 },
    errors: ['<nil>: Invalid value: m'],
  },
  {
    why: 'a generated name',
    schema: fields({ a: int }),
    root: rule('has(self.metadata.name) && !has(self.metadata.generateName)', { message: 'm' }),
    name: 'x',
    spec: { a: 2 },
    errors: [],
  },
  {
    why: 'items, values of a map, and the path to them',
    schema: fields({
      a: { type: 'array', maxItems: 9, items: { ...int, ...rule('self > 1', { message: 'm' }) } },
      b: {
        type: 'object',
        maxProperties: 9,
        additionalProperties: fields({ c: int }, rule('self.c > 1', { message: 'm' })),
      },
    }),
    spec: { a: [1, 2], b: { 'x.y': { c: 1 }, z: { c: 2 } } },
    errors: ['spec.a[0]: Invalid value: 1: m', 'spec.b[x.y]: Invalid value: m'],
  },
  {
    why: 'integers are ints and numbers are doubles, whatever they look like',
    schema: fields(
      { a: int, b: float },
      {
        'x-kubernetes-validations': [
          { rule: 'self.a + 1 == 3 && self.a % 2 == 0' },
          { rule: 'self.b + 1.0 == 3.0 && self.b == 2.0' },
          { rule: 'self.a == int(self.b) && self.b > 1.5' },
        ],
      },
    ),
    spec: { a: 2, b: 2 },
    errors: [],
  },
  {
    why: 'an int-or-string compares with both',
    schema: fields(
      { a: { ...intOrString }, b: { ...intOrString } },
      rule("self.a == 'TCP' && self.a != 6 && self.b == 6 && self.b != 'TCP'", { message: 'm' }),
    ),
    spec: { a: 'TCP', b: 6 },
    errors: [],
  },
  {
    why: 'a missing field: the rule cannot be evaluated',
    schema: fields({ a: int, b: int }, rule('self.a > 1', { message: 'm' })),
    spec: { b: 1 },
    errors: ['spec: Invalid value: "object": no such key: a evaluating rule: m'],
  },
  {
    why: 'an error beside what decides is no error',
    schema: fields({ a: int, b: int }, rule('self.a > 1 || self.b == 1', { message: 'm' })),
    spec: { b: 1 },
    errors: [],
  },
  {
    why: 'an int-or-string of the other type',
    schema: fields({ a: { ...intOrString } }, rule('self.a > 1', { message: 'm' })),
    spec: { a: 'x' },
    errors: [
      `spec: Invalid value: "object": 'no such overload': call arguments did not match a supported operator, function or macro signature for rule: m`,
    ],
  },
  {
    why: 'names that CEL cannot spell',
    schema: fields(
      { 'a-b': int, namespace: int, 'c.d/e': int, f__g: int },
      rule(
        'self.a__dash__b == 1 && self.__namespace__ == 2 && self.c__dot__d__slash__e == 3 && self.f__underscores__g == 4',
      ),
    ),
    spec: { 'a-b': 1, namespace: 2, 'c.d/e': 3, f__g: 4 },
    errors: [],
  },
  {
    why: 'keys of a map are what they are',
    schema: fields(
      { a: { type: 'object', additionalProperties: int } },
      rule("self.a['a-b'] == 1 && self.a.exists(k, k == 'a-b') && 'x' in self.a == false"),
    ),
    spec: { a: { 'a-b': 1 } },
    errors: [],
  },
  {
    why: 'a required field missing elsewhere: no rule is evaluated',
    schema: fields({ a: { ...int, ...rule('self > 3') }, b: text }, { required: ['b'] }),
    spec: { a: 1 },
    errors: ['spec.b: Required value', unchecked],
  },
  {
    why: 'a broken bound elsewhere: rules are evaluated',
    schema: fields({ a: { ...int, ...rule('self > 3', { message: 'm' }) }, b: { ...int, maximum: 1 } }),
    spec: { a: 1, b: 2 },
    errors: [
      'spec.a: Invalid value: 1: m',
      'spec.b: Invalid value: 2: spec.b in body should be less than or equal to 1',
    ],
  },
  {
    why: 'null is not looked at',
    schema: fields({ a: { ...int, nullable: true, ...rule('self > 3') } }),
    spec: { a: null },
    errors: [],
  },
];

const fixed = rule('self == oldSelf', { message: 'fixed' });

export const transitionVerdicts: Verdict[] = [
  {
    why: 'oldSelf on a create',
    schema: fields({ a: { ...int, ...fixed } }),
    spec: { a: 1 },
    errors: [],
  },
  {
    why: 'oldSelf on an update',
    schema: fields({ a: { ...int, ...fixed }, b: { ...text, ...fixed, maxLength: 9 } }),
    old: { a: 1, b: 'x' },
    spec: { a: 2, b: 'x' },
    errors: ['spec.a: Invalid value: 2: fixed'],
  },
  {
    why: 'oldSelf where there was nothing',
    schema: fields({ a: { ...int, ...fixed } }),
    old: {},
    spec: { a: 2 },
    errors: [],
  },
  {
    why: 'oldSelf in a list of type map, by key',
    schema: fields({ a: { ...mapOf(['k'], { k: text, v: { ...int, ...fixed } }), maxItems: 9 } }),
    old: {
      a: [
        { k: 'x', v: 1 },
        { k: 'y', v: 2 },
      ],
    },
    spec: {
      a: [
        { k: 'y', v: 3 },
        { k: 'x', v: 1 },
        { k: 'z', v: 9 },
      ],
    },
    errors: ['spec.a[0].v: Invalid value: 3: fixed'],
  },
  {
    why: 'a rule that failed before, on a value that did not change',
    schema: fields({ a: { ...int, ...rule('self > 3', { message: 'm' }) }, b: text }),
    old: { a: 1, b: 'x' },
    spec: { a: 1, b: 'y' },
    errors: [],
  },
  {
    why: 'the same on the object around what changed',
    schema: fields({ a: int, b: text }, rule('self.a > 3', { message: 'm' })),
    old: { a: 1, b: 'x' },
    spec: { a: 1, b: 'y' },
    errors: ['spec: Invalid value: m'],
  },
  {
    why: 'the same within a list that did not change',
    schema: fields({
      a: { type: 'array', maxItems: 9, items: fields({ c: int }, rule('self.c > 3', { message: 'm' })) },
      b: text,
    }),
    old: { a: [{ c: 1 }], b: 'x' },
    spec: { a: [{ c: 1 }], b: 'y' },
    errors: [],
  },
  {
    why: 'a rule that cannot be evaluated is an error even on what did not change',
    schema: fields({ a: fields({ b: int, c: int }, rule('self.b > 1', { message: 'm' })) }),
    old: { a: { c: 1 } },
    spec: { a: { c: 1 } },
    errors: ['spec.a: Invalid value: "object": no such key: b evaluating rule: m'],
  },
];

const onText = (text: string, value: string, errors: string[] = []): Verdict => ({
  why: `${text} on ${value}`,
  schema: fields({ a: { type: 'string', maxLength: 64, ...rule(text, { message: 'm' }) } }),
  spec: { a: value },
  errors,
});
const badCidr =
  'network address parse error during conversion from string: network address parse error during conversion from string: ';

export const addressVerdicts: Verdict[] = [
  onText("isIP(self) && ip(self).family() == 4 && string(ip(self)) == '1.2.3.4'", '1.2.3.4'),
  onText("ip(self).family() == 6 && string(ip(self)) == 'fd00::1'", 'FD00:0::1'),
  onText('!isIP(self)', '01.2.3.4'),
  onText('!isIP(self)', '::ffff:1.2.3.4'),
  onText('!isIP(self)', 'fe80::1%eth0'),
  onText("ip(self) == ip('::1') && ip(self) != ip('::2')", '0::1'),
  onText('isCIDR(self) && cidr(self).prefixLength() == 8', '10.0.0.1/8'),
  onText("cidr(self) != cidr(self).masked() && string(cidr(self).masked()) == '10.0.0.0/8'", '10.0.0.1/8'),
  onText("cidr(self) == cidr(self).masked() && cidr(self).ip() == ip('10.0.0.0')", '10.0.0.0/8'),
  onText("cidr(self).containsIP('10.1.1.1') && !cidr(self).containsIP(ip('11.0.0.0'))", '10.0.0.0/8'),
  onText(
    "cidr(self).containsCIDR('10.1.0.0/16') && !cidr(self).containsCIDR(cidr('0.0.0.0/0'))",
    '10.0.0.0/8',
  ),
  onText(
    "!cidr(self).containsIP('::1') && !isCIDR('10.0.0.0') && !isCIDR('::ffff:1.2.3.0/120')",
    '10.0.0.0/8',
  ),
  onText('ip(self).family() == 4', '01.2.3.4', [
    'spec.a: Invalid value: "string": IP Address "01.2.3.4" parse error during conversion from string: ParseAddr("01.2.3.4"): IPv4 field has octet with leading zero evaluating rule: m',
  ]),
  onText('ip(self).family() == 4', '::ffff:1.2.3.4', [
    'spec.a: Invalid value: "string": IPv4-mapped IPv6 address "::ffff:1.2.3.4" is not allowed evaluating rule: m',
  ]),
  onText('cidr(self).prefixLength() == 8', '10.0.0.0/08', [
    `spec.a: Invalid value: "string": ${badCidr}netip.ParsePrefix("10.0.0.0/08"): bad bits after slash: "08" evaluating rule: m`,
  ]),
  onText('cidr(self).prefixLength() == 8', '::ffff:1.2.3.0/120', [
    'spec.a: Invalid value: "string": network address parse error during conversion from string: IPv4-mapped IPv6 address "::ffff:1.2.3.0/120" is not allowed evaluating rule: m',
  ]),
];

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { Ajv, type ValidateFunction } from 'ajv';
import { parse } from 'yaml';
import type { JsonObject } from '../../../src/machinery/json.ts';

/**
 * What the CustomResourceDefinitions of Calico say to an object, less CEL and metadata: their schemas, handed to a JSON
 * schema validator that is not ours. Only the defaults, the nullable fields and the formats of Kubernetes are added.
 */
const folder = new URL('../../../../shared/data/crds/v3/', import.meta.url);

/** Why there is nothing to ask, or false. */
export const noDefinitions: false | string =
  !existsSync(folder) && 'the definitions (../shared/data/crds/v3) are not here';

interface Definition {
  spec: {
    names: { kind: string };
    versions: { name: string; schema: { openAPIV3Schema: JsonObject } }[];
  };
}

/** Whether a schema lets an object pass, by kind; Profile has no definition. */
export function readDefinitions(): Map<string, (object: JsonObject) => boolean> {
  const ajv = new Ajv({
    strict: false,
    useDefaults: true,
    // Go's regular expressions turn their flags on within the pattern.
    code: { regExp: Object.assign(goPattern, { code: 'goPattern' }) },
  });
  ajv.addFormat('cidr', isGoCidr);
  ajv.addFormat('date-time', /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/);
  ajv.addFormat('int32', { type: 'number', validate: value => value >= -(2 ** 31) && value < 2 ** 31 });
  ajv.addFormat('int64', { type: 'number', validate: value => value >= -(2 ** 63) && value < 2 ** 63 });
  const judges = new Map<string, (object: JsonObject) => boolean>();
  for (const file of readdirSync(folder)) {
    const { spec }: Definition = parse(readFileSync(new URL(file, folder), 'utf8'));
    const served = spec.versions.find(({ name }) => name === 'v3')!;
    const check = ajv.compile(asJsonSchema(served.schema.openAPIV3Schema) as object);
    judges.set(spec.names.kind, object => passes(check, object));
  }
  return judges;
}

/** Numbers beyond those of JavaScript become the nearest: no bound in the definitions is near enough to matter. */
function passes(check: ValidateFunction, object: JsonObject): boolean {
  const plain = JSON.stringify(object, (_key, value) => (typeof value === 'bigint' ? Number(value) : value));
  return check(JSON.parse(plain));
}

/** What Kubernetes says with words of its own, in those of JSON schema. */
function asJsonSchema(schema: JsonObject): JsonObject {
  const result: JsonObject = {};
  for (const [keyword, value] of Object.entries(schema)) {
    if (keyword === 'properties') {
      const fields = Object.entries(value as Record<string, JsonObject>);
      result.properties = Object.fromEntries(fields.map(([name, field]) => [name, asJsonSchema(field)]));
      // Strict field validation. Metadata is described nowhere.
      result.additionalProperties = false;
    } else if (keyword === 'items' || keyword === 'additionalProperties') {
      result[keyword] = asJsonSchema(value as JsonObject);
    } else if (keyword === 'x-kubernetes-list-type') {
      if (value !== 'atomic') result.uniqueItems = true;
    } else if (!keyword.startsWith('x-kubernetes-')) {
      result[keyword] = value;
    }
  }
  return result;
}

function goPattern(pattern: string, flags: string): RegExp {
  const folded = pattern.replace('^(?i)', '^');
  return new RegExp(folded, folded === pattern ? flags : `${flags}i`);
}

/** As Go's net.ParseCIDR has it, which Kubernetes asks for this format. */
function isGoCidr(text: string): boolean {
  const [address, length, ...rest] = text.split('/');
  const bits = { 0: -1, 4: 32, 6: 128 }[isIP(address ?? '')]!;
  return rest.length === 0 && /^(0|[1-9]\d{0,2})$/.test(length ?? '') && Number(length) <= bits;
}

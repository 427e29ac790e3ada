import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'yaml';
import { definitionFolder } from './oracle.ts';
import { type ServedKind, servedKinds } from './served-kinds.ts';

/** A schema of a CRD or of an OpenAPI document: the members that lead on to fields. */
export interface Schema {
  $ref?: string;
  allOf?: Schema[];
  properties?: Record<string, Schema>;
  items?: Schema;
  additionalProperties?: Schema | boolean;
}

/**
 * The paths of all fields below a schema, such as `spec.ingress.action`: items of lists and values of maps
 * add nothing to a path, and metadata, which is the same everywhere, is not entered.
 */
export function fieldPaths(schema: Schema, resolve: (reference: string) => Schema): Set<string> {
  const paths = new Set<string>();
  const visit = (at: Schema, prefix: string, depth: number): void => {
    if (depth > 50) throw new Error(`the schema has no end at ${prefix}`);
    if (at.$ref) visit(resolve(at.$ref), prefix, depth + 1);
    for (const part of at.allOf ?? []) visit(part, prefix, depth + 1);
    if (at.items) visit(at.items, prefix, depth + 1);
    if (typeof at.additionalProperties === 'object') visit(at.additionalProperties, prefix, depth + 1);
    for (const [name, property] of Object.entries(at.properties ?? {})) {
      const path = prefix ? `${prefix}.${name}` : name;
      paths.add(path);
      if (path !== 'metadata') visit(property, path, depth + 1);
    }
  };
  visit(schema, '', 0);
  return paths;
}

/** The fields that Calico's own definition of a kind has. */
export async function definedFields({ kind, plural }: ServedKind): Promise<string[]> {
  if (kind === 'Profile') return profileFields();
  const definition = parse(
    await readFile(join(definitionFolder, `${plural}.projectcalico.org.yaml`), 'utf8'),
  );
  const [version] = definition.spec.versions;
  return [
    ...fieldPaths(version.schema.openAPIV3Schema, reference => {
      throw new Error(`a CRD has no references, but there is ${reference}`);
    }),
  ];
}

/** Calico has no CRD for profiles; their rules are those of policies. */
async function profileFields(): Promise<string[]> {
  const policy = servedKinds.find(({ kind }) => kind === 'GlobalNetworkPolicy')!;
  const rules = (await definedFields(policy)).filter(path => /^spec\.(in|e)gress\b/.test(path));
  return ['apiVersion', 'kind', 'metadata', 'spec', 'spec.labelsToApply', ...rules];
}

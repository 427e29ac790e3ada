import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Kind } from '../../src/kinds/kind.ts';

/** A file of the kinds folder, with the kind that it exports. */
export interface KindFile {
  fileName: string;
  /** The name under which the file exports the kind. */
  exportName: string;
  kind: Kind;
}

/** Files of the folder that are no kinds. */
const others = new Set(['kind.ts', 'index.ts']);

/**
 * The kinds of a folder, sorted by plural: those that its files export, not those that its index names, so that a
 * file that was just added counts. Folders below it hold parts of kinds. Throws where a file exports no kind or two,
 * or where two kinds share a name.
 */
export async function readKinds(folder: string): Promise<KindFile[]> {
  const fileNames = readdirSync(folder).filter(name => name.endsWith('.ts') && !others.has(name));
  const files = await Promise.all(fileNames.map(fileName => readKind(folder, fileName)));
  files.sort((a, b) => (a.kind.plural < b.kind.plural ? -1 : 1));
  for (const name of ['kind', 'plural', 'singular'] as const) {
    const seen = new Set<string>();
    for (const { fileName, kind } of files) {
      if (seen.has(kind[name])) throw new Error(`${fileName}: ${name} ${kind[name]} is taken`);
      seen.add(kind[name]);
    }
  }
  return files;
}

async function readKind(folder: string, fileName: string): Promise<KindFile> {
  const exported: object = await import(pathToFileURL(join(folder, fileName)).href);
  const kinds = Object.entries(exported).filter(([, value]) => isKind(value));
  const [first] = kinds;
  if (!first || kinds.length > 1) {
    throw new Error(`${fileName} must export one kind; it exports ${kinds.length}`);
  }
  return { fileName, exportName: first[0], kind: first[1] };
}

function isKind(value: unknown): value is Kind {
  return typeof value === 'object' && value !== null && 'plural' in value && 'schema' in value;
}

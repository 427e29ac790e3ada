import { humanDuration } from './duration.ts';
import type { Json, JsonObject } from './json.ts';
import type { ApiObject } from './object.ts';
import { parseTime } from './time.ts';

/** A printed column beside the name. */
export interface TableColumn {
  name: string;
  type: 'string' | 'integer' | 'number' | 'boolean' | 'date';
  description: string;
  /** 0 is always shown, 1 only with `-o wide`. */
  priority?: 0 | 1;
  value(object: ApiObject): Json | undefined;
}

const nameColumn: JsonObject = {
  name: 'Name',
  type: 'string',
  format: 'name',
  description:
    'Name must be unique within a namespace, or within the cluster for kinds that have no namespaces.',
  priority: 0,
};

/** The columnDefinitions of a Table: the name, then the columns given. */
export function tableColumns(columns: TableColumn[]): JsonObject[] {
  const definitions = columns.map(({ name, type, description, priority }) => ({
    name,
    type,
    format: '',
    description,
    priority: priority ?? 0,
  }));
  return [nameColumn, ...definitions];
}

function cellOf(column: TableColumn, object: ApiObject, nowMs: number): Json {
  const value = column.value(object);
  if (value === undefined || value === null) return null;
  if (column.type !== 'date') return value;
  const timeMs = typeof value === 'string' ? parseTime(value) : undefined;
  return timeMs === undefined ? '<invalid>' : humanDuration(nowMs - timeMs);
}

/**
 * One row of a Table. A cell without a value is null, which kubectl prints as nothing; the cell of a `date` column
 * is the age, as kube-apiserver prints it for custom resources. `rowObject` is what includeObject asks for.
 */
export function tableRow(
  columns: TableColumn[],
  object: ApiObject,
  options: { rowObject: JsonObject | null; nowMs?: number },
): JsonObject {
  const nowMs = options.nowMs ?? Date.now();
  const cells = columns.map(column => cellOf(column, object, nowMs));
  return { cells: [object.metadata.name ?? '', ...cells], object: options.rowObject };
}

export interface TableOptions {
  columns: TableColumn[];
  /** metadata of the list, or of the one object: resourceVersion, continue, remainingItemCount. */
  metadata: JsonObject;
  includeObject: 'Metadata' | 'Object' | 'None';
  /** False leaves the column definitions out, as after the first event of a watch. */
  headers?: boolean;
  /** Of the Table and of the metadata in its rows; v1 if absent. */
  version?: 'v1' | 'v1beta1';
  nowMs?: number;
}

/** A Table (meta.k8s.io) of some objects, as `kubectl get` asks for it (machinery.md §2.3). */
export function tableOf(objects: ApiObject[], options: TableOptions): JsonObject {
  const version = options.version ?? 'v1';
  const nowMs = options.nowMs ?? Date.now();
  const rows = objects.map(object => {
    const rowObject = tableObject(object, options.includeObject, version);
    return tableRow(options.columns, object, { rowObject, nowMs });
  });
  return {
    kind: 'Table',
    apiVersion: `meta.k8s.io/${version}`,
    metadata: options.metadata,
    columnDefinitions: options.headers === false ? [] : tableColumns(options.columns),
    rows,
  };
}

/** What a row carries of its object. */
export function tableObject(
  object: ApiObject,
  includeObject: TableOptions['includeObject'],
  version: 'v1' | 'v1beta1' = 'v1',
): JsonObject | null {
  if (includeObject === 'None') return null;
  if (includeObject === 'Object') return object as unknown as JsonObject;
  return partialObjectMetadata(object, version);
}

/** Only the metadata of an object (meta.k8s.io PartialObjectMetadata). */
export function partialObjectMetadata(object: ApiObject, version: 'v1' | 'v1beta1' = 'v1'): JsonObject {
  return {
    kind: 'PartialObjectMetadata',
    apiVersion: `meta.k8s.io/${version}`,
    metadata: object.metadata as unknown as JsonObject,
  };
}

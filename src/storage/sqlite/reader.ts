import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { Change, Entry, ListOptions, Page, Revision } from '../backend.ts';
import { StorageError } from '../errors.ts';
import { checkedValue } from './damage.ts';
import { hasSums } from './format.ts';

/** How far a store is, and up to where it has forgotten. */
export interface Standing {
  revision: Revision;
  compacted: Revision;
}

/** As many changes as one step takes; `through` is how far they reach, `more` whether there are further ones. */
export interface ChangesPart {
  changes: Change[];
  through: Revision;
  more: boolean;
}

/** Bounds of one step, so that none holds up the thread for long. */
const step = { changes: 10_000, changesBytes: 8 * 1024 * 1024 };

/** Keys from max(prefix, after) up to the end of the prefix; the parameters are those of `rangeOf`, and :after. */
export const inRange = (key: string) => `${key} >= max(:low, :after) AND ${key} < CAST(:end AS TEXT)`;

/** The keys that start with the prefix: from the prefix itself up to, but without, the prefix with its last byte raised. */
export function rangeOf(prefix: string): { low: string; end: Uint8Array } {
  const end = new Uint8Array(Buffer.from(prefix));
  if (end.length === 0) return { low: '', end: new Uint8Array([0xff]) };
  // No byte of UTF-8 is 0xff, so there is room.
  end[end.length - 1]!++;
  return { low: prefix, end };
}

/** All reads of the store's tables, synchronously; a value that is not what was written is thrown as DamagedRow. The standing is that of the transaction which the reads are in, if any. */
export class Reader {
  readonly #statements: ReturnType<typeof prepare>;

  constructor(database: DatabaseSync) {
    this.#statements = prepare(database);
  }

  standing(): Standing {
    const { revision, compacted } = this.#statements.state.get()!;
    return { revision: Number(revision), compacted: Number(compacted) };
  }

  get(key: string): Entry | undefined {
    const row = this.#statements.get.get({ key });
    return row && { key, value: checkedValue(key, row), revision: Number(row.revision) };
  }

  /** The entries under the prefix. Throws Compacted. */
  list(prefix: string, options: ListOptions, standing: Standing): Page {
    const at = Math.min(options.at ?? standing.revision, standing.revision);
    mustReach(at, standing);
    const { limit = -2 } = options;
    // Nothing lies between a key and the same key with a NUL behind it.
    const after = options.after === undefined ? '' : `${options.after}\0`;
    const range = { ...rangeOf(prefix), after, limit: limit + 1 };
    const { list, listAt } = this.#statements;
    const rows = at === standing.revision ? list.all(range) : listAt.all({ ...range, at });
    const more = limit >= 0 && rows.length > limit;
    if (more) rows.pop();
    const entries = rows.map(row => {
      const key = String(row.key);
      return { key, value: checkedValue(key, row), revision: Number(row.revision) };
    });
    return { entries, revision: at, more };
  }

  /** Changes under the prefix after the revision. Throws Compacted. */
  changes(prefix: string, from: Revision, standing: Standing): ChangesPart {
    mustReach(from, standing);
    const changes: Change[] = [];
    let bytes = 0;
    const range = { ...rangeOf(prefix), after: '', from, limit: step.changes };
    for (const row of this.#statements.changes.iterate(range)) {
      const key = String(row.key);
      const value = checkedValue(key, row);
      const type = row.deleted === 1 ? 'delete' : 'put';
      changes.push({ type, key, value, revision: Number(row.revision) });
      bytes += value.byteLength;
      if (bytes >= step.changesBytes) break;
    }
    const more = changes.length === step.changes || bytes >= step.changesBytes;
    return { changes, through: more ? changes.at(-1)!.revision : standing.revision, more };
  }
}

function mustReach(revision: Revision, { compacted }: Standing): void {
  if (revision >= compacted) return;
  const message = `revision ${revision} is compacted, the oldest is ${compacted}`;
  throw new StorageError('Compacted', message, { oldest: compacted });
}

function prepare(database: DatabaseSync) {
  const sql = (text: string): StatementSync => database.prepare(text);
  const sum = (table: string) => (hasSums(database) ? `${table}.sum` : 'NULL');
  return {
    state: sql('SELECT revision, compacted FROM state'),
    get: sql(`SELECT live.revision, log.value, ${sum('log')} AS sum FROM live LEFT JOIN log ON log.revision = live.revision
      WHERE live.key = :key`),
    list: sql(`SELECT live.key, live.revision, log.value, ${sum('log')} AS sum
      FROM live LEFT JOIN log ON log.revision = live.revision
      WHERE ${inRange('live.key')} ORDER BY live.key LIMIT :limit`),
    // The first change after the revision has a `previous` that is not after it: that was live then.
    listAt: sql(`WITH then_live (key, revision) AS (
        SELECT key, revision FROM live WHERE ${inRange('key')} AND revision <= :at
        UNION ALL
        SELECT key, previous FROM log INDEXED BY log_by_key
        WHERE ${inRange('key')} AND revision > :at AND previous <= :at
        ORDER BY key LIMIT :limit)
      SELECT then_live.key, then_live.revision, log.value, ${sum('log')} AS sum
      FROM then_live LEFT JOIN log ON log.revision = then_live.revision ORDER BY then_live.key`),
    changes: sql(`WITH picked (revision) AS (
        SELECT revision FROM log INDEXED BY log_by_key
        WHERE ${inRange('key')} AND revision > :from ORDER BY revision LIMIT :limit)
      SELECT log.revision, log.key, log.value IS NULL AS deleted, coalesce(log.value, last.value) AS value,
        CASE WHEN log.value IS NULL THEN ${sum('last')} ELSE ${sum('log')} END AS sum
      FROM picked CROSS JOIN log ON log.revision = picked.revision
      LEFT JOIN log AS last ON log.value IS NULL AND last.revision = log.previous
      ORDER BY picked.revision`),
  };
}

import type { Counter, Log } from '../../observability/observability.ts';
import type { Change, Entry, Guard, Revision } from '../backend.ts';
import { guardFailed, StorageError } from '../errors.ts';
import type { Cluster } from './cluster.ts';
import { GuardedKind, type Use } from './guarded-kind.ts';
import { Lease } from './lease.ts';
import { type Listing, listObjects } from './listing.ts';
import { type ClusterResource, revisionOf } from './resource.ts';

export interface GuardOptions {
  cluster: Cluster;
  resourceOf(keyOrPrefix: string): ClusterResource;
  /** Where the Leases are. */
  namespace: string;
  identity: string;
  log?: Log | undefined;
  foreignWrites?: Counter | undefined;
}

/** A guard that held over a write of a known span of revisions. */
interface Witness {
  resource: ClusterResource;
  guard: Guard;
  from: Revision;
  to: Revision;
}

const maxWitnesses = 1_000;

/**
 * Makes guards hold over a write: the cluster has no transactions, so every server that changes a guarded kind, or rests on it,
 * holds the kind's Lease over check and write. Whoever writes past this server does not; where that broke a guard, it is told.
 */
export class Guards {
  readonly #options: GuardOptions;
  readonly #kinds = new Map<ClusterResource, GuardedKind>();
  #witnesses: Witness[] = [];

  constructor(options: GuardOptions) {
    this.#options = options;
  }

  /**
   * Commits a write to the resource while its guards hold. `commit` is given the time it has; undefined: any. Throws Conflict
   * when one does not hold, Unavailable, and what `commit` throws.
   */
  async run(
    resource: ClusterResource,
    guards: Guard[],
    commit: (totalMs?: number) => Promise<Entry>,
  ): Promise<Entry> {
    const uses = this.#uses(resource, guards);
    if (uses.length === 0) return commit();
    return this.#within(uses, Number.POSITIVE_INFINITY, async until => {
      const checked = await this.#check(guards);
      const totalMs = Math.floor(until - performance.now());
      // Else a request might still be on its way when others have the Lease.
      if (totalMs < 1_000) throw new StorageError('Unavailable', 'the check of other objects took too long');
      const entry = await commit(totalMs);
      for (const { listing, ...each } of checked) {
        this.#witnesses.push({ ...each, from: listing.revision, to: entry.revision });
      }
      this.#witnesses = this.#witnesses.slice(-maxWitnesses);
      return entry;
    });
  }

  /** Gives back the Leases that are held. */
  async close(): Promise<void> {
    await Promise.all([...this.#kinds.values()].map(kind => kind.close()));
  }

  /** Looks whether a change that was delivered fell between the check and the write of a guard. */
  observe(resource: ClusterResource, change: Change): void {
    if (this.#witnesses.length === 0) return;
    this.#witnesses = this.#witnesses.filter(witness => {
      if (witness.resource !== resource || change.revision <= witness.from) return true;
      if (change.revision >= witness.to) return false;
      if (!breaks(witness.guard, change)) return true;
      this.#options.foreignWrites?.inc({ resource: resource.plural });
      this.#options.log?.error('a write past this server broke a rule across objects', {
        key: change.key,
        revision: change.revision,
      });
      return false;
    });
  }

  /** What the write does with each guarded kind, in the order in which every server takes the Leases. */
  #uses(resource: ClusterResource, guards: Guard[]): [ClusterResource, Use][] {
    const uses = new Map<ClusterResource, Use>();
    if (resource.guarded) uses.set(resource, 'change');
    for (const guard of guards) {
      const other = this.#options.resourceOf('key' in guard ? guard.key : guard.prefix);
      if (!other.guarded) throw new StorageError('Unavailable', `${other.plural} cannot be guarded`);
      uses.set(other, other === resource ? 'both' : 'rest');
    }
    return [...uses].sort(([a], [b]) => (a.plural < b.plural ? -1 : 1));
  }

  #within<T>(uses: [ClusterResource, Use][], until: number, work: (until: number) => Promise<T>): Promise<T> {
    const [first, ...rest] = uses;
    if (!first) return work(until);
    const [resource, use] = first;
    return this.#kind(resource).run(use, own => this.#within(rest, Math.min(until, own), work));
  }

  #kind(resource: ClusterResource): GuardedKind {
    const known = this.#kinds.get(resource);
    if (known) return known;
    const { cluster, namespace, identity } = this.#options;
    const name = `tortie-${resource.plural}`;
    const made = new GuardedKind(new Lease({ cluster, namespace, identity, name }));
    this.#kinds.set(resource, made);
    return made;
  }

  /**
   * Throws Conflict on the first guard that does not hold. What other servers have written was there when the Leases were taken,
   * so the state at the revision of that is asked for: it need not be told by a cache that has to catch up first.
   */
  async #check(guards: Guard[]): Promise<{ resource: ClusterResource; guard: Guard; listing: Listing }[]> {
    const { cluster, resourceOf } = this.#options;
    const at = cluster.latest;
    const listings = new Map<string, Promise<Listing>>();
    const checks = guards.map(async guard => {
      const resource = resourceOf('key' in guard ? guard.key : guard.prefix);
      const where =
        'key' in guard
          ? (resource.place(guard.key) ?? {})
          : { namespace: resource.namespaceOf(guard.prefix) };
      const asked = JSON.stringify([resource.root, where]);
      const listing =
        listings.get(asked) ?? listObjects(cluster, resource, { ...where, at, metadataOnly: true });
      listings.set(asked, listing);
      return { resource, guard, listing: await listing };
    });
    const checked = await Promise.all(checks);
    for (const { resource, guard, listing } of checked) mustHold(resource, guard, listing);
    return checked;
  }
}

function mustHold(resource: ClusterResource, guard: Guard, { objects }: Listing): void {
  if ('key' in guard) {
    const object = objects.find(each => resource.keyOf(each) === guard.key);
    const found = object ? revisionOf(object) : 0;
    if (found !== guard.revision) throw guardFailed(guard, found);
    return;
  }
  for (const object of objects) {
    const key = resource.keyOf(object);
    if (!key.startsWith(guard.prefix) || revisionOf(object) <= guard.unchangedSince) continue;
    throw new StorageError('Conflict', `${key} has changed after ${guard.unchangedSince}`);
  }
}

function breaks(guard: Guard, { type, key }: Change): boolean {
  if ('prefix' in guard) return type === 'put' && key.startsWith(guard.prefix);
  return guard.key === key && (type === 'put' || guard.revision !== 0);
}

import { encode } from '../../machinery/encode.ts';
import type { ApiObject } from '../../machinery/object.ts';
import type { FieldError } from '../../machinery/status.ts';
import type { Backend, Entry, ListOptions, Page } from '../backend.ts';
import { defaultAllow } from '../default-allow-profile.ts';
import { StorageError } from '../errors.ts';
import { resourceRoot } from './codecs/resource.ts';

const { name, uid, spec } = defaultAllow;
const root = `${resourceRoot}profiles/`;
const key = root + name;
const entry: Entry = {
  key,
  value: Buffer.from(
    encode({
      kind: 'Profile',
      apiVersion: 'projectcalico.org/v3',
      metadata: { name, uid },
      spec,
    }),
  ),
  revision: 1,
  createRevision: 1,
};

/** The store with this profile among its own. No watch tells of it, since it never changes. */
export function withDefaultAllow(backend: Backend): Backend {
  return {
    get: async wanted => (wanted === key ? entry : backend.get(wanted)),
    list: async (prefix, options = {}) => {
      const page = await backend.list(prefix, options);
      return prefix.startsWith(root) && key.startsWith(prefix) ? inserted(page, options) : page;
    },
    write: async (write, guards) => {
      if (write.key !== key) return backend.write(write, guards);
      if (write.type === 'create') throw new StorageError('Exists', `${key} exists always`);
      throw new StorageError('Conflict', `${key} never changes`);
    },
    watch: (prefix, from, handlers) => backend.watch(prefix, from, handlers),
    revision: () => backend.revision(),
    compact: revision => backend.compact(revision),
    check: () => backend.check(),
    close: () => backend.close(),
  };
}

/** The page with the profile at its place, unless that lies before or behind it. */
function inserted(page: Page, { after = '', limit = Number.POSITIVE_INFINITY }: ListOptions): Page {
  const others = page.entries.filter(each => each.key !== key);
  const behind = page.more && (others.at(-1)?.key ?? '') < key;
  if (after >= key || behind) return page;
  const entries = [...others.filter(each => each.key < key), entry, ...others.filter(each => each.key > key)];
  return { ...page, entries: entries.slice(0, limit), more: page.more || entries.length > limit };
}

/** That this one can be neither changed nor removed. */
export function refusesDefaultAllow({ object, old }: { object?: ApiObject; old?: ApiObject }): FieldError[] {
  if ((object ?? old)?.metadata.name !== name) return [];
  const detail = 'is provided by Calico: it is always there and can be neither changed nor deleted';
  return [{ type: 'Forbidden', field: 'metadata.name', detail }];
}

import type { Backend } from '../../src/storage/backend.ts';
import { type EtcdOptions, openEtcd } from '../../src/storage/etcd/backend.ts';
import { findBinaries, missingBinaries } from '../e2e/binaries.ts';
import { type Etcd, folderForEtcd, startEtcd } from '../e2e/etcd.ts';

const search = await findBinaries(['etcd']);

export const etcdBinary = search.found.etcd;

/** Why there is no etcd here, or false. */
export const noEtcd = missingBinaries(search);

const servers = new WeakMap<Backend, Etcd>();

/** A store in an etcd of its own, which ends with the store. */
export async function openEtcdStore(options: Partial<EtcdOptions> = {}): Promise<Backend> {
  const { folder, remove } = folderForEtcd();
  const etcd = await startEtcd({ binary: etcdBinary!, folder });
  const stop = async () => {
    await etcd.process.stop();
    remove();
  };
  return onServer(etcd, stop, options);
}

/** Closes the store and opens what it left behind. */
export async function reopenEtcdStore(store: Backend): Promise<Backend> {
  const etcd = servers.get(store)!;
  kept.add(etcd);
  await store.close();
  kept.delete(etcd);
  return onServer(etcd, stops.get(etcd)!, {});
}

/** Servers whose store is closed only to be opened again. */
const kept = new Set<Etcd>();
const stops = new WeakMap<Etcd, () => Promise<void>>();

function onServer(etcd: Etcd, stop: () => Promise<void>, options: Partial<EtcdOptions>): Backend {
  const store = openEtcd({ endpoints: [etcd.url], ...options });
  servers.set(store, etcd);
  stops.set(etcd, stop);
  const close = store.close.bind(store);
  let ended: Promise<void> | undefined;
  store.close = () => {
    ended ??= close().then(() => (kept.has(etcd) ? undefined : stop()));
    return ended;
  };
  return store;
}

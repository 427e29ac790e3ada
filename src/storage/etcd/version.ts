/** The first releases of each minor whose answers to a progress request hold (etcd-io/etcd#15220); 3.6 and later all do. */
const firstGood: Record<string, number> = { '3.4': 25, '3.5': 8 };

/**
 * Why a member of this version cannot be the store: it would tell that a watch has got further than it has, and reads would be
 * stale. Undefined where it can, or where the version is none that we know how to read.
 */
export function faultOfVersion(version: string): string | undefined {
  const [, major, minor, patch] = /^(\d+)\.(\d+)\.(\d+)/.exec(version) ?? [];
  if (major === undefined || Number(major) > 3 || (Number(major) === 3 && Number(minor) > 5))
    return undefined;
  const first = firstGood[`${major}.${minor}`];
  if (first !== undefined && Number(patch) >= first) return undefined;
  return `etcd ${version} cannot tell how far a watch has got: 3.4.25, 3.5.8 or newer is needed`;
}

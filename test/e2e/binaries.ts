import { execFile } from 'node:child_process';
import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';

/** The release of Kubernetes and of etcd that the end-to-end tests run against. */
export const kubernetesVersion = '1.36.3';
export const etcdVersion = '3.6.16';

export const binaryNames = ['etcd', 'kube-apiserver', 'kubectl', 'kube-controller-manager'] as const;
export type BinaryName = (typeof binaryNames)[number];
export type Binaries = Record<BinaryName, string>;

export interface Search {
  found: Partial<Binaries>;
  missing: BinaryName[];
  /** Candidates that were passed over, each with the reason. */
  rejected: string[];
}

/**
 * The folder that holds the binaries of the versions above, outside the checkout, so that they are built once
 * a machine and not once a checkout. `XDG_CACHE_HOME` is honoured.
 */
export function cacheFolder(): string {
  const home = process.env.XDG_CACHE_HOME || join(homedir(), '.cache');
  return join(home, 'tortie', 'e2e', `kubernetes-${kubernetesVersion}-etcd-${etcdVersion}`);
}

/**
 * Looks for each binary, or for those named, in KUBEBUILDER_ASSETS, then on PATH, then in the cache folder. One that somebody
 * named with KUBEBUILDER_ASSETS has only to run. One that merely lies on PATH must be a release at least as
 * new as ours: `kubectl` there is often an old one, or a wrapper that has no kubectl behind it.
 */
export async function findBinaries(names: readonly BinaryName[] = binaryNames): Promise<Search> {
  const search: Search = { found: {}, missing: [], rejected: [] };
  await Promise.all(
    names.map(async name => {
      const path = await findBinary(name, search.rejected);
      if (path) search.found[name] = path;
      else search.missing.push(name);
    }),
  );
  // In one order, whichever answered first: equal reasons for a skip are told once.
  search.missing.sort();
  search.rejected.sort();
  return search;
}

/** All four binaries, or why the end-to-end tests cannot run here. */
export async function requireBinaries(): Promise<{ binaries: Binaries; skip: false | string }> {
  const search = await findBinaries();
  return { binaries: search.found as Binaries, skip: missingBinaries(search) };
}

/** Why tests that need what was searched for cannot run here; false where they can. */
export function missingBinaries({ missing, rejected }: Search): false | string {
  if (missing.length === 0) return false;
  const why = rejected.length === 0 ? '' : ` (passed over: ${rejected.join('; ')})`;
  return (
    `no ${missing.join(', ')} in KUBEBUILDER_ASSETS, on PATH or in ${cacheFolder()}${why}; ` +
    '`npm run e2e:binaries` builds them with Go'
  );
}

async function findBinary(name: BinaryName, rejected: string[]): Promise<string | undefined> {
  const assets = process.env.KUBEBUILDER_ASSETS;
  if (assets) {
    const path = join(assets, name);
    if (await isExecutable(path)) {
      if (await releaseOf(name, path)) return path;
      rejected.push(`${path} does not run`);
    }
  }
  for (const folder of (process.env.PATH ?? '').split(delimiter).filter(Boolean)) {
    const path = join(folder, name);
    if (!(await isExecutable(path))) continue;
    const release = await releaseOf(name, path);
    const wanted = name === 'etcd' ? etcdVersion : kubernetesVersion;
    if (release && isAtLeastMinor(release, wanted)) return path;
    rejected.push(`${path} ${release ? `is ${release}, older than ${wanted}` : 'does not run'}`);
  }
  const cached = join(cacheFolder(), name);
  return (await isExecutable(cached)) ? cached : undefined;
}

async function isExecutable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}

/** The version that the binary says it has, such as `1.36.3`, or undefined when it does not run. */
export async function releaseOf(name: BinaryName, path: string): Promise<string | undefined> {
  const args = name === 'kubectl' ? ['version', '--client'] : ['--version'];
  const output = await new Promise<string>(resolve => {
    execFile(path, args, { timeout: 20_000 }, (error, stdout) => resolve(error ? '' : stdout));
  });
  return /(?:Client Version: v|Kubernetes v|etcd Version: )(\d+\.\d+\.\d+\S*)/.exec(output)?.[1];
}

function isAtLeastMinor(release: string, wanted: string): boolean {
  const [major = 0, minor = 0] = release.split('.').map(Number);
  const [wantedMajor = 0, wantedMinor = 0] = wanted.split('.').map(Number);
  return major > wantedMajor || (major === wantedMajor && minor >= wantedMinor);
}

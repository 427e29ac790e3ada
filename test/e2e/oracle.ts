import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Cluster } from './cluster.ts';
import { root, type Suite } from './suite.ts';

/** Facts to test against that lie beside the checkout; not every machine has them. */
const sharedData = join(root, '../shared/data');

export const manifestFolder = join(sharedData, 'manifests');
export const definitionFolder = join(sharedData, 'crds/v3');

/** Why a test that needs those facts is skipped, or false. */
export const noSharedData: false | string =
  !existsSync(definitionFolder) && 'the folder ../shared/data is not there';

/**
 * A kube-apiserver with Calico's own CRDs in place of the server: what it does with an object is the measure.
 */
export async function startOracle(suite: Suite): Promise<Cluster> {
  const cluster = await suite.startCluster();
  const kubectl = await suite.kubectl(cluster.adminKubeconfig);
  await kubectl.ok(['create', '-f', definitionFolder]);
  await kubectl.ok(['wait', '--for=condition=Established', '--timeout=60s', 'crd', '--all']);
  return cluster;
}

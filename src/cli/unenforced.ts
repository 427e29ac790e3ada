import type { Log } from '../observability/observability.ts';
import type { HealthCheck } from '../server/health.ts';
import type { Identity } from './identity.ts';

/** What an administrator who comes from calico-apiserver expects of a cluster's server, and this one does not do yet. */
const unenforced = {
  'tier-rights':
    'rights on tier.networkpolicies and its like are not checked: a right on policies covers the policies of every tier',
  admission: "the cluster's admission webhooks and policies do not see writes to projectcalico.org",
};

/** Logs, once, each protection of a cluster that is missing. Standalone there is no such protection to expect. */
export function warnOfUnenforced(identity: Identity, log: Log): void {
  if (identity.mode === 'standalone') return;
  for (const [name, what] of Object.entries(unenforced)) log.warn(`${name}: ${what}`);
}

/** The same for `/readyz?verbose`: checks that always hold, each with a note. */
export function unenforcedChecks(identity: Identity): HealthCheck[] {
  if (identity.mode === 'standalone') return [];
  return Object.entries(unenforced).map(([name, what]) => ({
    name,
    readyOnly: true,
    check: () => {},
    note: () => `not enforced: ${what}`,
  }));
}

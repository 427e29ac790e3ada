import type { JsonObject } from '../machinery/json.ts';

const allow = [{ action: 'Allow' }];

/**
 * The profile that lets everything through: Calico shows it always and stores it nowhere (datastore.md §1.5, §3.8). Calico gives it no
 * UID; here it has one, the same on every store, for clients that cannot do without.
 */
export const defaultAllow: { name: string; uid: string; spec: JsonObject } = {
  name: 'projectcalico-default-allow',
  uid: '8a2c0f1e-6d34-4b58-9c77-2f1b6e0d5a43',
  spec: { ingress: allow, egress: allow },
};

import { createHash } from 'node:crypto';
import type { JsonObject } from '../machinery/json.ts';

/** The labels by which IPAM finds the affinities of a node (datastore.md 3.5). */
export function affinityLabels(spec: JsonObject): Record<string, string> {
  return {
    'projectcalico.org/affinity-type': String(spec.type || 'host'),
    'projectcalico.org/hostname-hash': base32(createHash('sha3-256').update(String(spec.node)).digest()),
    'projectcalico.org/ip-version': String(spec.cidr).includes(':') ? '6' : '4',
  };
}

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

/** RFC 4648 base 32 without padding. */
function base32(bytes: Uint8Array): string {
  let text = '';
  let held = 0;
  let bits = 0;
  for (const byte of bytes) {
    held = ((held << 8) | byte) & 0xfff;
    for (bits += 8; bits >= 5; bits -= 5) text += alphabet[(held >> (bits - 5)) & 31];
  }
  return bits > 0 ? text + alphabet[(held << (5 - bits)) & 31] : text;
}

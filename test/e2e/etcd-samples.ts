import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** What Calico itself has stored under one key. */
export interface Sample {
  key: string;
  value: string;
}

/**
 * Keys and values as Calico's own components have written them to etcd, one small object of each kind: a line for the key, one for
 * the value.
 */
export function etcdSamples(): Sample[] {
  const lines = readFileSync(join(import.meta.dirname, 'data/etcd-samples.txt'), 'utf8')
    .trimEnd()
    .split('\n');
  return Array.from({ length: lines.length / 2 }, (_, index) => ({
    key: lines[2 * index]!,
    value: lines[2 * index + 1]!,
  }));
}

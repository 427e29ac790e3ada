import { stringify } from 'yaml';
import type { Json } from '../machinery/json.ts';

/** A value as YAML with sorted keys, as sigs.k8s.io/yaml writes it; bigint becomes an integer. Ends with a newline. */
export function toYaml(value: Json): string {
  return stringify(value, {
    sortMapEntries: true,
    aliasDuplicateObjects: false,
    lineWidth: 0,
    minContentWidth: 0,
    indentSeq: false,
    version: '1.1',
  });
}

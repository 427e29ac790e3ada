import { limitTable } from '../../src/limits.ts';
import { code, type GeneratedFile, table } from './generated-file.ts';

const byteUnits = [
  [1024 * 1024, 'MiB'],
  [1024, 'KiB'],
] as const;

/** docs/reference/limits.md. */
export function limitsPage(): GeneratedFile {
  const rows = Object.entries(limitTable).map(([name, { value, unit, what, answer }]) => [
    code(name),
    valueText(value, unit),
    what,
    answer === '-' ? '' : answer,
  ]);
  const content = [
    '# Limits',
    '',
    'Every bound in the server, and what a client sees when it is reached. Generated from `src/limits.ts` by `npm run gen`.',
    '',
    table(['limit', 'value', 'what it bounds', 'beyond it'], rows),
    '',
  ].join('\n');
  return { path: 'docs/reference/limits.md', content };
}

function valueText(value: number, unit: 'bytes' | 'ms' | 's' | 'count' | 'percent'): string {
  if (unit === 'bytes') {
    const [size, name] = byteUnits.find(([each]) => value % each === 0) ?? [1, 'bytes'];
    return `${grouped(value / size)} ${name}`;
  }
  if (unit === 'count') return grouped(value);
  if (unit === 'percent') return `${value} %`;
  const seconds = unit === 's' ? value : value / 1_000;
  if (seconds < 1) return `${value} ms`;
  return seconds >= 120 && seconds % 60 === 0 ? `${seconds / 60} min` : `${seconds} s`;
}

/** The number with a comma before each three digits. */
function grouped(value: number): string {
  return String(value).replaceAll(/\B(?=(\d{3})+$)/g, ',');
}

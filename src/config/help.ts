import { environmentName, optionEntries } from './options.ts';

/** The text of `tortie serve --help`. */
export function optionHelp(): string {
  const lines: string[] = [];
  let section = '';
  for (const [flag, option] of optionEntries) {
    if (option.section !== section) lines.push('', `${option.section}:`);
    section = option.section;
    const dashes = flag.length === 1 ? '-' : '--';
    lines.push(`  ${dashes}${flag}${option.value ? ` ${option.value}` : ''}${defaultText(option.default)}`);
    lines.push(`      ${option.text}`);
  }
  lines.push(
    '',
    `Each flag has an environment variable: ${environmentName('secure-port')} for --secure-port.`,
  );
  return lines.join('\n');
}

/** The page docs/reference/options.md. */
export function optionPage(): string {
  const rows = optionEntries.map(([flag, option]) => {
    const name = flag.length === 1 ? `-${flag}` : `--${flag}`;
    const fallback = defaultText(option.default).replace(/^ \(default (.*)\)$/, '`$1`');
    return `| \`${name}\` | \`${environmentName(flag)}\` | ${option.type} | ${fallback} | ${option.text} |`;
  });
  return [
    '# Options of `tortie serve`',
    '',
    'Generated from `src/config/options.ts` by `npm run gen`. A flag wins over its environment variable.',
    '',
    '| flag | environment | type | default | what it does |',
    '|---|---|---|---|---|',
    ...rows,
    '',
  ].join('\n');
}

function defaultText(value: string | number | boolean | readonly string[] | undefined): string {
  if (value === undefined || value === false || (Array.isArray(value) && value.length === 0)) return '';
  return ` (default ${Array.isArray(value) ? value.join(',') : value})`;
}

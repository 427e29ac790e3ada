import { type CommandFlag, datastoreOptions } from './command.ts';
import { environmentName, environmentNames, optionEntries } from './options.ts';

/** The text of `tortie serve --help`. */
export function optionHelp(): string {
  const lines: string[] = [];
  let section = '';
  for (const [flag, option] of optionEntries) {
    if (option.section !== section) lines.push('', `${option.section}:`);
    section = option.section;
    const dashes = flag.length === 1 ? '-' : '--';
    lines.push(`  ${dashes}${flag}${option.value ? ` ${option.value}` : ''}${defaultText(option.default)}`);
    const calico = environmentNames(flag)[2];
    lines.push(`      ${option.text}${calico ? ` Also ${calico}.` : ''}`);
  }
  lines.push(
    '',
    `Each flag has an environment variable: ${environmentName('secure-port')} for --secure-port.`,
    "Calico's own names are known too, alone or after CALICO_.",
  );
  return lines.join('\n');
}

/** What `--help` of a command prints below its usage: its own flags and those that name its stores. */
export function commandHelp(flags: Record<string, CommandFlag>, stores: readonly string[]): string {
  const lines = ['Flags:'];
  for (const [flag, { short, value, default: fallback, text }] of Object.entries(flags)) {
    const names = short ? `-${short}, --${flag}` : `--${flag}`;
    lines.push(`  ${names}${value ? ` ${value}` : ''}${defaultText(fallback)}`, `      ${text}`);
  }
  const two = stores.length > 1;
  if (two)
    lines.push(
      '',
      `Flags of the datastores, each also as ${stores.map(store => `--${store}-…`).join(' and ')}:`,
    );
  else lines.push('', 'Flags of the datastore, as of tortie serve:');
  for (const [flag, option] of datastoreOptions) {
    lines.push(`  --${flag}${option.value ? ` ${option.value}` : ''}${defaultText(option.default)}`);
    lines.push(`      ${option.text}`);
  }
  const example = environmentName(two ? `${stores[0]}-data-dir` : 'data-dir');
  lines.push('', `Each of these has an environment variable, such as ${example}.`);
  return lines.join('\n');
}

/** The page docs/reference/options.md. */
export function optionPage(): string {
  const rows = optionEntries.map(([flag, option]) => {
    const name = flag.length === 1 ? `-${flag}` : `--${flag}`;
    const fallback = defaultText(option.default).replace(/^ \(default (.*)\)$/, '`$1`');
    const variables = environmentNames(flag).map(variable => `\`${variable}\``);
    return `| \`${name}\` | ${variables.join(', ')} | ${option.type} | ${fallback} | ${option.text} |`;
  });
  return [
    '# Options of `tortie serve`',
    '',
    'Generated from `src/config/options.ts` by `npm run gen`. A flag wins over its environment variables; of several variables the first that is set counts.',
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

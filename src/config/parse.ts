import { parseGoDuration } from '../machinery/duration.ts';
import { minTotalBytes } from '../memory/plan.ts';
import {
  camelCase,
  environmentNames,
  type Options,
  type OptionType,
  optionEntries,
  optionTable,
} from './options.ts';

/** A flag or variable that cannot be taken; the message names it as the user wrote it. */
export class OptionError extends Error {}

/** The text of one option, and what the user calls the place where it was given. */
export interface Given {
  text: string;
  source: string;
}

/**
 * Reads the options from the arguments, then the environment (TORTIE_…), then the defaults.
 * `--flag value`, `--flag=value`, `-v=4`, `-v 4`; a list is comma-separated and may be repeated; a boolean needs no value.
 * Throws OptionError for an unknown flag or a value of the wrong form.
 */
export function parseOptions(args: string[], environment: NodeJS.ProcessEnv): Options {
  const { given, positionals } = readFlags(args, optionTable);
  if (positionals.length > 0) throw unexpected(positionals[0]!);
  return optionsOf(given, environment);
}

/** The options of which these are given as flags; the rest from the environment and the defaults. Throws OptionError. */
export function optionsOf(given: Map<string, Given>, environment: NodeJS.ProcessEnv): Options {
  const options: Record<string, unknown> = {};
  for (const [flag, option] of optionEntries) {
    const found = given.get(flag) ?? variableOf(flag, environment);
    const fallback =
      option.type === 'duration' && option.default !== undefined
        ? parseGoDuration(String(option.default))
        : option.default;
    options[camelCase(flag)] = found ? readValue(option.type, found.text, found.source) : fallback;
  }
  const parsed = options as Options;
  if (parsed.datastore === 'etcdv3') parsed.datastore = 'etcd';
  checkTogether(parsed);
  return parsed;
}

/** What the environment says of a flag. Calico's manifests set variables to nothing where they mean none. */
function variableOf(flag: keyof typeof optionTable, environment: NodeJS.ProcessEnv): Given | undefined {
  const [own, ...calicos] = environmentNames(flag);
  const source = environment[own!] === undefined ? calicos.find(name => environment[name]) : own;
  return source === undefined ? undefined : { text: environment[source]!, source };
}

/**
 * Splits a command line into the flags of a table and what is none. The last of a flag that is repeated counts, but for
 * lists, which grow. Throws OptionError for an unknown flag, and for one without its value.
 */
export function readFlags(
  args: string[],
  table: Record<string, { type: OptionType }>,
): { given: Map<string, Given>; positionals: string[] } {
  const given = new Map<string, Given>();
  const positionals: string[] = [];
  for (let index = 0; index < args.length; index++) {
    const argument = args[index]!;
    const match = /^--?([a-z0-9][a-z0-9-]*)(?:=(.*))?$/s.exec(argument);
    if (!match) {
      if (argument.startsWith('-') && argument !== '-') throw unexpected(argument);
      positionals.push(argument);
      continue;
    }
    const flag = match[1]!;
    if (!Object.hasOwn(table, flag)) throw new OptionError(unknownFlag(flag, Object.keys(table)));
    const { type } = table[flag]!;
    let text = match[2];
    if (text === undefined && type === 'boolean') text = 'true';
    if (text === undefined) {
      text = args[++index];
      if (text === undefined) throw new OptionError(`--${flag} needs a value`);
    }
    const before = type === 'list' ? given.get(flag) : undefined;
    given.set(flag, { text: before ? `${before.text},${text}` : text, source: `--${flag}` });
  }
  return { given, positionals };
}

function unexpected(argument: string): OptionError {
  return new OptionError(`unexpected argument ${JSON.stringify(argument)}; see --help`);
}

function unknownFlag(flag: string, known: string[]): string {
  const near = known.find(name => name.startsWith(flag) || flag.startsWith(name));
  return `unknown flag --${flag}${near && near.length > 1 ? `; did you mean --${near}?` : ''}; see --help`;
}

/** The value that a text stands for. Throws OptionError, naming the place it came from, for one of the wrong form. */
export function readValue(type: OptionType, text: string, source: string): unknown {
  switch (type) {
    case 'integer': {
      if (!/^\d{1,9}$/.test(text)) {
        throw new OptionError(`${source} must be a whole number, not ${JSON.stringify(text)}`);
      }
      return Number(text);
    }
    case 'bytes':
      return readBytes(text, source);
    case 'boolean': {
      if (text !== 'true' && text !== 'false') {
        throw new OptionError(`${source} must be true or false, not ${JSON.stringify(text)}`);
      }
      return text === 'true';
    }
    case 'list':
      return text
        .split(',')
        .map(item => item.trim())
        .filter(item => item !== '');
    case 'duration':
      try {
        return parseGoDuration(text);
      } catch {
        throw new OptionError(
          `${source} must be a duration such as 30s or 1m30s, not ${JSON.stringify(text)}`,
        );
      }
    default:
      if (text === '') throw new OptionError(`${source} must not be empty`);
      return text;
  }
}

const byteUnits: Record<string, number> = { '': 1, Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30, Ti: 2 ** 40 };

/** A number of bytes as Kubernetes writes it, with the binary suffixes. */
function readBytes(text: string, source: string): number {
  const match = /^(\d{1,12})(|Ki|Mi|Gi|Ti)$/.exec(text);
  if (!match) {
    throw new OptionError(
      `${source} must be a number of bytes such as 1Gi or 768Mi, not ${JSON.stringify(text)}`,
    );
  }
  return Number(match[1]) * byteUnits[match[2]!]!;
}

function checkTogether(options: Options): void {
  if ((options.tlsCertFile === undefined) !== (options.tlsPrivateKeyFile === undefined)) {
    throw new OptionError('--tls-cert-file and --tls-private-key-file are given together or not at all');
  }
  if (options.memoryLimit !== undefined && options.memoryLimit < minTotalBytes) {
    throw new OptionError('--memory-limit must be at least 256Mi');
  }
  if (options.securePort > 65535) throw new OptionError('--secure-port must be at most 65535');
  if (!datastores.includes(options.datastore)) {
    const names = datastores.join(', ').replace(/, (?=[^,]*$)/, ' or ');
    throw new OptionError(`--datastore must be ${names}, not ${JSON.stringify(options.datastore)}`);
  }
  if (options.datastore === 'etcd') checkEtcd(options);
}

const datastores = ['embedded', 'memory', 'etcd', 'kubernetes'];

function checkEtcd(options: Options): void {
  if (options.etcdEndpoints.length === 0) throw new OptionError('--datastore etcd needs --etcd-endpoints');
  if ((options.etcdCert === undefined) !== (options.etcdKey === undefined)) {
    throw new OptionError('--etcd-cert and --etcd-key are given together or not at all');
  }
  if (options.etcdPassword !== undefined && options.etcdPasswordFile !== undefined) {
    throw new OptionError('--etcd-password and --etcd-password-file exclude each other');
  }
  const hasPassword = (options.etcdPassword ?? options.etcdPasswordFile) !== undefined;
  if ((options.etcdUsername !== undefined) !== hasPassword) {
    throw new OptionError('--etcd-username and its password are given together or not at all');
  }
}

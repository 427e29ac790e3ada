import { parseGoDuration } from '../machinery/duration.ts';
import { camelCase, environmentName, type Options, optionEntries, optionTable } from './options.ts';

/** A flag or variable that cannot be taken; the message names it as the user wrote it. */
export class OptionError extends Error {}

/**
 * Reads the options from the arguments, then the environment (TORTIE_…), then the defaults.
 * `--flag value`, `--flag=value`, `-v=4`, `-v 4`; a list is comma-separated and may be repeated; a boolean needs no value.
 * Throws OptionError for an unknown flag or a value of the wrong form.
 */
export function parseOptions(args: string[], environment: NodeJS.ProcessEnv): Options {
  const given = readFlags(args);
  const options: Record<string, unknown> = {};
  for (const [flag, option] of optionEntries) {
    const variable = environmentName(flag);
    const texts = given.get(flag);
    const text = texts ? texts.join(',') : environment[variable];
    const source = texts ? `--${flag}` : variable;
    const fallback =
      option.type === 'duration' && option.default !== undefined
        ? parseGoDuration(String(option.default))
        : option.default;
    options[camelCase(flag)] = text === undefined ? fallback : readValue(option.type, text, source);
  }
  const parsed = options as Options;
  checkTogether(parsed);
  return parsed;
}

function readFlags(args: string[]): Map<string, string[]> {
  const given = new Map<string, string[]>();
  for (let index = 0; index < args.length; index++) {
    const argument = args[index]!;
    const match = /^--?([a-z0-9][a-z0-9-]*)(?:=(.*))?$/s.exec(argument);
    if (!match) throw new OptionError(`unexpected argument ${JSON.stringify(argument)}; see --help`);
    const flag = match[1]!;
    if (!Object.hasOwn(optionTable, flag)) throw new OptionError(unknownFlag(flag));
    const { type } = optionTable[flag as keyof typeof optionTable];
    let value = match[2];
    if (value === undefined && type === 'boolean') value = 'true';
    if (value === undefined) {
      value = args[++index];
      if (value === undefined) throw new OptionError(`--${flag} needs a value`);
    }
    const values = given.get(flag) ?? [];
    if (type !== 'list') values.length = 0;
    values.push(value);
    given.set(flag, values);
  }
  return given;
}

function unknownFlag(flag: string): string {
  const near = optionEntries
    .map(([name]) => name)
    .find(name => name.startsWith(flag) || flag.startsWith(name));
  return `unknown flag --${flag}${near && near.length > 1 ? `; did you mean --${near}?` : ''}; see --help`;
}

function readValue(type: string, text: string, source: string): unknown {
  switch (type) {
    case 'integer': {
      if (!/^\d{1,9}$/.test(text)) {
        throw new OptionError(`${source} must be a whole number, not ${JSON.stringify(text)}`);
      }
      return Number(text);
    }
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

function checkTogether(options: Options): void {
  if ((options.tlsCertFile === undefined) !== (options.tlsPrivateKeyFile === undefined)) {
    throw new OptionError('--tls-cert-file and --tls-private-key-file are given together or not at all');
  }
  if (options.securePort > 65535) throw new OptionError('--secure-port must be at most 65535');
  if (!['embedded', 'memory'].includes(options.datastore)) {
    throw new OptionError(`--datastore must be embedded or memory, not ${JSON.stringify(options.datastore)}`);
  }
}

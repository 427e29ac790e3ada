import {
  camelCase,
  environmentName,
  type Options,
  type OptionType,
  optionEntries,
  type ValuesOf,
} from './options.ts';
import { type Given, OptionError, optionsOf, readFlags, readValue } from './parse.ts';

/** A flag that one command has beside the options of the stores it works on. */
export interface CommandFlag {
  type: OptionType;
  /** A letter that stands for it. */
  short?: string;
  default?: string | boolean | readonly string[];
  /** A name for the value in the usage line. */
  value?: string;
  text: string;
}

/** The options that say which datastore is meant, and how to reach it. */
export const datastoreOptions = optionEntries.filter(
  ([flag, { section }]) => section === 'Storage' && flag !== 'allow-separate-datastore',
);

interface CommandLine<F extends Record<string, CommandFlag>> {
  values: ValuesOf<F>;
  positionals: string[];
  /** The options of each store, in the order asked for. */
  stores: Options[];
}

/**
 * Reads the command line of a command that works on stores. `stores` are their names: '' for the only one, whose options are
 * those of `tortie serve`; the options of `from` begin with `from-`, and are those without it where they are not given, but
 * for the datastore itself, which has to be named: `--from etcd` or `--from-datastore etcd`. Throws OptionError.
 */
export function readCommand<F extends Record<string, CommandFlag>>(
  args: string[],
  environment: NodeJS.ProcessEnv,
  { flags, stores }: { flags: F; stores: readonly string[] },
): CommandLine<F> {
  const { given, positionals } = readFlags(args, flagTable(flags, stores));
  const values: Record<string, unknown> = {};
  for (const [flag, { type, short, default: fallback }] of Object.entries(flags)) {
    const found = given.get(flag) ?? (short === undefined ? undefined : given.get(short));
    values[camelCase(flag)] = found ? readValue(type, found.text, found.source) : fallback;
  }
  return {
    values: values as ValuesOf<F>,
    positionals,
    stores: stores.map(store => storeOptions(store, given, environment)),
  };
}

/** Whether the command line asks for help; nothing else in it matters then. */
export function asksForHelp(args: string[]): boolean {
  return args.some(argument => argument === '--help' || argument === '-h');
}

function flagTable(
  flags: Record<string, CommandFlag>,
  stores: readonly string[],
): Record<string, { type: OptionType }> {
  const table: Record<string, { type: OptionType }> = {};
  for (const [flag, definition] of Object.entries(flags)) {
    table[flag] = definition;
    if (definition.short) table[definition.short] = definition;
  }
  for (const [flag, definition] of datastoreOptions) {
    table[flag] = definition;
    for (const store of stores) if (store) table[`${store}-${flag}`] = definition;
  }
  for (const store of stores) if (store) table[store] = { type: 'string' };
  return table;
}

function storeOptions(store: string, given: Map<string, Given>, environment: NodeJS.ProcessEnv): Options {
  if (!store) return optionsOf(given, environment);
  const own = new Map(given);
  for (const [flag] of datastoreOptions) {
    const long = `${store}-${flag}`;
    const variable = environmentName(long);
    const text = environment[variable];
    const found =
      given.get(long) ??
      (flag === 'datastore' ? given.get(store) : undefined) ??
      (text === undefined ? undefined : { text, source: variable });
    if (found) own.set(flag, found);
    else if (flag === 'datastore') throw new OptionError(`--${store} DATASTORE is needed; see --help`);
  }
  return optionsOf(own, environment);
}

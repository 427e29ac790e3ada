import { parseArgs } from 'node:util';
import { OptionError } from '../../config/parse.ts';

export const forms = ['text', 'json', 'junit', 'sarif'] as const;
export type Form = (typeof forms)[number];

/** The command line of `tortie validate`. */
export interface Arguments {
  paths: string[];
  form: Form;
  strict: boolean;
  help: boolean;
}

/** Reads the command line. Throws OptionError for what it does not know, and where no file is named. */
export function parseArguments(args: string[]): Arguments {
  const { values, positionals } = parse(args);
  const form = values.output ?? 'text';
  const help = values.help === true;
  if (!isForm(form))
    throw new OptionError(`--output must be ${forms.join(', ')}, not ${JSON.stringify(form)}`);
  if (positionals.length === 0 && !help) {
    throw new OptionError(
      'validate needs a file, a folder or - for standard input; see tortie validate --help',
    );
  }
  return { paths: positionals, form, strict: values.strict === true, help };
}

function parse(args: string[]) {
  try {
    return parseArgs({
      args,
      allowPositionals: true,
      options: {
        output: { type: 'string', short: 'o' },
        strict: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    });
  } catch (error) {
    const [message = ''] = (error instanceof Error ? error.message : String(error)).split('. To specify');
    throw new OptionError(`${message}; see tortie validate --help`);
  }
}

function isForm(text: string): text is Form {
  return (forms as readonly string[]).includes(text);
}

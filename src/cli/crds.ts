import { OptionError } from '../config/parse.ts';
import { kinds } from '../kinds/index.ts';
import type { Json } from '../machinery/json.ts';
import { toYaml } from '../server/yaml.ts';
import { customResourceDefinitions } from '../storage/kubernetes/definitions.ts';

const usage = `Usage: tortie crds

Prints the CustomResourceDefinitions that the datastore kubernetes needs, as YAML:
  tortie crds | kubectl apply --server-side -f -
`;

/** Prints the definitions. Returns the exit code 0; throws OptionError for any argument but --help. */
export function crds(args: string[]): number {
  if (args.some(argument => argument === '--help' || argument === '-h')) {
    process.stdout.write(usage);
    return 0;
  }
  if (args.length > 0) throw new OptionError(`unexpected argument ${JSON.stringify(args[0])}; see --help`);
  // kubectl reads YAML 1.1, in which an unquoted Off is false.
  const documents = customResourceDefinitions(kinds).map(each => toYaml(each as unknown as Json));
  process.stdout.write(documents.join('---\n'));
  return 0;
}

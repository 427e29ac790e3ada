import { OptionError } from '../config/parse.ts';
import { applyHeapSize } from './heap-size.ts';
import { versionText } from './version.ts';

const usage = `Tortie serves the Calico API, projectcalico.org/v3.

Usage:
  tortie serve [flags]     run the server (serve --help lists the flags)
  tortie validate FILE...  check files without a server (validate --help tells more)
  tortie export [flags]    write what a datastore holds as a stream of objects (export --help tells more)
  tortie import FILE       store the objects of such a stream, or of any file (import --help tells more)
  tortie migrate [flags]   copy one datastore into another while it is in use (migrate --help tells more)
  tortie crds              print the CustomResourceDefinitions of the datastore kubernetes
  tortie version           print the version
`;

/**
 * Runs one command of the command line. Returns the exit code: 0 fine, 1 it failed, 2 the command line is wrong.
 * What the user asked for goes to stdout, what went wrong to stderr.
 */
export async function run(args: string[], environment: NodeJS.ProcessEnv): Promise<number> {
  const [command, ...rest] = args;
  try {
    switch (command) {
      case 'serve':
        applyHeapSize(rest, environment);
        // Loaded when needed: it brings the whole server.
        return await (await import('./serve.ts')).serve(rest, environment);
      case 'validate':
        // Loaded when needed, and without the server: it brings the kinds only.
        return await (await import('./validate.ts')).validate(rest, environment);
      case 'export':
        return await (await import('./export.ts')).exportObjects(rest, environment);
      case 'import':
        return await (await import('./import.ts')).importFile(rest, environment);
      case 'migrate':
        return await (await import('./migrate.ts')).migrate(rest, environment);
      case 'crds':
        return (await import('./crds.ts')).crds(rest);
      case 'version':
      case '--version':
        process.stdout.write(`${versionText()}\n`);
        return 0;
      case undefined:
      case 'help':
      case '--help':
      case '-h':
        process.stdout.write(usage);
        return 0;
      default:
        process.stderr.write(`unknown command ${JSON.stringify(command)}\n\n${usage}`);
        return 2;
    }
  } catch (error) {
    if (error instanceof OptionError) {
      process.stderr.write(`tortie: ${error.message}\n`);
      return 2;
    }
    process.stderr.write(`tortie: ${error instanceof Error ? error.message : String(error)}\n`);
    return 1;
  }
}

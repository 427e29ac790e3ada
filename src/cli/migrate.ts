import { createHash } from 'node:crypto';
import { destination } from 'pino';
import { asksForHelp, type CommandFlag, readCommand } from '../config/command.ts';
import { commandHelp } from '../config/help.ts';
import type { Options } from '../config/options.ts';
import { OptionError } from '../config/parse.ts';
import { createLog } from '../observability/log.ts';
import type { Datastore } from './datastore.ts';
import { conflictPolicy } from './import.ts';
import { Journal, type Route } from './move/journal.ts';
import { reporterOf, succeeded } from './move/migrate-report.ts';
import { openPlace, placeOf } from './move/places.ts';
import { runMigration } from './move/run-migration.ts';
import { shutdownSignal } from './shutdown.ts';
import type { Streams } from './streams.ts';

const flags = {
  follow: {
    type: 'boolean',
    default: false,
    text: 'Go on carrying what changes, until SIGINT or SIGTERM; then verify everything and end.',
  },
  'on-conflict': {
    type: 'string',
    default: 'fail',
    value: 'fail|skip|replace',
    text: 'What becomes of an object of the target that has a name of the source, but was not brought by a migration or has been changed since: it is an error, it stays, or it is replaced.',
  },
  prune: {
    type: 'boolean',
    default: false,
    text: 'Remove also those objects from the target that the source does not have and no migration has brought.',
  },
  journal: {
    type: 'string',
    value: 'FILE',
    text: 'Where to keep what was brought, for the next run. Without it a file in the working directory, named after the two datastores.',
  },
} as const satisfies Record<string, CommandFlag>;

const sides = ['from', 'to'] as const;

const usage = `Usage: tortie migrate --from DATASTORE --to DATASTORE [flags]

Copies every object of one datastore into another while the first is in use, follows what changes there, and compares
the two object by object. The source is only read. The command can be ended at any point and run again: it goes on where
it was, and removes what it has brought and the source has no more.

`;

const after = `

Exits with 0 where the target is as the source is, but for what it cannot keep, with 1 where it is not or the migration was
cut short, and with 2 for a wrong command line. On a terminal progress and report are text, elsewhere JSON lines.
`;

/**
 * Makes one store hold what another holds. The report goes to stdout. Returns the exit code. Throws OptionError for a wrong command
 * line, StorageError where a store fails for long.
 */
export async function migrate(
  args: string[],
  environment: NodeJS.ProcessEnv,
  streams: Streams = process,
  stopping: () => Promise<unknown> = shutdownSignal,
): Promise<number> {
  if (asksForHelp(args)) {
    streams.stdout.write(`${usage}${commandHelp(flags, sides)}${after}`);
    return 0;
  }
  const { values, positionals, stores } = readCommand(args, environment, { flags, stores: sides });
  if (positionals.length > 0) throw new OptionError(`unexpected argument ${JSON.stringify(positionals[0])}`);
  const onConflict = conflictPolicy(values.onConflict);
  const [fromOptions, toOptions] = stores as [Options, Options];
  const route = { from: placeOf(fromOptions), to: placeOf(toOptions) };
  if (route.from === route.to) throw new OptionError(`source and target are the same: ${route.from}`);
  const log = createLog({ level: 'warn', destination: destination(2) });
  const closing: (() => void | Promise<void>)[] = [];
  try {
    const open = async (options: Options, use: 'read' | 'write'): Promise<Datastore> => {
      const datastore = await openPlace(options, { log, use });
      closing.push(() => datastore.backend.close());
      return datastore;
    };
    const source = await open(fromOptions, 'read');
    const target = await open(toOptions, 'write');
    const journal = new Journal(values.journal ?? journalName(route), route);
    closing.push(() => journal.close());
    const reporter = reporterOf(streams, route);
    const stop = new AbortController();
    const stopped = stopping().then(signal => {
      if (!values.follow || !following.begun) stop.abort(new Error(cutShort(signal)));
    });
    const following = { begun: false };
    const result = await runMigration(source, target, {
      journal,
      onConflict,
      prune: values.prune,
      log,
      signal: stop.signal,
      tell: progress => reporter.progress(progress),
      ...(values.follow && {
        follow: {
          until: stopped,
          caughtUp(first) {
            following.begun = true;
            reporter.caughtUp(first);
          },
        },
      }),
    });
    reporter.done(result);
    return succeeded(result) ? 0 : 1;
  } finally {
    for (const close of closing.reverse()) await close();
  }
}

function cutShort(signal: unknown): string {
  return `ended by ${signal}; what was copied stays, run it again to go on`;
}

/** The same file for the same two stores. */
function journalName({ from, to }: Route): string {
  const hash = createHash('sha256').update(`${from}\n${to}`).digest('hex').slice(0, 8);
  return `tortie-migration-${hash}.jsonl`;
}

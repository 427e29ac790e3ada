import { destination } from 'pino';
import { asksForHelp, type CommandFlag, readCommand } from '../config/command.ts';
import { commandHelp } from '../config/help.ts';
import { OptionError } from '../config/parse.ts';
import { limits } from '../limits.ts';
import { createLog } from '../observability/log.ts';
import type { OnExisting } from '../registry/restore.ts';
import { countOf } from './count.ts';
import { type Counts, importObjects, type Told } from './move/import-objects.ts';
import { type Manifest, readObjects } from './move/manifest.ts';
import { openPlace, placeOf } from './move/places.ts';
import { copyInMemory } from './move/rehearsal.ts';
import { ProgressLine } from './progress-line.ts';
import { forgiveClosedPipe, type Streams } from './streams.ts';
import { readManifest, readStream, stdinName, UnreadableError } from './validate/files.ts';
import { textOf, visible } from './validate/text.ts';

const flags = {
  'dry-run': {
    type: 'boolean',
    default: false,
    text: 'Do and tell everything on a copy in memory; the datastore stays as it is.',
  },
  'on-conflict': {
    type: 'string',
    default: 'fail',
    value: 'fail|skip|replace',
    text: 'What becomes of an object that is there already with other content: it is an error, it stays, or it is replaced.',
  },
} as const satisfies Record<string, CommandFlag>;

const usage = `Usage: tortie import FILE|- [flags]

Stores the objects of projectcalico.org/v3 in a file, or on standard input, after the checks that the server makes. What
tortie export has written keeps its names, UIDs and creation times; any YAML or JSON for kubectl will do, in any order.
An object that is there already with the same content stays as it is, so the command can be run again.

`;

const after = `

Exits with 0 where every object is there now, with 1 where one was refused or the datastore failed, and with 2 for a
wrong command line or a file that cannot be read.
`;

/**
 * Stores the objects of a file. What was done goes to stdout, a line each, what was refused and the summary to stderr. Returns the
 * exit code. Throws OptionError for a wrong command line, StorageError where the store fails.
 */
export async function importFile(
  args: string[],
  environment: NodeJS.ProcessEnv,
  streams: Streams = process,
): Promise<number> {
  const { stdout, stderr } = streams;
  if (asksForHelp(args)) {
    stdout.write(`${usage}${commandHelp(flags, [''])}${after}`);
    return 0;
  }
  const { values, positionals, stores } = readCommand(args, environment, { flags, stores: [''] });
  const [path, ...rest] = positionals;
  if (path === undefined || rest.length > 0) {
    throw new OptionError('import needs one file, or - for standard input; see tortie import --help');
  }
  const onExisting = conflictPolicy(values.onConflict);
  const file = path === '-' ? stdinName : path;
  let manifest: Manifest;
  try {
    const { maxImportBytes } = limits;
    const bytes =
      path === '-' ? await readStream(streams.stdin, maxImportBytes) : readManifest(path, maxImportBytes);
    manifest = readObjects(file, bytes);
  } catch (error) {
    if (!(error instanceof UnreadableError)) throw error;
    stderr.write(`${visible(`${file}: ${error.message}`)}\n`);
    return 2;
  }
  forgiveClosedPipe(stdout);
  for (const subject of manifest.wrong) stderr.write(textOf(subject, { colour: false }));
  const counts = await store(manifest, {
    options: stores[0]!,
    onExisting,
    dryRun: values.dryRun,
    file,
    streams,
  });
  const refused = counts.refused + manifest.wrong.length;
  const words = summaryOf({ ...counts, refused }, manifest);
  stderr.write(`${words}${values.dryRun ? ' (dry run)' : ''}, ${placeOf(stores[0]!)}\n`);
  return refused > 0 ? 1 : 0;
}

async function store(
  manifest: Manifest,
  run: {
    options: Parameters<typeof openPlace>[0];
    onExisting: OnExisting;
    dryRun: boolean;
    file: string;
    streams: Streams;
  },
): Promise<Counts> {
  const { options, onExisting, dryRun, file, streams } = run;
  const log = createLog({ level: 'warn', destination: destination(2) });
  const progress = new ProgressLine(streams.stderr);
  const place = await openPlace(options, { log, use: 'write' });
  try {
    const datastore = dryRun ? await copyInMemory(place) : place;
    return await importObjects(datastore, manifest.objects, {
      onExisting,
      log,
      tell: ({ outcome, title, problems }: Told) => {
        progress.clear();
        if (outcome !== 'refused' && outcome !== 'unchanged') {
          streams.stdout.write(`${visible(`${outcome} ${title}`)}${dryRun ? ' (dry run)' : ''}\n`);
        }
        for (const { line, column, message } of problems) {
          streams.stderr.write(`${visible(`${file}:${line}:${column}: error: ${title}: ${message}`)}\n`);
        }
      },
      progress: done =>
        progress.tell(() => `imported ${done} of ${countOf(manifest.objects.length, 'object')}`),
    });
  } finally {
    progress.clear();
    await place.backend.close();
  }
}

/** The value of --on-conflict. Throws OptionError. */
export function conflictPolicy(text: string): OnExisting {
  if (text === 'fail' || text === 'skip' || text === 'replace') return text;
  throw new OptionError(`--on-conflict must be fail, skip or replace, not ${JSON.stringify(text)}`);
}

function summaryOf(counts: Counts, { passedOver }: Manifest): string {
  const { otherGroups, noObjects } = passedOver;
  return [
    `${counts.created} created`,
    `${counts.replaced} replaced`,
    `${counts.unchanged} unchanged`,
    ...(counts.skipped > 0 ? [`${counts.skipped} skipped`] : []),
    ...(counts.derived > 0 ? [`${counts.derived} left, which the datastore makes by itself`] : []),
    `${counts.refused} refused`,
    ...(counts.otherUid > 0 ? [`${counts.otherUid} with a UID of the datastore's own`] : []),
    ...(otherGroups > 0 ? [`${countOf(otherGroups, 'object')} of other API groups passed over`] : []),
    ...(noObjects > 0 ? [`${countOf(noObjects, 'document')} without an object passed over`] : []),
  ].join(', ');
}

import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { destination } from 'pino';
import { asksForHelp, type CommandFlag, readCommand } from '../config/command.ts';
import { commandHelp } from '../config/help.ts';
import { OptionError } from '../config/parse.ts';
import { kinds } from '../kinds/index.ts';
import type { Kind } from '../kinds/kind.ts';
import { encode } from '../machinery/encode.ts';
import type { Json } from '../machinery/json.ts';
import type { ApiObject } from '../machinery/object.ts';
import { createLog } from '../observability/log.ts';
import { toYaml } from '../server/yaml.ts';
import { countOf } from './count.ts';
import type { Datastore } from './datastore.ts';
import { inOrderOfCreation } from './move/order.ts';
import { openPlace, placeOf } from './move/places.ts';
import { readKind } from './move/read.ts';
import { ProgressLine } from './progress-line.ts';
import { type Streams, writerInStep } from './streams.ts';

const flags = {
  output: {
    type: 'string',
    short: 'o',
    default: '-',
    value: 'FILE',
    text: 'Where to write; - is standard output. A file is there only once it is complete.',
  },
  format: {
    type: 'string',
    default: 'json',
    value: 'json|yaml',
    text: 'One JSON object a line, or YAML documents.',
  },
  kinds: {
    type: 'list',
    default: [],
    value: 'KINDS',
    text: 'Only these, by kind, plural, singular or short name; all when empty.',
  },
} as const satisfies Record<string, CommandFlag>;

const usage = `Usage: tortie export [flags]

Writes every object of a datastore as a stream of projectcalico.org/v3 objects, in an order in which they can be created
again. They keep their names, UIDs and creation times. tortie import and kubectl apply -f read it.

`;

/**
 * Writes what a store holds to a file or standard output; what was done, and what could not be read, to stderr. Returns the exit
 * code: 1 where something in the store could not be read. Throws OptionError, StorageError, and what the file system throws.
 */
export async function exportObjects(
  args: string[],
  environment: NodeJS.ProcessEnv,
  streams: Streams = process,
): Promise<number> {
  if (asksForHelp(args)) {
    streams.stdout.write(`${usage}${commandHelp(flags, [''])}\n`);
    return 0;
  }
  const { values, positionals, stores } = readCommand(args, environment, { flags, stores: [''] });
  const options = stores[0]!;
  if (positionals.length > 0) throw new OptionError(`unexpected argument ${JSON.stringify(positionals[0])}`);
  const wanted = inOrderOfCreation(kindsNamed(values.kinds));
  const textOf = formOf(values.format);
  const log = createLog({ level: 'warn', destination: destination(2) });
  const datastore = await openPlace(options, { log, use: 'read' });
  const sink = openSink(values.output, streams);
  try {
    const done = await copyOut(datastore, wanted, {
      write: object => sink.write(textOf(object)),
      progress: new ProgressLine(streams.stderr),
    });
    sink.finish();
    for (const [key, reason] of done.unreadable) streams.stderr.write(`cannot be read: ${key}: ${reason}\n`);
    streams.stderr.write(`${summaryOf(done)}, from ${placeOf(options)}\n`);
    return done.unreadable.size > 0 ? 1 : 0;
  } catch (error) {
    sink.abandon();
    throw error;
  } finally {
    await datastore.backend.close();
  }
}

interface Done {
  objects: number;
  kinds: number;
  revisions: number[];
  unreadable: Map<string, string>;
}

async function copyOut(
  datastore: Datastore,
  wanted: Kind[],
  { write, progress }: { write(object: ApiObject): Promise<void>; progress: ProgressLine },
): Promise<Done> {
  const done: Done = { objects: 0, kinds: 0, revisions: [], unreadable: new Map() };
  const at = await datastore.backend.revision();
  for (const kind of wanted) {
    const { objects, revision, unreadable } = await readKind(datastore, kind, at);
    if (objects.length > 0) done.kinds++;
    done.revisions.push(revision);
    for (const [key, reason] of unreadable) done.unreadable.set(key, reason);
    for (const object of objects) {
      await write(object);
      done.objects++;
      progress.tell(() => `exported ${countOf(done.objects, 'object')}, ${kind.plural} now`);
    }
  }
  progress.clear();
  return done;
}

function summaryOf({ objects, kinds, revisions, unreadable }: Done): string {
  const lowest = Math.min(...revisions);
  const highest = Math.max(...revisions);
  const when =
    lowest === highest
      ? `as of revision ${lowest}`
      : `each kind as of a revision of its own, ${lowest} to ${highest}, since this store keeps no past`;
  const left = unreadable.size > 0 ? `, ${countOf(unreadable.size, 'value')} left out` : '';
  return `exported ${countOf(objects, 'object')} of ${countOf(kinds, 'kind')}${left}, ${when}`;
}

/** The kinds that are called so. Throws OptionError for a name that none has. */
function kindsNamed(names: string[]): Kind[] {
  if (names.length === 0) return kinds;
  return names.map(name => {
    const found = kinds.find(({ kind, plural, singular, shortNames }) =>
      [kind.toLowerCase(), plural, singular, ...shortNames].includes(name.toLowerCase()),
    );
    if (!found) throw new OptionError(`--kinds: there is no kind ${JSON.stringify(name)}`);
    return found;
  });
}

/** The text of one object in the stream, without what only its store could use. Throws OptionError. */
function formOf(format: string): (object: ApiObject) => string {
  const less = ({ metadata: { resourceVersion: _, ...metadata }, ...rest }: ApiObject) => {
    const { apiVersion, kind, ...content } = rest;
    return { apiVersion, kind, metadata, ...content };
  };
  if (format === 'json') return object => `${encode(less(object))}\n`;
  if (format === 'yaml') return object => `---\n${toYaml(less(object) as unknown as Json)}`;
  throw new OptionError(`--format must be json or yaml, not ${JSON.stringify(format)}`);
}

interface Sink {
  write(text: string): Promise<void>;
  finish(): void;
  abandon(): void;
}

/** A file under another name until it is complete, readable by its owner only; or standard output. */
function openSink(path: string, streams: Streams): Sink {
  if (path === '-') {
    return { write: writerInStep(streams.stdout), finish() {}, abandon() {} };
  }
  const part = `${path}.part`;
  // One that is left over may be readable by others.
  rmSync(part, { force: true });
  const file = openSync(part, 'wx', 0o600);
  return {
    write: async text => writeFileSync(file, text),
    finish() {
      fsyncSync(file);
      closeSync(file);
      renameSync(part, path);
    },
    abandon() {
      closeSync(file);
      rmSync(part, { force: true });
    },
  };
}

import { createHash } from 'node:crypto';
import { isAbsolute, relative, sep } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type CheckId, checkTable } from './checks.ts';
import { stdinName } from './files.ts';
import { fullMessage, type Problem, type Report, type Subject, titleOf } from './report.ts';

/** GitHub refuses a run with more. */
const maxResults = 25_000;

/**
 * The report in SARIF 2.1.0 (OASIS), as far as GitHub's code scanning reads it. Paths are relative to `folder`, which is
 * to be the root of the repository. Of more results than GitHub takes, warnings are left out first.
 */
export function sarifOf(report: Report, options: { folder: string; version: string }): string {
  const checks = Object.keys(checkTable) as CheckId[];
  const all = report.subjects.flatMap(subject => subject.problems.map(problem => ({ subject, problem })));
  const ranked = all.toSorted((a, b) => a.problem.level.localeCompare(b.problem.level));
  const results = all.length > maxResults ? ranked.slice(0, maxResults) : all;
  const fingerprint = fingerprints();
  const document = {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: {
          driver: { name: 'tortie', semanticVersion: options.version, rules: checks.map(ruleOf) },
        },
        columnKind: 'utf16CodeUnits',
        invocations: [
          {
            executionSuccessful: report.unreadable.length === 0,
            toolExecutionNotifications: report.unreadable.map(({ file, message }) => ({
              level: 'error',
              message: { text: `${file}: ${message}` },
            })),
          },
        ],
        results: results.map(({ subject, problem }) => ({
          ...resultOf(subject, problem, checks, options.folder),
          partialFingerprints: { primaryLocationLineHash: fingerprint(subject, problem) },
        })),
      },
    ],
  };
  return `${JSON.stringify(document, null, 2)}\n`;
}

function ruleOf(id: CheckId): object {
  const { says, help, level } = checkTable[id];
  return {
    id,
    shortDescription: { text: says },
    fullDescription: { text: says },
    help: { text: help },
    defaultConfiguration: { level },
  };
}

function resultOf(subject: Subject, problem: Problem, checks: CheckId[], folder: string): object {
  return {
    ruleId: problem.check,
    ruleIndex: checks.indexOf(problem.check),
    level: problem.level,
    message: { text: `${titleOf(subject)}: ${fullMessage(problem)}` },
    locations: [
      {
        physicalLocation: {
          artifactLocation: { uri: uriOf(problem.file, folder) },
          region: {
            startLine: problem.line,
            startColumn: problem.column,
            endLine: problem.line,
            endColumn: problem.column + 1,
          },
        },
        ...(problem.field !== '' && {
          logicalLocations: [{ fullyQualifiedName: problem.field, kind: 'property' }],
        }),
      },
    ],
  };
}

/**
 * By which GitHub knows a problem again: what is wrong with which field of which object, wherever in the files that stands, and a
 * number for the next of the same.
 */
function fingerprints(): (subject: Subject, problem: Problem) => string {
  const counts = new Map<string, number>();
  return (subject, { check, field, message }) => {
    const identity = JSON.stringify([titleOf(subject), check, field || message]);
    const hash = createHash('sha256').update(identity).digest('hex').slice(0, 16);
    const count = (counts.get(hash) ?? 0) + 1;
    counts.set(hash, count);
    return `${hash}:${count}`;
  };
}

/** A URI relative to the folder, or an absolute one for a file beside it. */
function uriOf(file: string, folder: string): string {
  if (file === stdinName) return 'stdin';
  const path = relative(folder, isAbsolute(file) ? file : `${folder}${sep}${file}`);
  if (isAbsolute(path) || path.split(sep)[0] === '..') return pathToFileURL(file).href;
  return path.split(sep).map(encodeURIComponent).join('/');
}

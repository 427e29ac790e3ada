import { ProgressLine } from './progress-line.ts';
import { forgiveClosedPipe, type Streams } from './streams.ts';
import { parseArguments } from './validate/arguments.ts';
import { checkDocument } from './validate/check-document.ts';
import { splitDocuments } from './validate/documents.ts';
import { findFiles, readManifest, readStream, stdinName, UnreadableError } from './validate/files.ts';
import { jsonOf } from './validate/json.ts';
import { junitOf } from './validate/junit.ts';
import { countLevels, problemsOf, type Report, type Subject } from './validate/report.ts';
import { sarifOf } from './validate/sarif.ts';
import { summaryOf } from './validate/summary.ts';
import { textOf, visible, wantsColour } from './validate/text.ts';
import { packageVersion } from './version.ts';

const usage = `Usage: tortie validate FILE... [flags]

Checks objects of projectcalico.org/v3 as the server would, without a server. FILE is a file, a folder (all *.yaml, *.yml
and *.json below it) or - for standard input. Objects of other API groups are passed over.

  -o, --output text|json|junit|sarif (default text)
      The form of the report on standard output.
  --strict
      Warnings count as errors do.

Exits with 0 where there are no errors, with 1 where there are, and with 2 for a wrong command line or a file that cannot be
read.
`;

/**
 * Checks files with the very functions that the server checks requests with. The report goes to stdout, the summary, progress and
 * what could not be read to stderr. Returns the exit code. Throws OptionError for a wrong command line.
 */
export async function validate(
  args: string[],
  environment: NodeJS.ProcessEnv,
  streams: Streams = process,
): Promise<number> {
  const { paths, form, strict, help } = parseArguments(args);
  const { stdout, stderr } = streams;
  if (help) {
    stdout.write(usage);
    return 0;
  }
  forgiveClosedPipe(stdout);
  const progress = new ProgressLine(stderr);
  const colour = wantsColour(stdout, environment);
  const show = (subject: Subject) => {
    if (form !== 'text' || subject.problems.length === 0) return;
    progress.clear();
    stdout.write(textOf(subject, { colour }));
  };
  const report = await check(paths, { stdin: streams.stdin, progress, show });
  progress.clear();
  if (form === 'json') stdout.write(jsonOf(report));
  if (form === 'junit') stdout.write(junitOf(report, { strict }));
  if (form === 'sarif') stdout.write(sarifOf(report, { folder: process.cwd(), version: packageVersion() }));
  for (const { file, message } of report.unreadable) stderr.write(`${visible(`${file}: ${message}`)}\n`);
  stderr.write(`${summaryOf(report)}\n`);
  return exitCode(report, strict);
}

async function check(
  paths: string[],
  parts: { stdin: Streams['stdin']; progress: ProgressLine; show(subject: Subject): void },
): Promise<Report> {
  const { files, unreadable } = findFiles(paths);
  const report: Report = {
    files: 0,
    subjects: [],
    passedOver: { otherGroups: 0, noObjects: 0 },
    unreadable,
  };
  const seen = new Map<string, string>();
  for (const path of files) {
    try {
      const bytes = path === '-' ? await readStream(parts.stdin) : readManifest(path);
      const file = path === '-' ? stdinName : path;
      report.files++;
      let number = 0;
      for (const document of splitDocuments(bytes)) {
        const before = report.subjects.length;
        checkDocument(document, { file, number: ++number, report, seen });
        for (const subject of report.subjects.slice(before)) parts.show(subject);
        const objects = report.subjects.length;
        parts.progress.tell(() => `checked ${objects} objects in ${report.files} of ${files.length} files`);
      }
    } catch (error) {
      if (!(error instanceof UnreadableError)) throw error;
      unreadable.push({ file: path, message: error.message });
    }
  }
  return report;
}

function exitCode(report: Report, strict: boolean): number {
  if (report.unreadable.length > 0) return 2;
  const { errors, warnings } = countLevels(problemsOf(report));
  return errors > 0 || (strict && warnings > 0) ? 1 : 0;
}

import { fullMessage, type Level, type Report, type Subject, titleOf } from './report.ts';

/**
 * The report in the form of JUnit's XML: a test suite for each file, a test case for each object. An object with errors has failed;
 * with `strict` one with warnings too, else they are its output. A file that could not be read is an error.
 */
export function junitOf(report: Report, options: { strict: boolean }): string {
  const failing: Level[] = options.strict ? ['error', 'warning'] : ['error'];
  const bySuite = Map.groupBy(report.subjects, ({ file }) => file);
  const failures = (subjects: Subject[]) => subjects.filter(subject => fails(subject, failing)).length;
  const tests = report.subjects.length + report.unreadable.length;
  const totals = `tests="${tests}" failures="${failures(report.subjects)}" errors="${report.unreadable.length}"`;
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="tortie validate" ${totals}>`,
    ...[...bySuite].flatMap(([file, subjects]) => [
      `  <testsuite name=${attribute(file)} tests="${subjects.length}" failures="${failures(subjects)}" errors="0">`,
      ...subjects.flatMap(subject => testCase(subject, failing)),
      '  </testsuite>',
    ]),
    ...report.unreadable.flatMap(({ file, message }) => [
      `  <testsuite name=${attribute(file)} tests="1" failures="0" errors="1">`,
      `    <testcase classname=${attribute(file)} name="can be read">`,
      `      <error message=${attribute(message)} type="unreadable">${escaped(`${file}: ${message}`)}</error>`,
      '    </testcase>',
      '  </testsuite>',
    ]),
    '</testsuites>',
    '',
  ].join('\n');
}

function fails(subject: Subject, failing: Level[]): boolean {
  return subject.problems.some(({ level }) => failing.includes(level));
}

function testCase(subject: Subject, failing: Level[]): string[] {
  const opening = `    <testcase classname=${attribute(subject.file)} name=${attribute(titleOf(subject))}`;
  const [first] = subject.problems;
  if (!first) return [`${opening}/>`];
  const failed = subject.problems.filter(({ level }) => failing.includes(level));
  const others = subject.problems.filter(({ level }) => !failing.includes(level));
  // Readers of this form differ in what they make of several failures of one case: one holds all.
  const failure = failed[0] && [
    `      <failure message=${attribute(fullMessage(failed[0]))} type=${attribute(failed[0].check)}>${lines(failed)}</failure>`,
  ];
  return [
    `${opening} file=${attribute(subject.file)} line="${first.line}">`,
    ...(failure ?? []),
    ...(others.length > 0 ? [`      <system-out>${lines(others)}</system-out>`] : []),
    '    </testcase>',
  ];
}

function lines(problems: Subject['problems']): string {
  const texts = problems.map(
    problem => `${problem.file}:${problem.line}:${problem.column}: ${problem.level}: ${fullMessage(problem)}`,
  );
  return escaped(texts.join('\n'));
}

/** XML 1.0 has no way at all to write most control characters and half surrogates. */
function escaped(text: string): string {
  return (
    text
      .toWellFormed()
      // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is replaced
      .replaceAll(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, '\ufffd')
      .replaceAll('&', '&amp;')
      .replaceAll('<', '&lt;')
      .replaceAll('>', '&gt;')
      .replaceAll('"', '&quot;')
  );
}

function attribute(text: string): string {
  const oneLine = escaped(text).replaceAll(/[\t\r\n]/g, character => `&#${character.charCodeAt(0)};`);
  return `"${oneLine}"`;
}

import { countLevels, countObjects, problemsOf, type Report, titleOf } from './report.ts';

/** The version of the form below; it changes when a field goes or changes its meaning, not when one is added. */
const formVersion = 1;

/** The report as one JSON document; docs/guides/validate.md describes it. */
export function jsonOf(report: Report): string {
  const { errors, warnings } = countLevels(problemsOf(report));
  const document = {
    version: formVersion,
    summary: {
      files: report.files,
      objects: countObjects(report),
      errors,
      warnings,
      otherGroups: report.passedOver.otherGroups,
      noObjects: report.passedOver.noObjects,
      unreadable: report.unreadable.length,
    },
    problems: report.subjects.flatMap(subject =>
      subject.problems.map(({ file, line, column, level, check, field, message }) => ({
        file,
        line,
        column,
        level,
        check,
        object: {
          title: titleOf(subject),
          kind: subject.kind,
          namespace: subject.namespace,
          name: subject.name,
          document: subject.document,
        },
        field,
        message,
      })),
    ),
    unreadable: report.unreadable,
  };
  return `${JSON.stringify(document, null, 2)}\n`;
}

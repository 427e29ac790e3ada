import { countLevels, countObjects, problemsOf, type Report } from './report.ts';

function plural(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}

/** The last line of a run: what was checked, what was found and what was passed over. */
export function summaryOf(report: Report): string {
  const { errors, warnings } = countLevels(problemsOf(report));
  const { otherGroups, noObjects } = report.passedOver;
  const checked = `${plural(countObjects(report), 'object')} in ${plural(report.files, 'file')}`;
  const found =
    errors + warnings === 0
      ? 'no problems'
      : [
          ...(errors > 0 ? [plural(errors, 'error')] : []),
          ...(warnings > 0 ? [plural(warnings, 'warning')] : []),
        ].join(', ');
  const passedOver = [
    ...(otherGroups > 0 ? [`${plural(otherGroups, 'object')} of other API groups`] : []),
    ...(noObjects > 0 ? [`${plural(noObjects, 'document')} without an object`] : []),
  ].join(' and ');
  const unreadable = report.unreadable.length;
  return [
    `${checked}: ${found}`,
    ...(passedOver ? [`${passedOver} passed over`] : []),
    ...(unreadable > 0 ? [`${plural(unreadable, 'path')} could not be read`] : []),
  ].join('; ');
}

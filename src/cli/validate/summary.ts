import { countOf } from '../count.ts';
import { countLevels, countObjects, problemsOf, type Report } from './report.ts';

/** The last line of a run: what was checked, what was found and what was passed over. */
export function summaryOf(report: Report): string {
  const { errors, warnings } = countLevels(problemsOf(report));
  const { otherGroups, noObjects } = report.passedOver;
  const checked = `${countOf(countObjects(report), 'object')} in ${countOf(report.files, 'file')}`;
  const found =
    errors + warnings === 0
      ? 'no problems'
      : [
          ...(errors > 0 ? [countOf(errors, 'error')] : []),
          ...(warnings > 0 ? [countOf(warnings, 'warning')] : []),
        ].join(', ');
  const passedOver = [
    ...(otherGroups > 0 ? [`${countOf(otherGroups, 'object')} of other API groups`] : []),
    ...(noObjects > 0 ? [`${countOf(noObjects, 'document')} without an object`] : []),
  ].join(' and ');
  const unreadable = report.unreadable.length;
  return [
    `${checked}: ${found}`,
    ...(passedOver ? [`${passedOver} passed over`] : []),
    ...(unreadable > 0 ? [`${countOf(unreadable, 'path')} could not be read`] : []),
  ].join('; ');
}

import { errorCatalogue, fieldErrorTypes } from '../../src/machinery/status.ts';
import { code, type GeneratedFile, table } from './generated-file.ts';

/** docs/reference/errors.md. */
export function errorsPage(): GeneratedFile {
  const reasons = Object.entries(errorCatalogue).map(([reason, { code: httpCode, when }]) => [
    code(reason),
    String(httpCode),
    when,
  ]);
  const causes = Object.values(fieldErrorTypes).map(({ cause, text }) => [code(cause), text]);
  const content = [
    '# Errors',
    '',
    'An error is answered as a Kubernetes `Status` object. Programs go by its `reason`, then by the code; people read `message`.',
    'Generated from `src/machinery/status.ts` by `npm run gen`.',
    '',
    table(['reason', 'code', 'when'], reasons),
    '',
    '## Causes of Invalid',
    '',
    'A 422 tells all that is wrong with an object at once. `details.causes` has an entry for each broken rule: `field` is the path',
    'as it stands in the object (`spec.ingress[0].action`), `reason` is one of these, and `message` begins with the words beside it.',
    '',
    table(['reason of the cause', 'message begins with'], causes),
    '',
  ].join('\n');
  return { path: 'docs/reference/errors.md', content };
}

/** The formats of names in Kubernetes (apimachinery pkg/api/validate/content), with its own messages. */

const labelFormat = '[a-z0-9]([-a-z0-9]*[a-z0-9])?';
const subdomainFormat = `${labelFormat}(\\.${labelFormat})*`;
const qualifiedFormat = '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]';
const labelValueFormat = `(${qualifiedFormat})?`;

const labelPattern = new RegExp(`^${labelFormat}$`);
const subdomainPattern = new RegExp(`^${subdomainFormat}$`);
const qualifiedPattern = new RegExp(`^${qualifiedFormat}$`);
const labelValuePattern = new RegExp(`^${labelValueFormat}$`);

const labelMessage =
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', " +
  'and must start and end with an alphanumeric character';
const subdomainMessage =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', " +
  'and must start and end with an alphanumeric character';
const qualifiedMessage =
  "must consist of alphanumeric characters, '-', '_' or '.', " +
  'and must start and end with an alphanumeric character';
const labelValueMessage =
  "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', " +
  'and must start and end with an alphanumeric character';

function formatMessage(message: string, format: string, ...examples: string[]): string {
  const quoted = examples.map(example => `'${example}'`).join(',  or ');
  // The two spaces are upstream's.
  return `${message} (e.g. ${quoted}, regex used for validation is '${format}')`;
}

/** Upstream counts bytes everywhere, but calls them characters in the messages about names of objects. */
function tooLong(value: string, maxBytes: number, unit: 'bytes' | 'characters'): string[] {
  return Buffer.byteLength(value) > maxBytes ? [`must be no more than ${maxBytes} ${unit}`] : [];
}

/** What is wrong with a DNS label of RFC 1123, as namespaces are named; empty if nothing is. */
export function dnsLabelErrors(value: string): string[] {
  const errors = tooLong(value, 63, 'characters');
  if (labelPattern.test(value)) return errors;
  if (subdomainPattern.test(value)) return [...errors, 'must not contain dots'];
  return [...errors, formatMessage(labelMessage, labelFormat, 'my-name', '123-abc')];
}

/** What is wrong with a DNS subdomain of RFC 1123, as most objects are named; empty if nothing is. */
export function dnsSubdomainErrors(value: string): string[] {
  return subdomainErrors(value, 'characters');
}

function subdomainErrors(value: string, unit: 'bytes' | 'characters'): string[] {
  const errors = tooLong(value, 253, unit);
  if (subdomainPattern.test(value)) return errors;
  return [...errors, formatMessage(subdomainMessage, subdomainFormat, 'example.com')];
}

const qualifiedFormatMessage = formatMessage(
  qualifiedMessage,
  qualifiedFormat,
  'MyName',
  'my.name',
  '123-abc',
);

/** Nearly every name: without a prefix, and of the right length. */
const plainNamePattern = /^[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/;

/** What is wrong with a qualified name (`[prefix/]name`): label keys, annotation keys, finalizers. */
export function qualifiedNameErrors(value: string): string[] {
  if (plainNamePattern.test(value)) return [];
  const parts = value.split('/');
  if (parts.length > 2) {
    return [
      `a valid label key ${qualifiedFormatMessage} with an optional DNS subdomain prefix and '/' ` +
        "(e.g. 'example.com/MyName')",
    ];
  }
  const errors: string[] = [];
  const name = parts.at(-1)!;
  if (parts.length === 2) {
    const prefix = parts[0]!;
    const problems = prefix === '' ? ['must be non-empty'] : subdomainErrors(prefix, 'bytes');
    errors.push(...problems.map(problem => `prefix part ${problem}`));
  }
  if (name === '') errors.push('name part must be non-empty');
  else errors.push(...tooLong(name, 63, 'bytes').map(problem => `name part ${problem}`));
  if (!qualifiedPattern.test(name)) errors.push(`name part ${qualifiedFormatMessage}`);
  return errors;
}

/** What is wrong with the value of a label; empty if nothing is. */
export function labelValueErrors(value: string): string[] {
  const errors = tooLong(value, 63, 'bytes');
  if (labelValuePattern.test(value)) return errors;
  return [...errors, formatMessage(labelValueMessage, labelValueFormat, 'MyValue', 'my_value', '12345')];
}

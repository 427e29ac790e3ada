import type { Json } from '../../machinery/json.ts';
import { isPlainPort, parsePort } from '../port.ts';
import { portNameProblem } from '../port-name.ts';
import { defineRule, type Rule } from '../rule.ts';
import { textRule } from './text.ts';

export { canonicalPort } from '../port.ts';

const aPort = 'must be a port from 1 to 65535';
const aPortOrName =
  'must be a port number, a range such as "8000:8080" or the name of a container port; a name ';

/** A port as rules and FelixConfiguration hold it: a number, a range or a name. Goes with `canonicalPort`. */
export const portRule: Rule = defineRule<Json>({
  id: 'port',
  says:
    'Must be a port from 1 to 65535, a range of them such as "8000:8080", or the name of a container port (1 to ' +
    '15 lower case letters, digits and dashes).',
  source: 'kinds.md 0.4, numorstring values (Port); kinds.md 0.3b, Struct checks (Port)',
  check: value => {
    if (isPlainPort(value)) return undefined;
    const port = parsePort(value);
    return 'problem' in port ? { detail: port.problem } : undefined;
  },
  cases: {
    valid: [
      { value: 1 },
      { value: 65535 },
      { value: '80', why: 'it is stored as the number' },
      { value: '080' },
      { value: '8000:8080' },
      { value: '80:80' },
      { value: 'http' },
      { value: 'a-15-byte-name1' },
    ],
    invalid: [
      { value: 0, detail: aPort },
      { value: 65536, detail: aPort },
      { value: -1, detail: aPort },
      { value: '0', detail: aPort },
      { value: '0:80', detail: `${aPort}, at both ends of a range` },
      { value: '80:65536', detail: `${aPort}, at both ends of a range` },
      { value: '90:80', detail: 'must be a range from its lower end to its higher one: "80:90"' },
      { value: '8000-8080', detail: 'must be a range with a colon and no blanks: "8000:8080"' },
      { value: 'HTTP', detail: `${aPortOrName}consists of lower case letters, digits and '-'` },
      { value: 'a-16-bytes-name1', detail: `${aPortOrName}has 1 to 15 characters` },
      { value: '', detail: `${aPortOrName}has 1 to 15 characters` },
      { value: '-1', detail: `${aPortOrName}has at least one letter` },
    ],
  },
});

/** A port or a range of numbers, no name: FelixConfiguration kubeNodePortRanges. Goes with `canonicalPort`. */
export const numberedPortRule: Rule = defineRule<Json>({
  id: 'numbered-port',
  says: 'Must be a port from 1 to 65535 or a range of them such as "30000:32767".',
  source: 'kinds.md 3, FelixConfiguration, kubeNodePortRanges',
  check: value => {
    const port = parsePort(value);
    const aRange = 'must be a port number or a range such as "30000:32767"';
    if ('name' in port) return { detail: `${aRange}, not the name of a port` };
    return 'problem' in port
      ? { detail: port.problem.startsWith(aPortOrName) ? aRange : port.problem }
      : undefined;
  },
  cases: {
    valid: [{ value: 30000 }, { value: '30000:32767' }],
    invalid: [
      {
        value: 'http',
        detail: 'must be a port number or a range such as "30000:32767", not the name of a port',
      },
      { value: 'HTTP', detail: 'must be a port number or a range such as "30000:32767"' },
      { value: 0, detail: aPort },
    ],
  },
});

/** The name of a port of a container. */
export const portNameRule: Rule = textRule({
  id: 'port-name',
  says: 'Must be the name of a port: 1 to 15 lower case letters, digits and dashes, with at least one letter.',
  source: 'kinds.md 0.3, Named field checks (portName)',
  problem: text => {
    const problem = portNameProblem(text);
    return problem && `must be the name of a port, such as https; a name ${problem}`;
  },
  valid: ['http', 'a', 'x-1', '1a', 'a-15-byte-name1'],
  invalid: [
    ['', 'must be the name of a port, such as https; a name has 1 to 15 characters'],
    ['a-16-bytes-name1', 'must be the name of a port, such as https; a name has 1 to 15 characters'],
    [
      'Http',
      "must be the name of a port, such as https; a name consists of lower case letters, digits and '-'",
    ],
    ['8080', 'must be the name of a port, such as https; a name has at least one letter'],
    ['a--b', "must be the name of a port, such as https; a name has no two '-' in a row"],
    ['-a', "must be the name of a port, such as https; a name has no '-' at either end"],
  ],
});

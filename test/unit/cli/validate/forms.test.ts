import assert from 'node:assert/strict';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { Ajv } from 'ajv';
import { checkTable } from '../../../../src/cli/validate/checks.ts';
import { jsonOf } from '../../../../src/cli/validate/json.ts';
import { junitOf } from '../../../../src/cli/validate/junit.ts';
import type { Problem, Report, Subject } from '../../../../src/cli/validate/report.ts';
import { sarifOf } from '../../../../src/cli/validate/sarif.ts';
import { summaryOf } from '../../../../src/cli/validate/summary.ts';
import { textOf, wantsColour } from '../../../../src/cli/validate/text.ts';
import { sarifSchema } from './sarif-schema.ts';

function problem(file: string, more: Partial<Problem> = {}): Problem {
  return {
    file,
    line: 3,
    column: 5,
    level: 'error',
    check: 'invalid-value',
    field: 'spec.order',
    message: 'Invalid value: 1: must be 2',
    ...more,
  };
}

const warning: Partial<Problem> = { level: 'warning', check: 'likely-mistake', field: '', message: 'odd' };

const fine: Subject = {
  file: 'a.yaml',
  kind: 'Tier',
  namespace: '',
  name: 'fine',
  document: 1,
  problems: [],
};
const failed: Subject = {
  ...fine,
  kind: 'NetworkPolicy',
  namespace: 'x',
  name: 'p',
  document: 2,
  problems: [problem('a.yaml'), problem('a.yaml', warning)],
};
const odd: Subject = { ...fine, name: 'odd', problems: [problem('a.yaml', warning)] };
const broken: Subject = {
  ...fine,
  file: 'b/<&">.yaml',
  kind: '',
  name: '',
  document: 3,
  problems: [
    problem('b/<&">.yaml', { check: 'syntax', field: '', message: 'bad \x1b[31m\u0000 "text"\n<x>' }),
  ],
};

function report(subjects: Subject[], unreadable: Report['unreadable'] = []): Report {
  const files = new Set(subjects.map(({ file }) => file)).size;
  return { files, subjects, passedOver: { otherGroups: 0, noObjects: 0 }, unreadable };
}

const everything: Report = {
  ...report([fine, failed, odd, broken], [{ file: 'c.yaml', message: 'no permission to read it' }]),
  passedOver: { otherGroups: 1, noObjects: 2 },
};

suite('text', () => {
  test('a line for each problem', () => {
    assert.equal(textOf(fine, { colour: false }), '');
    assert.equal(
      textOf(failed, { colour: false }),
      'a.yaml:3:5: error: spec.order: Invalid value: 1: must be 2\na.yaml:3:5: warning: odd\n',
    );
  });

  test('the field is named once', () => {
    const named = problem('a.yaml', { field: 'spec.x', message: 'spec.x: takes no effect' });
    assert.equal(
      textOf({ ...fine, problems: [named] }, { colour: false }),
      'a.yaml:3:5: error: spec.x: takes no effect\n',
    );
  });

  test('what would be a command to a terminal is spelt out', () => {
    assert.equal(
      textOf(broken, { colour: false }),
      'b/<&">.yaml:3:5: error: bad \\x1b[31m\\x00 "text"\\n<x>\n',
    );
  });

  test('colour', () => {
    assert.ok(textOf(failed, { colour: true }).includes('\x1b[1;31merror:\x1b[0m spec.order'));
    const table: [boolean, NodeJS.ProcessEnv, boolean][] = [
      [true, {}, true],
      [true, { NO_COLOR: '' }, true],
      [true, { NO_COLOR: '1' }, false],
      [true, { TERM: 'dumb' }, false],
      [false, { TERM: 'xterm' }, false],
    ];
    for (const [isTTY, environment, expected] of table) {
      assert.equal(wantsColour({ isTTY }, environment), expected, JSON.stringify([isTTY, environment]));
    }
  });
});

suite('summary', () => {
  const table: [Report, string][] = [
    [report([]), '0 objects in 0 files: no problems'],
    [report([fine]), '1 object in 1 file: no problems'],
    [report([odd]), '1 object in 1 file: 1 warning'],
    [
      everything,
      '3 objects in 2 files: 2 errors, 2 warnings; 1 object of other API groups and 2 documents without an object ' +
        'passed over; 1 path could not be read',
    ],
  ];
  for (const [of, expected] of table) test(expected, () => assert.equal(summaryOf(of), expected));
});

suite('json', () => {
  test('the documented form', () => {
    const document = JSON.parse(jsonOf(everything));
    assert.deepEqual(document.summary, {
      files: 2,
      objects: 3,
      errors: 2,
      warnings: 2,
      otherGroups: 1,
      noObjects: 2,
      unreadable: 1,
    });
    assert.deepEqual(Object.keys(document), ['version', 'summary', 'problems', 'unreadable']);
    assert.deepEqual(document.problems[0], {
      file: 'a.yaml',
      line: 3,
      column: 5,
      level: 'error',
      check: 'invalid-value',
      object: { title: 'NetworkPolicy x/p', kind: 'NetworkPolicy', namespace: 'x', name: 'p', document: 2 },
      field: 'spec.order',
      message: 'Invalid value: 1: must be 2',
    });
    assert.deepEqual(document.unreadable, [{ file: 'c.yaml', message: 'no permission to read it' }]);
  });
});

/** The elements of an XML text, in order. Throws where it is not well-formed, as far as our output can be so. */
function elements(xml: string): { name: string; attributes: Record<string, string>; text: string }[] {
  const found: { name: string; attributes: Record<string, string>; text: string }[] = [];
  const open: typeof found = [];
  const plain = (text: string) => {
    assert.doesNotMatch(text, /[<>]|&(?!amp;|lt;|gt;|quot;|#\d+;)/);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: XML has no way to write them
    assert.doesNotMatch(text, /[\u0000-\u0008\u000b\u000c\u000e-\u001f]/);
    return text
      .replaceAll('&lt;', '<')
      .replaceAll('&gt;', '>')
      .replaceAll('&quot;', '"')
      .replaceAll(/&#(\d+);/g, (_, code) => String.fromCharCode(code))
      .replaceAll('&amp;', '&');
  };
  const token = /<(\/?)(\w[\w-]*)((?:\s+[\w-]+="[^"<]*")*)\s*(\/?)>|([^<]+)/gy;
  const body = xml.replace(/^<\?xml version="1\.0" encoding="UTF-8"\?>\n/, '');
  for (let at = 0; at < body.length; at = token.lastIndex) {
    token.lastIndex = at;
    const match = token.exec(body);
    assert.ok(match, `no XML at ${body.slice(at, at + 80)}`);
    const [, closing, name = '', attributes = '', empty, text] = match;
    if (text !== undefined) {
      const last = open.at(-1);
      if (last) last.text += plain(text);
    } else if (closing) {
      assert.equal(open.pop()?.name, name);
    } else {
      const pairs = [...attributes.matchAll(/([\w-]+)="([^"]*)"/g)].map(([, key, value]) => [
        key,
        plain(value!),
      ]);
      const element = { name, attributes: Object.fromEntries(pairs), text: '' };
      found.push(element);
      if (!empty) open.push(element);
    }
  }
  assert.deepEqual(open, []);
  return found;
}

suite('junit', () => {
  const named = (xml: string, name: string) => elements(xml).filter(each => each.name === name);

  test('a test case for each object', () => {
    const xml = junitOf(everything, { strict: false });
    assert.deepEqual(
      named(xml, 'testcase').map(({ attributes }) => attributes.name),
      ['Tier fine', 'NetworkPolicy x/p', 'Tier odd', 'document 3', 'can be read'],
    );
    const [totals] = named(xml, 'testsuites');
    assert.deepEqual(totals?.attributes, { name: 'tortie validate', tests: '5', failures: '2', errors: '1' });
    assert.deepEqual(
      named(xml, 'testsuite').map(({ attributes: { name, tests, failures, errors } }) => [
        name,
        tests,
        failures,
        errors,
      ]),
      [
        ['a.yaml', '3', '1', '0'],
        ['b/<&">.yaml', '1', '1', '0'],
        ['c.yaml', '1', '0', '1'],
      ],
    );
    const [first, second] = named(xml, 'failure');
    assert.equal(first?.attributes.message, 'spec.order: Invalid value: 1: must be 2');
    assert.equal(first?.attributes.type, 'invalid-value');
    assert.equal(first?.text, 'a.yaml:3:5: error: spec.order: Invalid value: 1: must be 2');
    assert.match(second?.text ?? '', /"text"\n<x>$/);
    assert.deepEqual(
      named(xml, 'system-out').map(({ text }) => text),
      ['a.yaml:3:5: warning: odd', 'a.yaml:3:5: warning: odd'],
    );
    assert.match(named(xml, 'error')[0]?.text ?? '', /no permission/);
  });

  test('with --strict a warning is a failure', () => {
    const xml = junitOf(everything, { strict: true });
    assert.equal(named(xml, 'failure').length, 3);
    assert.equal(named(xml, 'testsuites')[0]?.attributes.failures, '3');
    assert.equal(named(xml, 'system-out').length, 0);
  });

  test('nothing at all', () => {
    assert.equal(named(junitOf(report([]), { strict: false }), 'testsuites')[0]?.attributes.tests, '0');
  });
});

suite('sarif', () => {
  const isSarif = new Ajv({ allErrors: true }).compile(sarifSchema);
  const folder = join('/', 'repository');
  const sarif = (of: Report) => {
    const document = JSON.parse(sarifOf(of, { folder, version: '1.2.3' }));
    const fits: boolean = isSarif(document);
    assert.ok(fits, JSON.stringify(isSarif.errors));
    return document.runs[0];
  };
  const uriOf = (file: string) =>
    sarif(report([{ ...fine, problems: [problem(file)] }])).results[0].locations[0].physicalLocation
      .artifactLocation.uri;

  test('is of the form that GitHub takes', () => {
    const { tool, results, invocations } = sarif(everything);
    assert.equal(results.length, 4);
    for (const { ruleId, ruleIndex } of results) assert.equal(tool.driver.rules[ruleIndex].id, ruleId);
    assert.deepEqual(
      tool.driver.rules.map(({ id }: { id: string }) => id),
      Object.keys(checkTable),
    );
    assert.equal(results[0].message.text, 'NetworkPolicy x/p: spec.order: Invalid value: 1: must be 2');
    assert.deepEqual(
      results.map((each: { level: string }) => each.level),
      ['error', 'warning', 'warning', 'error'],
    );
    assert.equal(invocations[0].executionSuccessful, false);
    assert.match(invocations[0].toolExecutionNotifications[0].message.text, /^c\.yaml: no permission/);
  });

  test('paths are relative to the folder, as URIs', () => {
    const table: [string, string][] = [
      ['a/b c#.yaml', 'a/b%20c%23.yaml'],
      ['./a/../é.yaml', '%C3%A9.yaml'],
      [join(folder, 'x', 'a.yaml'), 'x/a.yaml'],
      ['<stdin>', 'stdin'],
      [join('/', 'elsewhere', 'a.yaml'), 'file:///elsewhere/a.yaml'],
    ];
    for (const [file, uri] of table) assert.equal(uriOf(file), uri);
  });

  test('a problem is known again where it has moved, and told apart from its equals', () => {
    const hashes = (...problems: Problem[]) =>
      sarif(report([{ ...fine, problems }])).results.map(
        (each: { partialFingerprints: Record<string, string> }) =>
          each.partialFingerprints.primaryLocationLineHash,
      );
    const [here] = hashes(problem('a.yaml'));
    assert.deepEqual(hashes(problem('b.yaml', { line: 9 })), [here]);
    const [first, other, second] = hashes(
      problem('a.yaml'),
      problem('a.yaml', { field: 'x' }),
      problem('a.yaml'),
    );
    assert.equal(first, here);
    assert.notEqual(other, here);
    assert.equal(second, here.replace(/1$/, '2'));
  });

  test('of more results than GitHub takes, the errors stay', () => {
    const many = Array.from({ length: 25_000 }, () => problem('a.yaml', warning));
    const { results } = sarif(report([{ ...fine, problems: [...many, problem('a.yaml')] }]));
    assert.equal(results.length, 25_000);
    assert.equal(results[0].level, 'error');
  });
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatCheck } from '../../../src/schema/format.ts';

const cases: Record<string, { valid: string[]; invalid: string[] }> = {
  byte: { valid: ['YQ==', 'YWI=', 'YWJj', '+/+/'], invalid: ['', 'YQ', 'YQ=', '-_-_', 'YW\nJj'] },
  cidr: {
    valid: ['10.0.0.0/8', '10.0.0.1/8', '010.0.0.0/08', 'fd00::/8', '::ffff:1.2.3.4/128'],
    invalid: ['', '10.0.0.0', '10.0.0/8', '10.0.0.0/33', 'fe80::%eth0/64', ' 10.0.0.0/8'],
  },
  date: { valid: ['2024-02-29', '0000-01-01'], invalid: ['2023-02-29', '2024-2-9', '2024-13-01', ''] },
  'date-time': {
    valid: ['2024-01-02T03:04:05Z', '2024-01-02t03:04:05.123456789-07:00', '2024-01-02T23:59:59+99:99'],
    invalid: [
      '2024-01-02',
      '2024-01-02 03:04:05Z',
      '2024-01-02T24:00:00Z',
      '2023-02-29T00:00:00Z',
      '2024-01-02T03:04:05',
    ],
  },
  duration: {
    valid: ['5s', '1h30m', '-1.5h', '.5s', '1.s', '0', '+0', '3 days', '2 weeks', '10 Minutes', 'about 5s'],
    invalid: ['', '5', '00', 's', '1 parsec', '1.5 x'],
  },
  ipv4: { valid: ['1.2.3.4', '01.2.3.4', '::ffff:1.2.3.4'], invalid: ['1.2.3', '::1', ''] },
  ipv6: { valid: ['::1', '::ffff:1.2.3.4'], invalid: ['1.2.3.4', 'fe80::1%eth0'] },
  uuid: {
    valid: ['6ba7b810-9dad-11d1-80b4-00c04fd430c8', '6BA7B8109DAD11D180B400C04FD430C8'],
    invalid: ['6ba7b810-9dad-11d1-80b4-00c04fd430c', 'x'],
  },
  password: { valid: ['', 'anything'], invalid: [] },
};

for (const [format, { valid, invalid }] of Object.entries(cases)) {
  test(format, () => {
    const check = formatCheck(format)!;
    for (const text of valid) assert.equal(check(text), true, text);
    for (const text of invalid) assert.equal(check(text), false, text);
  });
}

test('a format that kube-apiserver does not know is ignored, one that is missing here is an error', () => {
  assert.equal(formatCheck('port'), undefined);
  assert.throws(() => formatCheck('email'), /not implemented/);
});

test('a long text is checked in linear time', () => {
  // In quadratic time this takes hours.
  for (const part of ['1', '1.', '.1', '1 ', '1s', 'a', 'A+/=', '2024-', 'fd00:', '1.2.']) {
    for (const format of Object.keys(cases)) formatCheck(format)!(part.repeat(1_000_000 / part.length));
  }
});

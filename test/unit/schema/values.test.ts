import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import type { Json } from '../../../src/machinery/json.ts';
import { canonicalAsNumber, parseAsNumber } from '../../../src/schema/as-number.ts';
import { asNumberRule } from '../../../src/schema/checks/as-number.ts';
import {
  cidr4Rule,
  cidrRule,
  ip4Rule,
  ip6Rule,
  ipRule,
  net4Rule,
  net6Rule,
  netRule,
} from '../../../src/schema/checks/net.ts';
import { peerAddressRule } from '../../../src/schema/checks/peer-address.ts';
import { portRule } from '../../../src/schema/checks/port.ts';
import { protocolRule, protocolWithPortsRule } from '../../../src/schema/checks/protocol.ts';
import { cidrText, ipText, masked, parseCidr, parseIp } from '../../../src/schema/cidr.ts';
import { durationText, parseDuration } from '../../../src/schema/duration.ts';
import { canonicalPort, parsePort, portValue } from '../../../src/schema/port.ts';
import { canonicalProtocol, parseProtocol, protocolHasPorts } from '../../../src/schema/protocol.ts';
import type { Rule } from '../../../src/schema/rule.ts';
import { addressVerdicts } from './address-verdicts.ts';
import {
  asNumberVerdicts,
  portProtocols,
  portVerdicts,
  protocolVerdicts,
  type ValueVerdict,
} from './port-verdicts.ts';

const situation = { object: { apiVersion: '', kind: '', metadata: {} }, old: undefined };
const problems = (rule: Rule, value: Json) => rule.check(value, situation);
const passes = (rule: Rule, value: Json) => problems(rule, value).length === 0;

const addressRules: Record<string, Rule> = {
  net: netRule,
  net4: net4Rule,
  net6: net6Rule,
  cidr: cidrRule,
  cidr4: cidr4Rule,
  ip: ipRule,
  ip4: ip4Rule,
  ip6: ip6Rule,
  peer: peerAddressRule,
};

suite('addresses', () => {
  test('every text stands once', () => {
    assert.equal(new Set(addressVerdicts.map(([text]) => text)).size, addressVerdicts.length);
  });

  for (const [text, expected, why] of addressVerdicts) {
    test(`${JSON.stringify(text)}: ${why}`, () => {
      const passed = Object.keys(addressRules).filter(name => passes(addressRules[name]!, text));
      assert.deepEqual(passed, expected.split(' ').filter(Boolean));
    });
  }
});

/** The verdicts on values that are parsed, checked by a rule and stored in one form. */
function valueSuite(name: string, verdicts: ValueVerdict[], rule: Rule, canonical: (value: Json) => Json) {
  suite(name, () => {
    for (const [value, stored, why] of verdicts) {
      const shown = typeof value === 'bigint' ? String(value) : JSON.stringify(value);
      test(`${shown}: ${why}`, () => {
        assert.equal(passes(rule, value), stored !== undefined);
        assert.deepEqual(canonical(value), stored ?? value);
        assert.deepEqual(canonical(canonical(value)), canonical(value));
      });
    }
  });
}

valueSuite('ports', portVerdicts, portRule, canonicalPort);
valueSuite('protocols', protocolVerdicts, protocolRule, canonicalProtocol);
valueSuite('AS numbers', asNumberVerdicts, asNumberRule, canonicalAsNumber);

suite('protocols with ports', () => {
  for (const [value, expected] of portProtocols) {
    test(`${JSON.stringify(value)}: ${expected}`, () => {
      assert.equal(protocolHasPorts(value), expected);
      assert.equal(passes(protocolWithPortsRule, value), expected);
    });
  }
});

suite('durations', () => {
  // Printed by Go's time.Duration.String, by its documentation.
  const cases: [text: string, printed: string | undefined][] = [
    ['0', '0s'],
    ['+0', '0s'],
    ['-0', '0s'],
    ['0s', '0s'],
    ['90s', '1m30s'],
    ['1h', '1h0m0s'],
    ['1.5h', '1h30m0s'],
    ['90m1s', '1h30m1s'],
    ['1m1h', '1h1m0s'],
    ['1s1s', '2s'],
    ['.5s', '500ms'],
    ['5.s', '5s'],
    ['1.5ms', '1.5ms'],
    ['1500us', '1.5ms'],
    ['100µs', '100µs'],
    ['100μs', '100µs'],
    ['1ns', '1ns'],
    ['1.9ns', '1ns'],
    ['0.1ns', '0s'],
    ['-1.5s', '-1.5s'],
    ['1000000h', '1000000h0m0s'],
    ['9223372036854775807ns', '2562047h47m16.854775807s'],
    ['-9223372036854775808ns', '-2562047h47m16.854775808s'],
    ['9223372036854775808ns', undefined],
    ['99999999999999999999ns', undefined],
    ['2562048h', undefined],
    ['', undefined],
    ['-', undefined],
    ['1', undefined],
    ['1.5', undefined],
    ['.s', undefined],
    ['s', undefined],
    ['1d', undefined],
    ['1w', undefined],
    ['1S', undefined],
    ['1 s', undefined],
    [' 1s', undefined],
    ['1s ', undefined],
    ['1s-1s', undefined],
    ['--1s', undefined],
    ['1e3s', undefined],
    ['1,5s', undefined],
    ['1.2.3s', undefined],
    ['Auto', undefined],
  ];
  for (const [text, printed] of cases) {
    test(`${JSON.stringify(text)} → ${printed}`, () => {
      const parsed = parseDuration(text);
      assert.equal(parsed === undefined ? undefined : durationText(parsed), printed);
    });
  }
});

const byte = fc.integer({ min: 0, max: 255 });
const port = fc.integer({ min: 1, max: 65535 });
const asNumber = fc.integer({ min: 0, max: 4294967295 });
const address = fc.oneof(fc.ipV4(), fc.ipV6());
const block = fc.tuple(address, fc.integer({ min: 0, max: 32 })).map(([text, length]) => `${text}/${length}`);
/** Texts that come close: pieces of addresses, ports, durations and selectors, and anything else. */
const nearly = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.uint8Array({ maxLength: 64 }).map(bytes => Buffer.from(bytes).toString('utf8')),
  fc
    .array(
      fc.constantFrom(
        '1',
        '255',
        '65536',
        '.',
        ':',
        '::',
        '/',
        '%',
        '[',
        ']',
        'f',
        'ffff',
        '-',
        's',
        'm',
        'http',
      ),
    )
    .map(parts => parts.join('')),
);

suite('parsed, printed and parsed again, a value is itself', () => {
  test('CIDR', () => {
    fc.assert(
      fc.property(block, text => {
        const parsed = parseCidr(text)!;
        assert.deepEqual(parseCidr(cidrText(parsed)), parsed);
        assert.equal(cidrText(parseCidr(cidrText(parsed))!), cidrText(parsed));
        assert.deepEqual(masked(masked(parsed)), masked(parsed));
        assert.ok(passes(netRule, cidrText(masked(parsed))));
      }),
    );
  });

  test('addresses', () => {
    fc.assert(fc.property(address, text => assert.deepEqual(parseIp(ipText(parseIp(text)!)), parseIp(text))));
  });

  test('ports', () => {
    const text = fc.oneof(
      port.map(String),
      port,
      fc.tuple(port, port).map(([a, b]) => `${Math.min(a, b)}:${Math.max(a, b)}`),
      fc.stringMatching(/^[a-z][a-z0-9]{0,14}$/),
    );
    fc.assert(
      fc.property(text, value => {
        const parsed = parsePort(value);
        assert.ok(!('problem' in parsed));
        assert.deepEqual(parsePort(portValue(parsed)), parsed);
        assert.deepEqual(canonicalPort(portValue(parsed)), portValue(parsed));
      }),
    );
  });

  test('AS numbers', () => {
    fc.assert(
      fc.property(asNumber, number => {
        assert.equal(parseAsNumber(asDotText(number)), number);
        assert.equal(canonicalAsNumber(asDotText(number)), number);
        assert.equal(canonicalAsNumber(String(number)), number);
      }),
    );
  });

  test('protocols', () => {
    fc.assert(
      fc.property(byte, number => {
        const expected = number === 0 ? undefined : number;
        assert.equal(parseProtocol(String(number)), expected);
        assert.equal(parseProtocol(canonicalProtocol(String(number))), expected);
      }),
    );
  });

  test('durations', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), nanoseconds => {
        assert.equal(parseDuration(durationText(nanoseconds)), nanoseconds);
      }),
    );
  });
});

suite('anything else is refused without a crash', () => {
  test('by all parsers, whose canonical forms leave it or are accepted', () => {
    fc.assert(
      fc.property(nearly, text => {
        parseDuration(text);
        for (const rule of Object.values(addressRules)) assert.ok(problems(rule, text).length <= 1);
        for (const [rule, canonical] of [
          [portRule, canonicalPort],
          [protocolRule, canonicalProtocol],
          [asNumberRule, canonicalAsNumber],
        ] as const) {
          const stored = canonical(text);
          assert.ok(passes(rule, text) ? passes(rule, stored) : stored === text);
          assert.deepEqual(canonical(stored), stored);
        }
      }),
      { numRuns: 2000 },
    );
  });

  test('what passes as a CIDR without host bits is the masked form of itself', () => {
    fc.assert(
      fc.property(nearly, text => {
        if (!passes(netRule, text)) return;
        const parsed = parseCidr(text)!;
        assert.deepEqual(masked(parsed), parsed);
        assert.ok(passes(cidrRule, text));
      }),
    );
  });
});

/** An AS number in asdot notation, `1.5`; the number itself where it has 16 bits (RFC 5396). */
function asDotText(asNumber: number): string {
  return asNumber <= 65535 ? String(asNumber) : `${Math.floor(asNumber / 65536)}.${asNumber % 65536}`;
}

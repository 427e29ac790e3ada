import assert from 'node:assert/strict';
import { BlockList, isIP } from 'node:net';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import {
  cidrsOverlap,
  cidrText,
  containsCidr,
  containsIp,
  type IpAddress,
  ipText,
  isMapped,
  type LeadingZeros,
  masked,
  parseCidr,
  parseIp,
  readCidr,
  sameCidr,
} from '../../../src/schema/cidr.ts';

const ipv4 = fc.bigInt({ min: 0n, max: 2n ** 32n - 1n }).map((value): IpAddress => ({ family: 4, value }));
// Half of the groups are zero or the mapped prefix, so that :: and ::ffff:1.2.3.4 are common.
const group = fc.oneof(fc.constant(0n), fc.constant(0xffffn), fc.bigInt({ min: 0n, max: 0xffffn }));
const ipv6 = fc.array(group, { minLength: 8, maxLength: 8 }).map(
  (groups): IpAddress => ({
    family: 6,
    value: groups.reduce((value, next) => (value << 16n) | next, 0n),
  }),
);
const address = fc.oneof(ipv4, ipv6);
const block = address.chain(ip =>
  fc
    .integer({ min: 0, max: ip.family === 4 ? 32 : 128 })
    .map(prefixLength => ({ address: ip, prefixLength })),
);
/** Texts near an address: single characters of one deleted, doubled or replaced. */
const nearly = address.chain(ip =>
  fc
    .tuple(fc.nat(), fc.constantFrom('', '.', ':', '0', '1', 'f', 'g', '%', ' ', '::', '256', '/'))
    .map(([at, insert]) => {
      const text = ipText(ip);
      const position = at % (text.length + 1);
      return text.slice(0, position) + insert + text.slice(position + (at % 2));
    }),
);

describe('addresses', () => {
  test('agree with node:net on what is an address', () => {
    const any = fc.oneof(nearly, address.map(ipText), fc.string({ maxLength: 20 }));
    fc.assert(
      fc.property(any, text => {
        // node:net takes zones, which Go's net.ParseIP refuses.
        const expected = text.includes('%') ? 0 : isIP(text);
        assert.equal(parseIp(text)?.family ?? 0, expected);
      }),
      { numRuns: 5000 },
    );
  });

  test('are read back from their canonical text', () => {
    fc.assert(
      fc.property(address, ip => assert.deepEqual(parseIp(ipText(ip)), ip)),
      { numRuns: 2000 },
    );
  });

  test('print as Go prints them', () => {
    const cases: [string, string][] = [
      ['0:0:0:0:0:0:0:0', '::'],
      ['0:0:0:0:0:0:0:1', '::1'],
      ['2001:DB8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
      ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
      ['fe80::', 'fe80::'],
      ['::1.2.3.4', '::102:304'],
      ['::ffff:1.2.3.4', '::ffff:1.2.3.4'],
      ['::ffff:102:304', '::ffff:1.2.3.4'],
    ];
    for (const [text, canonical] of cases) assert.equal(ipText(parseIp(text)!), canonical, text);
  });

  test('know the mapped ones', () => {
    for (const [text, mapped] of [
      ['1.2.3.4', false],
      ['::ffff:1.2.3.4', true],
      ['::1.2.3.4', false],
      ['::1:ffff:1.2.3.4', false],
    ] as const) {
      assert.equal(isMapped(parseIp(text)!), mapped, text);
    }
  });
});

describe('blocks', () => {
  // text, then who takes it: CEL's cidr(), Go's net.ParseCIDR, kube-apiserver's format cidr.
  const cases: [string, boolean, boolean, boolean][] = [
    ['10.0.0.0/8', true, true, true],
    ['10.0.0.1/8', true, true, true],
    ['0.0.0.0/0', true, true, true],
    ['10.0.0.0/08', false, true, true],
    ['010.0.0.0/8', false, false, true],
    ['fd00::/008', false, true, true],
    ['00fd0::/8', false, false, true],
    ['::ffff:1.2.3.0/120', true, true, true],
    ['::ffff:01.2.3.0/120', false, false, true],
    ['1.2.3/24', false, false, false],
    ['10.0.0.0', false, false, false],
    ['10.0.0.0/33', false, false, false],
    ['fe80::/129', false, false, false],
    ['fe80::%eth0/64', false, false, false],
    ['10.0.0.0/+8', false, false, false],
    ['10.0.0.0/', false, false, false],
    ['10.0.0.0/8/8', false, false, false],
    ['10.0.0.0/8 ', false, false, false],
    ['0x0a.0.0.0/8', false, false, false],
    ['10.0.0.256/8', false, false, false],
    ['1:2:3:4:5:6:7::8/64', false, false, false],
    ['1:2:3:4:5:6:7::/64', true, true, true],
    ['1:2:3:4:5:6:7:8:9/64', false, false, false],
    ['1:2:3:4:5:6:7/64', false, false, false],
    ['1.2.3.4::/64', false, false, false],
    ['::1.2.3.4:5/64', false, false, false],
    ['10000::/64', false, false, false],
    ['/8', false, false, false],
  ];
  const modes: LeadingZeros[] = ['none', 'prefix', 'anywhere'];
  for (const [text, ...expected] of cases) {
    test(`${text}: ${expected}`, () => {
      assert.deepEqual(
        modes.map(mode => parseCidr(text, mode) !== undefined),
        expected,
      );
    });
  }

  test('leading zeros are decimal, not octal', () => {
    assert.equal(cidrText(parseCidr('010.08.0.0/008', 'anywhere')!), '10.8.0.0/8');
  });

  test('say why they are refused', () => {
    assert.throws(() => readCidr('010.0.0.0/8', 'none'), {
      message:
        'netip.ParsePrefix("010.0.0.0/8"): ParseAddr("010.0.0.0"): IPv4 field has octet with leading zero',
    });
    assert.throws(() => readCidr('10.0.0.0/08', 'none'), {
      message: 'netip.ParsePrefix("10.0.0.0/08"): bad bits after slash: "08"',
    });
  });

  test('contain what node:net says they contain', () => {
    fc.assert(
      fc.property(block, address, fc.boolean(), (cidr, other, inside) => {
        // An unrelated address is hardly ever inside, so half of them are the block's own address changed a little.
        const ip = inside ? { ...cidr.address, value: cidr.address.value ^ (other.value & 0xffn) } : other;
        const list = new BlockList();
        list.addSubnet(ipText(cidr.address), cidr.prefixLength, cidr.address.family === 4 ? 'ipv4' : 'ipv6');
        // node:net takes a mapped address for the IPv4 one; netip.Prefix.Contains does not.
        fc.pre(!isMapped(ip) && !isMapped(cidr.address));
        const expected =
          cidr.address.family === ip.family && list.check(ipText(ip), ip.family === 4 ? 'ipv4' : 'ipv6');
        assert.equal(containsIp(cidr, ip), expected);
      }),
      { numRuns: 2000 },
    );
  });

  test('mask, contain and overlap consistently', () => {
    fc.assert(
      fc.property(block, block, (a, b) => {
        const network = masked(a);
        assert.ok(sameCidr(masked(network), network));
        assert.ok(containsIp(network, a.address));
        assert.ok(containsCidr(a, network) && containsCidr(network, a));
        assert.equal(cidrsOverlap(a, b), cidrsOverlap(b, a));
        assert.equal(cidrsOverlap(a, b), containsIp(a, masked(b).address) || containsIp(b, network.address));
      }),
    );
  });
});

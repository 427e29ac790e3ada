import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ipPool } from '../../../src/kinds/ippool.ts';
import { apiVersion } from '../../../src/kinds/kind.ts';
import { fieldErrorBody } from '../../../src/machinery/status.ts';
import { atOnce } from '../../../src/machinery/steps.ts';
import { applyDefaults } from '../../../src/schema/default.ts';
import { canonicalize } from '../../../src/schema/semantics.ts';
import { validate } from '../../../src/schema/validate.ts';

function pool(spec: Record<string, string | number | boolean | string[]>) {
  const object = { apiVersion, kind: 'IPPool', metadata: { name: 'pool' }, spec };
  canonicalize(ipPool.schema, object);
  applyDefaults(ipPool.schema, object);
  ipPool.defaults?.(object, undefined);
  return object;
}

type Spec = Parameters<typeof pool>[0];

const move = 'move the workloads to a new pool instead';
const cidrFixed = `spec.cidr: Invalid value: "10.49.0.0/16": cannot be changed from 10.48.0.0/16; ${move}`;
const blockSizeFixed = `spec.blockSize: Invalid value: 27: cannot be changed from 26; ${move}`;
const usesFixed =
  'spec.allowedUses: Invalid value: ["Workload","Tunnel"]: a LoadBalancer pool cannot become one for ' +
  'Workload or Tunnel; make another pool';

describe('updates of an IPPool', () => {
  const old: Spec = { cidr: '10.48.0.0/16', blockSize: 26, natOutgoing: true };
  const cases: [string, Spec, Spec, string[]][] = [
    ['what may change', old, { cidr: '10.48.0.0/16', blockSize: 26, disabled: true }, []],
    ['another range', old, { ...old, cidr: '10.49.0.0/16' }, [cidrFixed]],
    ['another block size', old, { ...old, blockSize: 27 }, [blockSizeFixed]],
    ['both', old, { cidr: '10.49.0.0/16', blockSize: 27 }, [blockSizeFixed, cidrFixed]],
    [
      'another block size than that by default',
      { cidr: '10.48.0.0/16' },
      { cidr: '10.48.0.0/16', blockSize: 27 },
      [blockSizeFixed],
    ],
    ['the default written down', { cidr: '10.48.0.0/16' }, { cidr: '10.48.0.0/16', blockSize: 26 }, []],
    ['the default no longer written down', old, { cidr: '10.48.0.0/16' }, []],
    ['another spelling', { cidr: 'fd00:10::/64' }, { cidr: 'FD00:10:0::/64' }, []],
    [
      'a LoadBalancer pool whose uses are left out',
      { cidr: '192.0.2.0/24', allowedUses: ['LoadBalancer'] },
      { cidr: '192.0.2.0/24' },
      [usesFixed],
    ],
  ];
  for (const [what, before, after, expected] of cases) {
    test(what, () => {
      const errors = atOnce(validate(ipPool.schema, pool(after), pool(before)));
      assert.deepEqual(errors.map(each => `${each.field}: ${fieldErrorBody(each)}`).sort(), expected);
    });
  }
});

test('a pool that was stored in another spelling, with no block size, can still be written', () => {
  const stored = { apiVersion, kind: 'IPPool', metadata: { name: 'pool' }, spec: { cidr: 'FD00:10:0::/64' } };
  assert.deepEqual(
    atOnce(validate(ipPool.schema, pool({ cidr: 'fd00:10::/64', disabled: true }), stored)),
    [],
  );
});

describe('spellings of the range of an IPPool', () => {
  const cases: [string, string][] = [
    ['10.48.0.0/16', '10.48.0.0/16'],
    ['10.48.0.0/016', '10.48.0.0/16'],
    ['FD00:0:0:1::/64', 'fd00:0:0:1::/64'],
    ['fd00:0010:0048:0000:0000:0000:0000:0000/64', 'fd00:10:48::/64'],
    ['10.48.0.7/16', '10.48.0.7/16'],
    ['10.48.0.0', '10.48.0.0'],
    ['pods', 'pods'],
  ];
  for (const [sent, stored] of cases) {
    test(`${sent} is stored as ${stored}`, () => {
      assert.equal((pool({ cidr: sent }).spec as Spec).cidr, stored);
    });
  }
});

describe('ranges of an IPPool', () => {
  const cases: [Spec, 'accepted' | 'refused'][] = [
    [{ cidr: '10.0.0.0/26' }, 'accepted'],
    [{ cidr: '10.0.0.0/27' }, 'refused'],
    [{ cidr: '10.0.0.0/27', disabled: true }, 'accepted'],
    [{ cidr: '10.0.0.0/32', blockSize: 32 }, 'accepted'],
    [{ cidr: '10.0.0.0/16', blockSize: 19 }, 'refused'],
    [{ cidr: '10.0.0.0/16', blockSize: 20 }, 'accepted'],
    [{ cidr: '10.0.0.0/16', blockSize: 33 }, 'refused'],
    [{ cidr: '10.0.0.0/16', blockSize: 0 }, 'accepted'],
    [{ cidr: 'fd00::/122' }, 'accepted'],
    [{ cidr: 'fd00::/123' }, 'refused'],
    [{ cidr: 'fd00::/64', blockSize: 115 }, 'refused'],
    [{ cidr: 'fd00::/64', blockSize: 116 }, 'accepted'],
    [{ cidr: 'fd00::/64', blockSize: 26 }, 'refused'],
    [{ cidr: '169.254.7.0/24' }, 'refused'],
    [{ cidr: '168.0.0.0/6' }, 'refused'],
    [{ cidr: 'fe80::/64' }, 'refused'],
    [{ cidr: 'febf::/16' }, 'refused'],
    [{ cidr: 'fec0::/64' }, 'accepted'],
  ];
  for (const [spec, verdict] of cases) {
    test(`${JSON.stringify(spec)} is ${verdict}`, () => {
      const errors = atOnce(validate(ipPool.schema, pool(spec), undefined));
      assert.equal(errors.length > 0 ? 'refused' : 'accepted', verdict);
    });
  }
});

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ipPool } from '../../../src/kinds/ippool.ts';
import { apiVersion } from '../../../src/kinds/kind.ts';
import { fieldErrorBody } from '../../../src/machinery/status.ts';
import { applyDefaults } from '../../../src/schema/default.ts';
import { validate } from '../../../src/schema/validate.ts';

function pool(spec: Record<string, string | number | boolean | string[]>) {
  const object = { apiVersion, kind: 'IPPool', metadata: { name: 'pool' }, spec };
  applyDefaults(ipPool.schema, object);
  return object;
}

type Spec = Parameters<typeof pool>[0];

const move = 'cannot be changed; move the workloads to a new pool instead';
const cidrFixed = `spec.cidr: Invalid value: "10.49.0.0/16": cidr ${move}`;
const blockSizeFixed = `spec.blockSize: Invalid value: 27: blockSize ${move}`;

describe('updates of an IPPool', () => {
  const old: Spec = { cidr: '10.48.0.0/16', blockSize: 26, natOutgoing: true };
  const cases: [string, Spec, Spec, string[]][] = [
    ['what may change', old, { cidr: '10.48.0.0/16', blockSize: 26, disabled: true }, []],
    ['another range', old, { ...old, cidr: '10.49.0.0/16' }, [cidrFixed]],
    ['another block size', old, { ...old, blockSize: 27 }, [blockSizeFixed]],
    ['both', old, { cidr: '10.49.0.0/16', blockSize: 27 }, [blockSizeFixed, cidrFixed]],
    [
      'a block size where none was said',
      { cidr: '10.48.0.0/16' },
      { cidr: '10.48.0.0/16', blockSize: 27 },
      [],
    ],
  ];
  for (const [what, before, after, expected] of cases) {
    test(what, () => {
      const errors = validate(ipPool.schema, pool(after), pool(before));
      assert.deepEqual(errors.map(each => `${each.field}: ${fieldErrorBody(each)}`).sort(), expected);
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
      const errors = validate(ipPool.schema, pool(spec), undefined);
      assert.equal(errors.length > 0 ? 'refused' : 'accepted', verdict);
    });
  }
});

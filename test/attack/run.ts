/**
 * `node test/attack/run.ts [frames …] [--seconds 60] [--mebibytes 512] [--at-once 3] [--only REGEX]`: the attacks of some groups,
 * or of all, as tests, with the figures of each.
 */
import { parseArgs } from 'node:util';
import { attackSuite, groups } from './suite.ts';

const { values, positionals } = parseArgs({
  options: {
    seconds: { type: 'string', default: '4' },
    mebibytes: { type: 'string', default: '1024' },
    'at-once': { type: 'string', default: '1' },
    only: { type: 'string', default: '' },
  },
  allowPositionals: true,
});
attackSuite({
  groups: positionals.length > 0 ? positionals : groups,
  seconds: Number(values.seconds),
  memoryBytes: Number(values.mebibytes) * 2 ** 20,
  atOnce: Number(values['at-once']),
  only: new RegExp(values.only),
});

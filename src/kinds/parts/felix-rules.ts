import type { Json, JsonObject } from '../../machinery/json.ts';
import { dnsLabelErrors } from '../../machinery/names.ts';
import type { ApiObject } from '../../machinery/object.ts';
import { orEmpty, textRule, wordRule } from '../../schema/checks/text.ts';
import { defineRule, type Problem, type Rule } from '../../schema/rule.ts';
import { apiVersion } from '../kind.ts';
import { objectIn } from './fill.ts';
import { isKept } from './kept.ts';

/** Rules of single fields of FelixConfiguration. */

const source = 'kinds.md 3, FelixConfiguration';

/** Calico puts this in front of the region to make the name of a namespace, which is a DNS label. */
const maxRegionLength = 63 - 'openstack-region-'.length;
const aRegion = `must be a DNS label (lower case letters, digits and '-') of at most ${maxRegionLength} characters`;

export const openstackRegionRule: Rule = orEmpty(
  textRule({
    id: 'openstack-region',
    says: `Must be a DNS label of at most ${maxRegionLength} characters.`,
    source: `${source}, openstackRegion`,
    problem: text =>
      text.length <= maxRegionLength && dnsLabelErrors(text).length === 0 ? undefined : aRegion,
    valid: ['region-one', 'a'.repeat(maxRegionLength)],
    invalid: [
      ['RegionOne', aRegion],
      ['region.one', aRegion],
      ['a'.repeat(maxRegionLength + 1), aRegion],
    ],
  }),
);

const aPartName = "must be the name of a part of Felix: letters, digits, blanks, '_' and '-', at least one";

export const healthPartRule: Rule = textRule({
  id: 'felix-health-part',
  says: "Must be the name of a part of Felix: letters, digits, blanks, '_' and '-'.",
  source: `${source}, healthTimeoutOverrides; kinds.md 0.3b, Struct checks (HealthTimeoutOverride)`,
  problem: text => (/^[a-zA-Z0-9_ -]+$/.test(text) ? undefined : aPartName),
  valid: ['InternalDataplaneMainLoop', 'BPF conntrack', 'a_b-1'],
  invalid: [
    ['', aPartName],
    ['main.loop', aPartName],
  ],
});

/** The CRD's pattern takes any case, Felix and Calico's validator do not. */
export const serviceLoopRule: Rule = orEmpty(
  wordRule('felix-service-loop', ['Drop', 'Reject', 'Disabled'], `${source}, serviceLoopPrevention`),
);

/** The CRD's pattern takes any case, Felix and Calico's validator do not. */
export const sourceSpoofingRule: Rule = orEmpty(
  wordRule('felix-source-spoofing', ['Disabled', 'Any'], `${source}, workloadSourceSpoofing`),
);

const maxTables = 65535;
const maxTable = 4294967295;

interface TableRange {
  min: number;
  max: number;
}

const tooManyTables = (count: number) => `must be at most ${maxTables} tables in all, and these are ${count}`;
const tableTooHigh = `must be at most ${maxTable}`;

function tableRangeProblems(ranges: TableRange[]): Problem[] {
  const problems: Problem[] = ranges.flatMap(({ max }, index) =>
    max > maxTable ? [{ at: `[${index}].max`, value: max, detail: tableTooHigh }] : [],
  );
  // Ranges that are the wrong way round are told by the CRD's own rule.
  const count = ranges.reduce((sum, { min, max }) => sum + Math.max(0, Number(max) - Number(min) + 1), 0);
  return count > maxTables ? [...problems, { detail: tooManyTables(count) }] : problems;
}

export const routeTableRangesRule: Rule = defineRule<never>({
  id: 'felix-route-table-ranges',
  says: `Table numbers must be at most ${maxTable}, and there must be at most ${maxTables} tables in all ranges.`,
  source: `${source}, routeTableRanges[]; kinds.md 0.3b, Struct checks (RouteTableIDRange)`,
  check: ranges => tableRangeProblems(ranges as TableRange[]),
  cases: {
    valid: [
      { value: [] as never },
      { value: [{ min: 1, max: 65535 }] as never },
      { value: [{ min: maxTable, max: maxTable }] as never },
      {
        value: [{ min: 253, max: 255 }] as never,
        why: 'Calico has a check of reserved tables without effect',
      },
    ],
    invalid: [
      { value: [{ min: 1, max: 65536 }] as never, detail: tooManyTables(65536) },
      {
        value: [
          { min: 1, max: 60000 },
          { min: 100001, max: 110000 },
        ] as never,
        detail: tooManyTables(70000),
      },
      { value: [{ min: maxTable, max: maxTable + 1 }] as never, at: '[0].max', detail: tableTooHigh },
    ],
  },
});

export const selectorPlace =
  "cannot be set on the objects 'default' and 'node.<name>', whose names say which nodes they are for";

function named(name: string, spec: JsonObject): { value: Json; object: ApiObject } {
  const object = { apiVersion, kind: 'FelixConfiguration', metadata: { name }, spec };
  return { value: object, object };
}

/** On the root. The CRD says the same in CEL, but cannot say where. */
export const selectorPlaceRule: Rule = defineRule<Json>({
  id: 'felix-node-selector-place',
  says: 'spec.nodeSelector cannot be set on the objects default and node.<name>.',
  source: `${source}, nodeSelector`,
  check: (_value, situation) => {
    const { object } = situation;
    const { name = '' } = object.metadata;
    const isNamedForNodes = name === 'default' || name.startsWith('node.');
    if (!isNamedForNodes || objectIn(object, 'spec')?.nodeSelector === undefined) return undefined;
    if (isKept(situation, 'nodeSelector')) return undefined;
    return { at: '.spec.nodeSelector', type: 'Forbidden', detail: selectorPlace };
  },
  cases: {
    valid: [
      named('edge', { nodeSelector: 'has(edge)' }),
      named('default', {}),
      named('node.a', {}),
      {
        ...named('node.a', { nodeSelector: 'has(edge)', ipv6Support: true }),
        old: named('node.a', { nodeSelector: 'has(edge)' }).object,
        why: 'it was there before the rule, and stays as it was',
      },
    ],
    invalid: [
      { ...named('default', { nodeSelector: 'has(edge)' }), at: '.spec.nodeSelector', detail: selectorPlace },
      { ...named('node.a', { nodeSelector: '' }), at: '.spec.nodeSelector', detail: selectorPlace },
    ],
  },
});

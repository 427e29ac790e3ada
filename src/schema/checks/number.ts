import type { Json } from '../../machinery/json.ts';
import { defineRule, type Rule } from '../rule.ts';

interface Range {
  /** What the number is, in kebab case: the id of the rule. */
  what: string;
  min: number;
  /** No upper bound when absent. */
  max?: number;
  source: string;
}

/** `1 to 65535`, or `-1 or more`. */
function boundsText({ min, max }: Range): string {
  return max === undefined ? `${min} or more` : `${min} to ${max}`;
}

/** A rule on the size of a number where the CRD has none, since Calico's Go code checks it. */
function numberRule(range: Range): Rule {
  const { what, min, max, source } = range;
  const detail = `must be ${boundsText(range)}`;
  return defineRule<Json>({
    id: what,
    says: `Must be ${boundsText(range)}.`,
    source,
    check: value => {
      if (typeof value !== 'number' && typeof value !== 'bigint') return undefined;
      return value < min || (max !== undefined && value > max) ? { detail } : undefined;
    },
    cases: {
      valid: [{ value: min }, { value: max ?? Number.MAX_SAFE_INTEGER }],
      invalid: [{ value: min - 1, detail }, ...(max === undefined ? [] : [{ value: max + 1, detail }])],
    },
  });
}

const felix = 'kinds.md 3, FelixConfiguration, numeric ranges';

/** A port of which 0 means none, or any. */
export const portOrZeroRule = numberRule({
  what: 'port-or-zero',
  min: 0,
  max: 65535,
  source: `${felix} (debugPort, bpfKubeProxyHealthzPort) and failsafe ports (16-bit decode)`,
});

/** A port that something listens on. */
export const listenPortRule = numberRule({ what: 'listen-port', min: 1, max: 65535, source: felix });

/** The priority of a routing rule (ip rule); 32766 and 32767 are the kernel's own. */
export const routingRulePriorityRule = numberRule({
  what: 'routing-rule-priority',
  min: 1,
  max: 32765,
  source: felix,
});

/** The priority (metric) of a route. */
export const routePriorityRule = numberRule({
  what: 'route-priority',
  min: 1,
  max: 2147483646,
  source: felix,
});

/** A mark of packets or connections. */
export const markRule = numberRule({ what: 'mark', min: 0, max: 4294967295, source: felix });

/** The sizes of Maglev tables. */
export const maglevSizeRule = numberRule({ what: 'maglev-size', min: 1, max: 3000, source: felix });

/** A setting of the Go runtime, where -1 leaves it to the runtime. */
export const runtimeSettingRule = numberRule({ what: 'runtime-setting', min: -1, source: felix });

/** A day at most, in seconds. */
export const secondsOfADayRule = numberRule({
  what: 'seconds-of-a-day',
  min: 0,
  max: 86400,
  source: 'kinds.md 3, CalicoNodeStatus, updatePeriodSeconds',
});

/** A count of hops, in 8 bits. */
export const hopsRule = numberRule({
  what: 'hops',
  min: 0,
  max: 255,
  source: 'kinds.md 3, BGPPeer, ttlSecurity (decode)',
});

/** A differentiated services code point by number, in the 8 bits that Calico decodes it into; a text passes. */
export const dscpRule = numberRule({
  what: 'dscp',
  min: 0,
  max: 255,
  source: 'kinds.md 0.4, numorstring values (DSCP)',
});

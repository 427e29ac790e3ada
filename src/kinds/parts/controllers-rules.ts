import type { JsonObject } from '../../machinery/json.ts';
import type { ApiObject } from '../../machinery/object.ts';
import { orEmpty, wordRule } from '../../schema/checks/text.ts';
import { defineRule, type Problem, type Rule } from '../../schema/rule.ts';
import { fill, objectIn } from './fill.ts';
import { missing } from './missing.ts';

/** Rules and defaults of KubeControllersConfiguration. */

const source = 'kinds.md 3, KubeControllersConfiguration';

export const defaultHostEndpointRule: Rule = orEmpty(
  wordRule('create-default-host-endpoint', ['Enabled', 'Disabled'], `${source}, createDefaultHostEndpoint`),
);

const needsMatch = 'needs interfaceCIDRs or interfacePattern, or it makes no host endpoint';

/** On an item of the templates. */
export const templateCompleteRule: Rule = defineRule<JsonObject>({
  id: 'host-endpoint-template-complete',
  says: 'generateName is needed, and interfaceCIDRs or interfacePattern.',
  source: `${source}, node.hostEndpoint.templates[]`,
  check: template => {
    const { interfaceCIDRs, interfacePattern } = template;
    const matches = (Array.isArray(interfaceCIDRs) && interfaceCIDRs.length > 0) || !!interfacePattern;
    return [...missing(template, ['generateName']), ...(matches ? [] : [{ detail: needsMatch }])];
  },
  cases: {
    valid: [
      { value: { generateName: 'storage', interfaceCIDRs: ['192.0.2.0/24'] } },
      { value: { generateName: 'storage', interfacePattern: '^eth' } },
    ],
    invalid: [
      { value: { interfacePattern: '^eth' }, at: '.generateName', detail: 'is needed' },
      { value: { generateName: 'storage', interfaceCIDRs: [] }, detail: needsMatch },
    ],
  },
});

const takenName = 'is the generateName of an earlier template; each makes names of its own';

function* takenNames(templates: JsonObject[]): Generator<Problem, void> {
  const seen = new Set<string>();
  for (const [index, { generateName: name }] of templates.entries()) {
    if (typeof name !== 'string') continue;
    if (seen.has(name)) {
      yield { at: `[${index}].generateName`, type: 'Duplicate', value: name, detail: takenName };
    }
    seen.add(name);
  }
}

/** On the list of templates. */
export const templateNamesRule: Rule = defineRule<JsonObject[]>({
  id: 'host-endpoint-template-names',
  says: 'Each template must have a generateName of its own.',
  source: `${source}, node.hostEndpoint.templates[]`,
  check: takenNames,
  cases: {
    valid: [{ value: [{ generateName: 'storage' }, { generateName: 'backup' }] }, { value: [] }],
    invalid: [
      {
        value: [{ generateName: 'storage' }, { generateName: 'storage' }],
        at: '[1].generateName',
        detail: takenName,
      },
    ],
  },
});

/** Fills what Calico's client fills (clientv3, create and update). */
export function controllersDefaults(object: ApiObject): void {
  const spec = objectIn(object, 'spec');
  if (!spec) return;
  fill(spec, 'prometheusMetricsPort', 9094, { keepEmpty: true });
  const controllers = objectIn(spec, 'controllers');
  const node = objectIn(controllers, 'node');
  if (node) fill(node, 'leakGracePeriod', '15m0s', { keepEmpty: true });
  const loadBalancer = objectIn(controllers, 'loadBalancer');
  if (loadBalancer) fill(loadBalancer, 'assignIPs', 'AllServices');
}

/**
 * The CPU that the checks of an object by itself take, in this process: defaults, metadata, schema, CEL and the rules of Calico, for
 * a policy of fifty rules and for a FelixConfiguration with every field set.
 */
import { kinds } from '../../src/kinds/index.ts';
import type { Kind } from '../../src/kinds/kind.ts';
import type { Json, JsonObject } from '../../src/machinery/json.ts';
import type { ApiObject } from '../../src/machinery/object.ts';
import { atOnce } from '../../src/machinery/steps.ts';
import { fillDefaults, objectErrors } from '../../src/registry/prepare.ts';

export interface ValidateFigures {
  operations: number;
  /** The median of the rounds. */
  cpuMicrosPerOperation: number;
  leastCpuMicrosPerOperation: number;
}

const apiVersion = 'projectcalico.org/v3';
/** Objects differ, so that nothing kept of one helps with the next. */
const variants = 64;
const rounds = 15;

function kindOf(name: string): Kind {
  const found = kinds.find(({ kind }) => kind === name);
  if (!found) throw new Error(`there is no kind ${name}`);
  return found;
}

/** A policy of fifty rules as people write them: selectors, networks, ports. */
function policy(variant: number): ApiObject {
  const rule = (index: number): JsonObject => ({
    action: index % 5 === 4 ? 'Deny' : 'Allow',
    protocol: index % 2 ? 'TCP' : 'UDP',
    source: { selector: `app == "client-${variant}-${index}" && env in {"prod", "stage"}` },
    destination: { nets: [`10.${variant}.${index}.0/24`], ports: [1000 + index, '8000:8999'] },
  });
  return {
    apiVersion,
    kind: 'NetworkPolicy',
    metadata: { name: `bench-${variant}`, namespace: 'default' },
    spec: {
      selector: `app == "server-${variant}"`,
      types: ['Ingress', 'Egress'],
      ingress: Array.from({ length: 25 }, (_, index) => rule(index)),
      egress: Array.from({ length: 25 }, (_, index) => rule(25 + index)),
    },
  };
}

/** The fields of all valid examples together, which is every field that they have. */
function felixConfiguration(variant: number): ApiObject {
  const spec: Record<string, Json> = {};
  for (const example of kindOf('FelixConfiguration').examples.valid) {
    for (const [name, value] of Object.entries((example.spec ?? {}) as JsonObject)) spec[name] ??= value;
  }
  // It is only for objects of other names than this one's.
  delete spec.nodeSelector;
  // These two exclude each other.
  if (spec.routeTableRanges) delete spec.routeTableRange;
  return {
    apiVersion,
    kind: 'FelixConfiguration',
    metadata: { name: variant === 0 ? 'default' : `node.bench-${variant}` },
    spec: structuredClone(spec),
  };
}

function measure(kind: Kind, objects: ApiObject[], operations: number): ValidateFigures {
  const check = (object: ApiObject) => {
    fillDefaults({ kind }, object, undefined);
    const errors = atOnce(objectErrors(kind, object, undefined));
    if (errors.length > 0) throw new Error(`${kind.kind}: ${JSON.stringify(errors[0])}`);
  };
  const costs: number[] = [];
  // The first rounds are there for the compiler.
  for (let round = -5; round < rounds; round++) {
    const before = process.cpuUsage();
    for (let index = 0; index < operations; index++) check(objects[index % objects.length]!);
    const { user, system } = process.cpuUsage(before);
    if (round >= 0) costs.push((user + system) / operations);
  }
  costs.sort((a, b) => a - b);
  const rounded = (value: number) => Math.round(value * 10) / 10;
  return {
    operations,
    cpuMicrosPerOperation: rounded(costs[Math.floor(rounds / 2)]!),
    leastCpuMicrosPerOperation: rounded(costs[0]!),
  };
}

/** The cost of both, by name. `operations` is that of one of fifteen rounds. */
export function measureValidation(operations: number): Record<string, ValidateFigures> {
  const each = (make: (variant: number) => ApiObject) =>
    Array.from({ length: variants }, (_, at) => make(at));
  return {
    policyOf50Rules: measure(kindOf('NetworkPolicy'), each(policy), operations),
    fullFelixConfiguration: measure(kindOf('FelixConfiguration'), each(felixConfiguration), operations),
  };
}

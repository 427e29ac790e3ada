/**
 * The CPU that server-side apply of a policy of twenty rules takes, in this process on the store in memory: from the bytes of the
 * body to the bytes of the answer, with every check. JSON, as all clients send it under the name of YAML, and YAML itself.
 */
import { stringify } from 'yaml';
import { kinds } from '../../src/kinds/index.ts';
import { apiVersion } from '../../src/kinds/kind.ts';
import { decode } from '../../src/machinery/decode.ts';
import { encode } from '../../src/machinery/encode.ts';
import type { JsonObject } from '../../src/machinery/json.ts';
import type { ApiObject } from '../../src/machinery/object.ts';
import { createMemoryBackend } from '../../src/storage/memory/backend.ts';
import { openWorld } from '../unit/registry/world.ts';
import type { ValidateFigures } from './validate.ts';

/** Objects differ, so that nothing kept of one helps with the next. */
const variants = 64;
const rounds = 15;

function policy(variant: number, turn: number): ApiObject {
  const rule = (index: number): JsonObject => ({
    action: 'Allow',
    protocol: 'TCP',
    source: { selector: `app == "client-${variant}-${index}" && env in {"prod", "stage"}` },
    destination: { nets: [`10.${variant}.${index}.0/24`], ports: [1000 + index + turn, '8000:8999'] },
  });
  return {
    apiVersion,
    kind: 'NetworkPolicy',
    metadata: { name: `bench-${variant}`, namespace: 'default', labels: { app: 'bench' } },
    spec: {
      order: variant,
      selector: `app == "server-${variant}"`,
      types: ['Ingress', 'Egress'],
      ingress: Array.from({ length: 10 }, (_, index) => rule(index)),
      egress: Array.from({ length: 10 }, (_, index) => rule(10 + index)),
    },
  };
}

/** What is applied in turn, by whom, and whether by force: two states, so that each differs from the one before, or one. */
const cases: Record<string, { bodies: (turn: number) => string[]; managers: string[]; force: boolean }> = {
  unchanged: { bodies: () => bodiesOf(encode, 0), managers: ['a'], force: false },
  changed: { bodies: turn => bodiesOf(encode, turn), managers: ['a'], force: false },
  takenByForce: { bodies: turn => bodiesOf(encode, turn), managers: ['a', 'b'], force: true },
  changedAsYaml: { bodies: turn => bodiesOf(stringify, turn), managers: ['a'], force: true },
};

function bodiesOf(write: (object: ApiObject) => string, turn: number): string[] {
  return Array.from({ length: variants }, (_, variant) => write(policy(variant, turn)));
}

/** The cost of each case, by name. `operations` is that of one of fifteen rounds. */
export async function measureApply(operations: number): Promise<Record<string, ValidateFigures>> {
  const world = await openWorld(createMemoryBackend());
  for (const tier of kinds.find(({ kind }) => kind === 'Tier')!.initial!()) await world.create(tier);
  const policies = world.resources.byPlural.get('networkpolicies')!;
  const context = { warn() {}, signal: new AbortController().signal };
  const figures: Record<string, ValidateFigures> = {};
  for (const [name, { bodies, managers, force }] of Object.entries(cases)) {
    const texts = [0, 1].map(turn => bodies(turn).map(text => Buffer.from(text)));
    let sent = 0;
    const apply = async () => {
      const turn = Math.floor(sent / variants);
      const target = { namespace: 'default', name: `bench-${sent % variants}`, subresource: '' } as const;
      const body = decode(texts[turn % 2]![sent % variants]!, 'application/yaml');
      const { object } = await policies.apply(context, target, body, {
        dryRun: false,
        fieldValidation: 'Strict',
        fieldManager: managers[turn % managers.length]!,
        force,
        authorizeCreate: async () => {},
      });
      encode(object);
      sent++;
    };
    figures[name] = await measured(apply, operations);
  }
  world.close();
  return figures;
}

async function measured(work: () => Promise<void>, operations: number): Promise<ValidateFigures> {
  const costs: number[] = [];
  // The first rounds are there for the compiler.
  for (let round = -3; round < rounds; round++) {
    const before = process.cpuUsage();
    for (let index = 0; index < operations; index++) await work();
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

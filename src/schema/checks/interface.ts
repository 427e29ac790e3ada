import type { Json } from '../../machinery/json.ts';
import { isJsonObject } from '../../machinery/own-field.ts';
import { defineRule, type Rule } from '../rule.ts';
import { textRule } from './text.ts';

const source = (tag: string) => `kinds.md 0.3, Named field checks (${tag})`;
const characters = "1 to 15 letters, digits, '_', '.' and '-'";

const plainName = /^[a-zA-Z0-9_.-]{1,15}$/;
const starredName = /^[a-zA-Z0-9_.*-]{1,15}$/;
const filterName = /^[a-zA-Z0-9:._+-]{1,15}$/;

function isInterface(text: string): boolean {
  return text === '*' || plainName.test(text);
}

const anInterface = `must be the name of an interface (${characters}), or "*" for all`;

/** An interface of a host, or all: HostEndpoint. */
export const interfaceRule: Rule = textRule({
  id: 'interface',
  says: `Must be the name of an interface: ${characters}; or "*" for all.`,
  source: source('interface'),
  problem: text => (isInterface(text) ? undefined : anInterface),
  valid: ['eth0', '*', 'br-1234.100', 'a23456789012345'],
  invalid: [
    ['', anInterface],
    ['a234567890123456', anInterface],
    ['eth*', anInterface],
    ['eth0:1', anInterface],
    ['eth 0', anInterface],
  ],
});

const ignored = `must be the name of an interface (${characters}), with "*" for any characters but not alone`;

/** Interfaces by a pattern, not all of them: BGPConfiguration ignoredInterfaces. */
export const ignoredInterfaceRule: Rule = textRule({
  id: 'ignored-interface',
  says: `Must be the name of an interface: ${characters}, with "*" for any characters, but not "*" alone.`,
  source: source('ignoredInterface'),
  problem: text => (text !== '*' && starredName.test(text) ? undefined : ignored),
  valid: ['eth0', 'eth*', '*cali*'],
  invalid: [
    ['*', ignored],
    ['', ignored],
    ['eth+', ignored],
    ['a23456789012345*', ignored],
  ],
});

const filtered = `must be the name of an interface (${characters}), with "*" for any characters`;

/** Interfaces by a pattern: BGPFilter. */
export const bgpFilterInterfaceRule: Rule = textRule({
  id: 'bgp-filter-interface',
  says: `Must be the name of an interface: ${characters}, with "*" for any characters.`,
  source: source('bgpFilterInterface'),
  problem: text => (starredName.test(text) ? undefined : filtered),
  valid: ['eth0', 'eth*', '*'],
  invalid: [
    ['', filtered],
    ['eth+', filtered],
    ['a234567890123456', filtered],
  ],
});

const filter =
  "must be the name of an interface: 1 to 15 letters, digits, ':', '.', '_', '-' and '+', where + is a wildcard";

/** An interface as iptables matches them, with + as a wildcard: FelixConfiguration. */
export const interfaceFilterRule: Rule = textRule({
  id: 'interface-filter',
  says: "Must be the name of an interface: 1 to 15 letters, digits, ':', '.', '_', '-' and '+' (a wildcard).",
  source: source('ifaceFilter, ifaceFilterSlice'),
  problem: text => (filterName.test(text) ? undefined : filter),
  valid: ['eth0', 'docker+', 'eth0:1'],
  invalid: [
    ['', filter],
    ['eth*', filter],
    ['a234567890123456', filter],
  ],
});

/** The keys of FelixConfiguration bpfLogFilters: each an interface, or one of the words all, weps and heps. */
export const bpfLogFiltersRule: Rule = defineRule<Json>({
  id: 'bpf-log-filters',
  says: `Each key must be the name of an interface: ${characters}; or "*", "all", "weps" or "heps".`,
  source: source('bpfLogFilters'),
  check: value =>
    Object.keys(isJsonObject(value) ? value : {})
      .filter(key => !isInterface(key))
      .map(key => ({ at: `[${key}]`, value: key, detail: `the key ${anInterface}` })),
  cases: {
    valid: [{ value: { all: 'tcp', eth0: '', weps: 'host 10.48.0.7' } }, { value: {} }],
    invalid: [
      { value: { 'eth*': 'tcp' }, at: '[eth*]', detail: `the key ${anInterface}` },
      { value: { eth0: 'tcp', '': '' }, at: '[]', detail: `the key ${anInterface}` },
    ],
  },
});

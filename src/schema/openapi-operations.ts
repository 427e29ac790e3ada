import {
  groupVersionPath,
  type KindFacts,
  kindDefinition,
  metaDefinition,
  operationId,
} from './openapi-names.ts';

export interface Parameter {
  name: string;
  in: 'path' | 'query';
  type: 'string' | 'boolean' | 'integer';
  description: string;
}

/** One operation, in a form that both versions of OpenAPI are written from. */
export interface Operation {
  method: 'get' | 'post' | 'put' | 'patch' | 'delete';
  id: string;
  description: string;
  /** x-kubernetes-action; what kubectl and others look operations up by. */
  action?: 'list' | 'get' | 'post' | 'put' | 'patch' | 'delete' | 'deletecollection';
  /** The kind that it works on. */
  kind?: string;
  parameters: Parameter[];
  /** Definition of the body. */
  body?: { definition: string; mediaTypes: string[]; required: boolean };
  produces: string[];
  /** Definition of the answer, and the codes with which it comes. */
  answer: { definition: string; codes: Record<number, string> };
}

export interface Path {
  path: string;
  parameters: Parameter[];
  operations: Operation[];
}

const objectTypes = ['application/json', 'application/yaml'];
/** Exactly the patch types that are served: clients choose among these. */
const patchTypes = [
  'application/json-patch+json',
  'application/merge-patch+json',
  'application/strategic-merge-patch+json',
  'application/apply-patch+yaml',
];

function query(name: string, type: Parameter['type'], description: string): Parameter {
  return { name, in: 'query', type, description };
}

const pretty = query('pretty', 'string', 'true: the answer is indented.');
const dryRun = query('dryRun', 'string', 'All: do everything but store the result, and answer with it.');

const writeParameters = [
  dryRun,
  query('fieldManager', 'string', 'Name of who makes the change, at most 128 characters.'),
  query(
    'fieldValidation',
    'string',
    'What to do with unknown and duplicate fields: Strict refuses them, Warn (the default) drops them with a ' +
      'warning, Ignore drops them.',
  ),
];

const selectorParameters = [
  query('continue', 'string', 'Asks for the page after the one that gave this token.'),
  query('fieldSelector', 'string', 'Only objects with these fields, e.g. metadata.name=x.'),
  query('labelSelector', 'string', 'Only objects with these labels, e.g. app=web,tier!=db.'),
  query('limit', 'integer', 'Most items of one page.'),
  query(
    'resourceVersion',
    'string',
    'A version of the store; resourceVersionMatch says how it counts. Unset: the most recent.',
  ),
  query('resourceVersionMatch', 'string', 'Exact, or NotOlderThan the resourceVersion.'),
  query(
    'sendInitialEvents',
    'boolean',
    'Whether a watch begins with an event for each object that is there.',
  ),
  query('timeoutSeconds', 'integer', 'Seconds until the request ends.'),
];

const listParameters = [
  query(
    'allowWatchBookmarks',
    'boolean',
    'Whether a watch may send events that only tell the current version.',
  ),
  ...selectorParameters,
  query('watch', 'boolean', 'Answer with a stream of changes.'),
];

const deleteParameters = [
  dryRun,
  query('gracePeriodSeconds', 'integer', 'Seconds until the object may go; 0 is at once.'),
  query('orphanDependents', 'boolean', 'Deprecated: use propagationPolicy.'),
  query('propagationPolicy', 'string', 'What becomes of dependents: Orphan, Background or Foreground.'),
];

const namespaceParameter: Parameter = {
  name: 'namespace',
  in: 'path',
  type: 'string',
  description: 'The namespace of the objects.',
};

const ok = { 200: 'OK' };
const deleteBody = { definition: metaDefinition('DeleteOptions'), mediaTypes: objectTypes, required: false };

/** Every path with its operations: those of each kind, and the list of resources. */
export function paths(kinds: KindFacts[]): Path[] {
  return [discoveryPath(), ...kinds.flatMap(pathsOfKind)];
}

/** The aggregator keeps this path only with its trailing slash, which the server answers too. */
function discoveryPath(): Path {
  const operation: Operation = {
    method: 'get',
    id: 'getProjectcalicoOrgV3APIResources',
    description: 'get the available resources',
    parameters: [],
    produces: objectTypes,
    answer: { definition: metaDefinition('APIResourceList'), codes: ok },
  };
  return { path: `${groupVersionPath}/`, parameters: [], operations: [operation] };
}

function pathsOfKind(facts: KindFacts): Path[] {
  const { kind, plural, namespaced, statusSubresource } = facts;
  const folder = namespaced ? `${groupVersionPath}/namespaces/{namespace}` : groupVersionPath;
  const scope = namespaced ? [namespaceParameter] : [];
  const nameParameter: Parameter = {
    name: 'name',
    in: 'path',
    type: 'string',
    description: `name of the ${kind}`,
  };
  const object = [nameParameter, ...scope, pretty];
  const all: Path[] = [
    { path: `${folder}/${plural}`, parameters: [...scope, pretty], operations: collectionOperations(facts) },
    { path: `${folder}/${plural}/{name}`, parameters: object, operations: objectOperations(facts) },
  ];
  if (statusSubresource) {
    all.push({
      path: `${folder}/${plural}/{name}/status`,
      parameters: object,
      operations: readAndWrite(facts, 'Status', 'status of the specified'),
    });
  }
  if (namespaced) {
    const id = operationId('list', '', kind, 'ForAllNamespaces');
    const path = `${groupVersionPath}/${plural}`;
    all.push({ path, parameters: [pretty], operations: [listOperation(kind, id)] });
  }
  return all;
}

function within({ namespaced }: KindFacts): string {
  return namespaced ? 'Namespaced' : '';
}

function listOperation(kind: string, id: string): Operation {
  return {
    method: 'get',
    id,
    description: `list or watch objects of kind ${kind}`,
    action: 'list',
    kind,
    parameters: listParameters,
    produces: [...objectTypes, 'application/json;stream=watch'],
    answer: { definition: kindDefinition(`${kind}List`), codes: ok },
  };
}

function collectionOperations(facts: KindFacts): Operation[] {
  const { kind } = facts;
  return [
    listOperation(kind, operationId('list', within(facts), kind)),
    {
      method: 'post',
      id: operationId('create', within(facts), kind),
      description: `create a ${kind}`,
      action: 'post',
      kind,
      parameters: writeParameters,
      body: { definition: kindDefinition(kind), mediaTypes: objectTypes, required: true },
      produces: objectTypes,
      answer: { definition: kindDefinition(kind), codes: { ...ok, 201: 'Created', 202: 'Accepted' } },
    },
    {
      method: 'delete',
      id: operationId('delete', `Collection${within(facts)}`, kind),
      description: `delete collection of ${kind}`,
      action: 'deletecollection',
      kind,
      parameters: [...deleteParameters, ...selectorParameters],
      body: deleteBody,
      produces: objectTypes,
      // The answer is the list of what was deleted; Kubernetes publishes it as a Status, and its clients read either.
      answer: { definition: metaDefinition('Status'), codes: ok },
    },
  ];
}

function objectOperations(facts: KindFacts): Operation[] {
  const { kind } = facts;
  return [
    ...readAndWrite(facts, '', 'the specified'),
    {
      method: 'delete',
      id: operationId('delete', within(facts), kind),
      description: `delete a ${kind}`,
      action: 'delete',
      kind,
      parameters: deleteParameters,
      body: deleteBody,
      produces: objectTypes,
      answer: { definition: metaDefinition('Status'), codes: { ...ok, 202: 'Accepted' } },
    },
  ];
}

function readAndWrite(facts: KindFacts, suffix: string, which: string): Operation[] {
  const { kind } = facts;
  const definition = kindDefinition(kind);
  const operation = (method: 'get' | 'put' | 'patch', verb: string, phrase: string) => ({
    method,
    id: operationId(verb, within(facts), kind, suffix),
    description: `${phrase} ${which} ${kind}`,
    action: method,
    kind,
    produces: objectTypes,
  });
  return [
    {
      ...operation('get', 'read', 'read'),
      parameters: [query('resourceVersion', 'string', 'The answer must not be older than this version.')],
      answer: { definition, codes: ok },
    },
    {
      ...operation('put', 'replace', 'replace'),
      parameters: writeParameters,
      body: { definition, mediaTypes: objectTypes, required: true },
      answer: { definition, codes: { ...ok, 201: 'Created' } },
    },
    {
      ...operation('patch', 'patch', 'partially update'),
      parameters: [
        ...writeParameters,
        query('force', 'boolean', 'For apply only: take over fields that other managers own.'),
      ],
      body: { definition: metaDefinition('Patch'), mediaTypes: patchTypes, required: true },
      answer: { definition, codes: { ...ok, 201: 'Created' } },
    },
  ];
}

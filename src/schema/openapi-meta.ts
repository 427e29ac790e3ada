import type { JsonObject } from '../machinery/json.ts';
import { metaDefinition } from './openapi-names.ts';

/**
 * The types of meta/v1 that the documents refer to. A cluster has them too, in the words of its own version; where
 * the texts differ the aggregator renames ours. That is harmless as long as ours carry no
 * x-kubernetes-group-version-kind, else that would stand twice in the merged document, and clients such as Argo CD
 * refuse the whole of it (kubernetes#103597).
 */

function text(description: string): JsonObject {
  return { type: 'string', description };
}

function flag(description: string): JsonObject {
  return { type: 'boolean', description };
}

function int64(description: string): JsonObject {
  return { type: 'integer', format: 'int64', description };
}

function list(items: JsonObject, description: string, listType: string, rest: JsonObject = {}): JsonObject {
  return { type: 'array', description, items, 'x-kubernetes-list-type': listType, ...rest };
}

function texts(description: string, listType = 'atomic', rest: JsonObject = {}): JsonObject {
  return list({ type: 'string' }, description, listType, rest);
}

function textMap(description: string): JsonObject {
  return { type: 'object', description, additionalProperties: { type: 'string' } };
}

/** A reference to another meta type; written as each version of OpenAPI wants it. */
export const metaReference = 'x-tortie-meta-reference';

function ref(type: string, description?: string): JsonObject {
  return { [metaReference]: type, ...(description && { description }) };
}

function object(description: string, properties: JsonObject, rest: JsonObject = {}): JsonObject {
  return { type: 'object', description, properties, ...rest };
}

const apiVersion = text(
  'Group and version of the schema that this object is written in, e.g. projectcalico.org/v3.',
);
const kind = text('The kind of the object: what it is, in CamelCase and singular. It never changes.');

/** apiVersion and kind, which every top-level object has. */
export const typeMeta: JsonObject = { apiVersion, kind };

const objectMeta = object('What every stored object has, whatever its kind.', {
  annotations: textMap(
    'Notes of any size and form that tools keep on the object. They cannot be selected by.',
  ),
  creationTimestamp: ref('Time', 'When the server created the object. Set by the server.'),
  deletionGracePeriodSeconds: int64(
    'Seconds until the object may go once its deletion was asked for. Set by the server.',
  ),
  deletionTimestamp: ref(
    'Time',
    'When deletion was asked for. The object goes once its finalizers are gone. Set by the server.',
  ),
  finalizers: texts(
    'Names of those who must act before the object may go; each takes its own name off when it is done.',
    'set',
    { 'x-kubernetes-patch-strategy': 'merge' },
  ),
  generateName: text(
    'Start of a name that the server completes with random characters. Used where name is empty.',
  ),
  generation: int64('Counts the changes to what the object asks for. Set by the server.'),
  labels: textMap('Short keys and values by which objects are grouped and selected.'),
  managedFields: list(
    ref('ManagedFieldsEntry'),
    'Who set which fields, for server-side apply. Kept by the server.',
    'atomic',
  ),
  name: text('The name, unique among the objects of the kind in the namespace. It cannot be changed.'),
  namespace: text(
    'The namespace that the object is in. Empty for kinds that have none. It cannot be changed.',
  ),
  ownerReferences: list(
    ref('OwnerReference'),
    'The objects that this one belongs to. When all of them are gone, it is deleted too.',
    'map',
    {
      'x-kubernetes-list-map-keys': ['uid'],
      'x-kubernetes-patch-merge-key': 'uid',
      'x-kubernetes-patch-strategy': 'merge',
    },
  ),
  resourceVersion: text(
    'The version of this state of the object. Sent with an update, it makes the update fail if the object has ' +
      'changed since. Set by the server.',
  ),
  selfLink: text('No longer used.'),
  uid: text('Tells the object from all others of any time, also of the same name. Set by the server.'),
});

const status = object('The outcome of a request that does not answer with an object.', {
  ...typeMeta,
  code: { type: 'integer', format: 'int32', description: 'The HTTP code.' },
  details: ref('StatusDetails', 'More about the reason, as far as it is known.'),
  message: text('What happened, for people.'),
  metadata: ref('ListMeta', 'Metadata of the answer.'),
  reason: text('Why it happened, in one word for programs.'),
  status: text('Success or Failure.'),
});

const deleteOptions = object('How to delete.', {
  ...typeMeta,
  dryRun: texts('All: do everything but delete.'),
  gracePeriodSeconds: int64('Seconds until the object may go; 0 is at once.'),
  orphanDependents: flag('Deprecated: use propagationPolicy.'),
  preconditions: ref(
    'Preconditions',
    'What must be true of the object, else it is not deleted (409 Conflict).',
  ),
  propagationPolicy: text(
    'What becomes of the objects that belong to this one: Orphan leaves them, Background deletes them afterwards, ' +
      'Foreground before.',
  ),
});

const types: Record<string, JsonObject> = {
  APIResource: object(
    'One resource or subresource that is served.',
    {
      categories: texts('Groups of resources that this one is listed with, e.g. all.'),
      group: text('Group of the kind, where it is not that of the list.'),
      kind: text('The kind of its objects.'),
      name: text('Plural name, with the subresource behind a slash.'),
      namespaced: flag('Whether its objects are in namespaces.'),
      shortNames: texts('Shorter names for the command line.'),
      singularName: text('Singular name.'),
      storageVersionHash: text('Changes when the form changes in which objects are stored.'),
      verbs: {
        type: 'array',
        items: { type: 'string' },
        description: 'What can be done with it, e.g. get, list, watch.',
      },
      version: text('Version of the kind, where it is not that of the list.'),
    },
    { required: ['name', 'singularName', 'namespaced', 'kind', 'verbs'] },
  ),
  APIResourceList: object(
    'The resources of one version of a group.',
    {
      ...typeMeta,
      groupVersion: text('The group and version.'),
      resources: list(ref('APIResource'), 'The resources.', 'atomic'),
    },
    { required: ['groupVersion', 'resources'] },
  ),
  DeleteOptions: deleteOptions,
  FieldsV1: { type: 'object', description: 'A set of fields, as a tree of their names.' },
  ListMeta: object('What every list has beside its items.', {
    continue: text('Asks for the next page when sent as continue. Empty on the last page.'),
    remainingItemCount: int64('How many items follow this page, where that is known.'),
    resourceVersion: text('The version of the store that the list shows; a watch can begin from it.'),
    selfLink: text('No longer used.'),
  }),
  ManagedFieldsEntry: object('The fields that one manager set in one way.', {
    apiVersion: text('The version that the fields are of.'),
    fieldsType: text('The form of fieldsV1: FieldsV1.'),
    fieldsV1: ref('FieldsV1', 'The fields.'),
    manager: text('Who set them.'),
    operation: text('How: Apply or Update.'),
    subresource: text('Through which subresource, if any.'),
    time: ref('Time', 'When they were last set.'),
  }),
  ObjectMeta: objectMeta,
  OwnerReference: object(
    'An object that another one belongs to, in the same namespace or in none.',
    {
      apiVersion: text('Group and version of the owner.'),
      blockOwnerDeletion: flag(
        'Whether the owner stays until this object is gone, when deleted in the foreground.',
      ),
      controller: flag('Whether the owner manages this object. One owner at most does.'),
      kind: text('Kind of the owner.'),
      name: text('Name of the owner.'),
      uid: text('uid of the owner.'),
    },
    { required: ['apiVersion', 'kind', 'name', 'uid'], 'x-kubernetes-map-type': 'atomic' },
  ),
  Patch: { type: 'object', description: 'A change to an object, in the form that the Content-Type names.' },
  Preconditions: object('What must be true of an object before something is done to it.', {
    resourceVersion: text('Its resourceVersion.'),
    uid: text('Its uid.'),
  }),
  Status: status,
  StatusCause: object('One of the reasons of a failure.', {
    field: text('The field at fault, e.g. spec.ingress[0].action.'),
    message: text('What is wrong, for people.'),
    reason: text('What is wrong, in one word for programs.'),
  }),
  StatusDetails: object('What a Status is about.', {
    causes: list(ref('StatusCause'), 'All that is wrong.', 'atomic'),
    group: text('Group of the object.'),
    kind: text('Kind or resource of the object.'),
    name: text('Name of the object.'),
    retryAfterSeconds: { type: 'integer', format: 'int32', description: 'When to try again, in seconds.' },
    uid: text('uid of the object.'),
  }),
  Time: { type: 'string', format: 'date-time', description: 'A time to the second, as in RFC 3339.' },
};

/** All meta types by the names of their definitions. */
export const metaTypes: [string, JsonObject][] = Object.entries(types).map(([name, schema]) => [
  metaDefinition(name),
  schema,
]);

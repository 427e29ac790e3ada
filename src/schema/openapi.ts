import type { JsonObject } from '../machinery/json.ts';
import { group, type KindFacts, version } from './openapi-names.ts';
import { type Operation, type Parameter, type Path, paths } from './openapi-operations.ts';
import { definitions, reference } from './openapi-schemas.ts';

export type { KindFacts } from './openapi-names.ts';

const info: JsonObject = { title: 'Tortie', version };
const tags = ['projectcalicoOrg_v3'];
const unauthorized = { 401: { description: 'Unauthorized' } };

/** The document of /openapi/v2 (machinery.md §1.6): what kube-apiserver merges into its own. */
export function openApiV2(kinds: KindFacts[]): JsonObject {
  return {
    swagger: '2.0',
    info,
    paths: pathItems(kinds, parameterV2, operationV2),
    definitions: definitions('v2', kinds),
  };
}

/** The document of /openapi/v3/apis/projectcalico.org/v3 (machinery.md §1.7): what `kubectl explain` reads. */
export function openApiV3(kinds: KindFacts[]): JsonObject {
  return {
    openapi: '3.0.0',
    info,
    paths: pathItems(kinds, parameterV3, operationV3),
    components: { schemas: definitions('v3', kinds) },
  };
}

function pathItems(
  kinds: KindFacts[],
  parameterOf: (parameter: Parameter) => JsonObject,
  operationOf: (operation: Operation) => JsonObject,
): JsonObject {
  const item = ({ operations, parameters }: Path): JsonObject => ({
    ...Object.fromEntries(operations.map(operation => [operation.method, operationOf(operation)])),
    ...(parameters.length > 0 && { parameters: parameters.map(parameterOf) }),
  });
  const all = paths(kinds).map((path): [string, JsonObject] => [path.path, item(path)]);
  return Object.fromEntries(all.sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** What clients look operations up by; here one kind, not a list of them as on definitions. */
function kubernetesMarks({ action, kind }: Operation): JsonObject {
  return {
    ...(action && { 'x-kubernetes-action': action }),
    ...(kind && { 'x-kubernetes-group-version-kind': { group, kind, version } }),
  };
}

function parameterV2({ name, in: place, type, description }: Parameter): JsonObject {
  const required = place === 'path' ? { required: true } : {};
  return { description, in: place, name, ...required, type };
}

function operationV2(operation: Operation): JsonObject {
  const { body, answer } = operation;
  const schema = reference('v2', answer.definition);
  const responses = Object.entries(answer.codes).map(([code, description]) => [
    code,
    { description, schema },
  ]);
  const bodyParameter = body && {
    in: 'body',
    name: 'body',
    ...(body.required && { required: true }),
    schema: reference('v2', body.definition),
  };
  return {
    description: operation.description,
    operationId: operation.id,
    tags,
    schemes: ['https'],
    consumes: body?.mediaTypes ?? ['application/json', 'application/yaml'],
    produces: operation.produces,
    parameters: [...(bodyParameter ? [bodyParameter] : []), ...operation.parameters.map(parameterV2)],
    responses: { ...Object.fromEntries(responses), ...unauthorized },
    ...kubernetesMarks(operation),
  };
}

function parameterV3({ name, in: place, type, description }: Parameter): JsonObject {
  const required = place === 'path' ? { required: true } : {};
  return { description, in: place, name, ...required, schema: { type } };
}

function operationV3(operation: Operation): JsonObject {
  const { body, answer, produces } = operation;
  const contentOf = (mediaTypes: string[], definition: string) =>
    Object.fromEntries(mediaTypes.map(mediaType => [mediaType, { schema: reference('v3', definition) }]));
  const responses = Object.entries(answer.codes).map(([code, description]) => [
    code,
    { description, content: contentOf(produces, answer.definition) },
  ]);
  const requestBody = body && {
    content: contentOf(body.mediaTypes, body.definition),
    ...(body.required && { required: true }),
  };
  return {
    description: operation.description,
    operationId: operation.id,
    tags,
    parameters: operation.parameters.map(parameterV3),
    ...(requestBody && { requestBody }),
    responses: { ...Object.fromEntries(responses), ...unauthorized },
    ...kubernetesMarks(operation),
  };
}

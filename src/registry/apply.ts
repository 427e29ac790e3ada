import { limits } from '../limits.ts';
import { applyConfiguration } from '../machinery/apply/apply.ts';
import type { Decoded } from '../machinery/decode.ts';
import { goJsonType } from '../machinery/go-text.ts';
import type { Json, JsonObject } from '../machinery/json.ts';
import { pruneMetadata } from '../machinery/metadata.ts';
import type { ApiObject } from '../machinery/object.ts';
import { isJsonObject } from '../machinery/own-field.ts';
import { badRequest, conflict, notFound, StatusError } from '../machinery/status.ts';
import type { Steps } from '../machinery/steps.ts';
import { canonicalize } from '../schema/semantics.ts';
import type { FieldValidation } from './body.ts';
import { retryOnConflict } from './change.ts';
import { groupResource, pause, type ResourceParts, type WriteContext, workOf } from './context.ts';
import { create } from './create.ts';
import { alreadyKnown, trackingOf } from './ownership.ts';
import { checkIdentity, replace, type Subresource } from './update.ts';

/** The media type of server-side apply. */
export const applyType = 'application/apply-patch+yaml';

export interface ApplyOptions {
  dryRun: boolean;
  fieldValidation: FieldValidation;
  fieldManager: string;
  /** Take over fields that other managers own. */
  force: boolean;
  /** Throws 403 where the user may not create the object. */
  authorizeCreate(): Promise<void>;
}

interface Target {
  namespace: string;
  name: string;
  subresource: Subresource;
}

/**
 * Server-side apply (machinery.md §4.4): merges the configuration into the object, or creates the object from it. `created` tells
 * which. Throws 400 (no configuration of the kind), 403 (may not create), 404 (no object to set the status of), 409 (fields of
 * other managers; a stale resourceVersion; another uid), 422.
 */
export async function apply(
  parts: ResourceParts,
  context: WriteContext,
  target: Target,
  body: Pick<Decoded, 'value' | 'duplicates'>,
  options: ApplyOptions,
): Promise<{ object: ApiObject; created: boolean }> {
  const configuration = configurationOf(parts, body.value);
  const request: Request = { parts, context, target, configuration, duplicates: body.duplicates, options };
  for (let tries = 1; ; tries++) {
    const found = await isThere(parts, target);
    try {
      if (found) return { object: await change(request), created: false };
      return { object: await createNew(request), created: true };
    } catch (error) {
      // Somebody has removed it in between, or created it.
      const reason = error instanceof StatusError ? error.status.reason : undefined;
      if (tries === limits.maxPatchAttempts || reason !== (found ? 'NotFound' : 'AlreadyExists')) throw error;
      if ((await isThere(parts, target)) === found) throw error;
    }
  }
}

async function isThere({ cache }: ResourceParts, { namespace, name }: Target): Promise<boolean> {
  await cache.fresh({ namespace, name });
  return cache.get(namespace, name) !== undefined;
}

interface Request {
  parts: ResourceParts;
  context: WriteContext;
  target: Target;
  configuration: JsonObject;
  duplicates: string[];
  options: ApplyOptions;
}

/** The body as what is applied, in the form that is stored. Throws 400 for what is no object. */
function configurationOf({ kind }: ResourceParts, value: Json): JsonObject {
  const configuration = value ?? {};
  if (!isJsonObject(configuration)) {
    throw badRequest(
      'error decoding YAML: error unmarshaling JSON: while decoding JSON: json: ' +
        `cannot unmarshal ${goJsonType(value)} into Go value of type map[string]interface {}`,
    );
  }
  canonicalize(kind.schema, configuration as unknown as ApiObject);
  return configuration;
}

async function change(request: Request): Promise<ApiObject> {
  const { parts, context, target, options } = request;
  return retryOnConflict(parts, target.namespace, target.name, async current => {
    await pause(context);
    const object = await workOf(applied(request, current.object), context);
    const owners = object.metadata.managedFields;
    return replace(parts, context, target, current, object, {
      dryRun: options.dryRun,
      owners: () => alreadyKnown(owners),
      mayForgetOwners: false,
    });
  });
}

async function createNew(request: Request): Promise<ApiObject> {
  const { parts, context, target, options } = request;
  const { namespace, name, subresource } = target;
  const gr = groupResource(parts.kind);
  if (subresource !== '') throw notFound(gr, name);
  const object = await workOf(applied(request, undefined), context);
  const { uid } = object.metadata;
  if (uid) {
    const why = `uid mismatch: the provided object specified uid ${uid}, and no existing object was found`;
    throw conflict(gr, name, why);
  }
  checkIdentity(parts, target, object);
  await options.authorizeCreate();
  // Upstream passes over a version that cannot be that of an object.
  delete object.metadata.resourceVersion;
  const owners = object.metadata.managedFields;
  return create(parts, context, namespace, object, {
    dryRun: options.dryRun,
    owners: () => alreadyKnown(owners),
    mayForgetOwners: false,
  });
}

/** The object that the configuration makes of the live one, without defaults. */
function* applied(request: Request, live: ApiObject | undefined): Steps<ApiObject> {
  const { parts, target, configuration, options } = request;
  const tracking = trackingOf(parts, target.subresource, options.fieldManager);
  const object = yield* applyConfiguration(tracking, live, configuration, { force: options.force });
  pruneMetadata(object.metadata as unknown as JsonObject);
  checkDuplicates(request);
  return object;
}

/** Fields that are not of the kind have been refused by then; what is left of strictness are those that are there twice. */
function checkDuplicates({ duplicates, options, context }: Request): void {
  if (duplicates.length === 0 || options.fieldValidation === 'Ignore') return;
  if (options.fieldValidation === 'Strict') {
    const texts = duplicates.map(text => `  ${text}`).join('\n');
    throw badRequest(
      `error strict decoding YAML: error converting YAML to JSON: yaml: unmarshal errors:\n${texts}`,
    );
  }
  for (const text of duplicates) context.warn(text);
}

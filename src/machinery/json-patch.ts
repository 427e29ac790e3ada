import { limits } from '../limits.ts';
import { encode } from './encode.ts';
import { copy, equal } from './equal.ts';
import { goJsonType, goQuote } from './go-text.ts';
import type { Json } from './json.ts';
import { isJsonObject, ownField, setOwnField } from './own-field.ts';
import { badRequest, requestEntityTooLarge, StatusError } from './status.ts';

interface Operation {
  op: string;
  path: string;
  from: string;
  /** undefined where the operation has no value. */
  value: Json | undefined;
}

/** Why an operation cannot be applied. */
class PatchFailure extends Error {}

/** The part of a document that a pointer's last token is looked up in. */
type Container = Json[] | { [name: string]: Json };

function operationField(operation: Json, name: string): string {
  if (operation === null) return '';
  if (!isJsonObject(operation)) {
    const problem = `cannot unmarshal ${goJsonType(operation)} into Go value of type handlers.jsonPatchOp`;
    throw badRequest(`error decoding patch: json: ${problem}`);
  }
  const value = ownField(operation, name) ?? '';
  if (typeof value === 'string') return value;
  const field = `jsonPatchOp.${name} of type string`;
  throw badRequest(
    `error decoding patch: json: cannot unmarshal ${goJsonType(value)} into Go struct field ${field}`,
  );
}

/** The operations of a patch document. Throws StatusError 400 where it is none, 413 where there are too many. */
function operationsOf(patch: Json): Operation[] {
  if (patch === null) return [];
  if (!Array.isArray(patch)) {
    const problem = `cannot unmarshal ${goJsonType(patch)} into Go value of type []handlers.jsonPatchOp`;
    throw badRequest(`error decoding patch: json: ${problem}`);
  }
  if (patch.length > limits.maxJsonPatchOperations) {
    throw requestEntityTooLarge(
      `The allowed maximum operations in a JSON patch is ${limits.maxJsonPatchOperations}, got ${patch.length}`,
    );
  }
  return patch.map(operation => ({
    op: operationField(operation, 'op'),
    path: operationField(operation, 'path'),
    from: operationField(operation, 'from'),
    value: isJsonObject(operation) ? ownField(operation, 'value') : undefined,
  }));
}

const operationFields = new Set(['op', 'path', 'from', 'value']);

/** The fields of operations that mean nothing, as strict decoding names them: `[0].extra`. */
export function unknownPatchFields(patch: Json): string[] {
  if (!Array.isArray(patch)) return [];
  return patch.flatMap((operation, index) =>
    isJsonObject(operation)
      ? Object.keys(operation)
          .filter(name => !operationFields.has(name))
          .map(name => `[${index}].${name}`)
      : [],
  );
}

/** The tokens of a JSON pointer (RFC 6901). */
function pointerTokens(pointer: string): string[] {
  if (pointer === '') return [];
  if (!pointer.startsWith('/'))
    throw new PatchFailure(`the pointer ${goQuote(pointer)} does not begin with a slash`);
  const tokens = pointer.slice(1).split('/');
  return tokens.map(token => {
    if (/~(?![01])/.test(token))
      throw new PatchFailure(`the pointer ${goQuote(pointer)} has an invalid escape`);
    return token.replaceAll('~1', '/').replaceAll('~0', '~');
  });
}

/**
 * The index that a token stands for in a list of `length` places. Negative indexes count from the end, as
 * kube-apiserver takes them beyond the RFC.
 */
function listIndex(token: string, length: number): number | undefined {
  if (!/^(0|-?[1-9]\d{0,8})$/.test(token)) return undefined;
  const index = Number(token);
  const place = index < 0 ? index + length : index;
  return place >= 0 && place < length ? place : undefined;
}

function missing(pointer: string): PatchFailure {
  return new PatchFailure(`there is no value at ${goQuote(pointer)}`);
}

function childOf(container: Json | undefined, token: string): Json | undefined {
  if (Array.isArray(container)) {
    const index = listIndex(token, container.length);
    return index === undefined ? undefined : container[index];
  }
  return isJsonObject(container) ? ownField(container, token) : undefined;
}

/** A document while operations change it. */
class PatchedDocument {
  root: Json;
  private copiedBytes = 0;
  private movedItems = 0;

  constructor(root: Json) {
    this.root = root;
  }

  apply(operation: Operation): void {
    const { op, path, from } = operation;
    if (op === 'add') this.add(path, this.newValue(operation));
    else if (op === 'remove') this.take(path);
    else if (op === 'replace') this.replace(path, this.newValue(operation));
    else if (op === 'move') this.move(from, path);
    else if (op === 'copy') this.copy(from, path);
    else if (op === 'test') this.test(path, this.newValue(operation));
    else throw new PatchFailure(`there is no operation ${goQuote(op)}`);
  }

  private newValue(operation: Operation): Json {
    if (operation.value === undefined) throw new PatchFailure(`operation ${operation.op} needs a value`);
    // A copy, since later operations may change it and the patch may be applied again.
    return copy(operation.value);
  }

  private add(pointer: string, value: Json): void {
    const tokens = pointerTokens(pointer);
    const token = tokens.pop();
    if (token === undefined) {
      this.root = value;
      return;
    }
    const container = this.container(tokens, pointer);
    if (!Array.isArray(container)) {
      setOwnField(container, token, value);
    } else if (token === '-') {
      container.push(value);
    } else {
      const index = listIndex(token, container.length + 1);
      if (index === undefined) throw missing(pointer);
      this.countMoved(container.length - index);
      container.splice(index, 0, value);
    }
  }

  /** Removes the value at `pointer` and returns it. */
  private take(pointer: string): Json {
    const value = this.get(pointer);
    const tokens = pointerTokens(pointer);
    const token = tokens.pop();
    if (token === undefined) throw new PatchFailure('the whole document cannot be removed');
    const container = this.container(tokens, pointer);
    if (Array.isArray(container)) {
      const index = listIndex(token, container.length)!;
      this.countMoved(container.length - index);
      container.splice(index, 1);
    } else delete container[token];
    return value;
  }

  /** Counts the items behind a place in a list that has to make room, or closes up. */
  private countMoved(items: number): void {
    this.movedItems += items;
    if (this.movedItems > limits.maxJsonPatchMovedItems) {
      throw new PatchFailure(
        `add and remove operations move more than ${limits.maxJsonPatchMovedItems} items of lists`,
      );
    }
  }

  private replace(pointer: string, value: Json): void {
    this.get(pointer);
    const tokens = pointerTokens(pointer);
    const token = tokens.pop();
    if (token === undefined) {
      this.root = value;
      return;
    }
    const container = this.container(tokens, pointer);
    if (Array.isArray(container)) container[listIndex(token, container.length)!] = value;
    else setOwnField(container, token, value);
  }

  private move(from: string, to: string): void {
    if (to === from) {
      this.get(from);
      return;
    }
    if (to.startsWith(`${from}/`)) throw new PatchFailure(`${goQuote(from)} cannot be moved into itself`);
    this.add(to, this.take(from));
  }

  private copy(from: string, to: string): void {
    const value = this.get(from);
    this.copiedBytes += Buffer.byteLength(encode(value));
    if (this.copiedBytes > limits.maxJsonPatchCopyBytes) {
      throw new PatchFailure(`copy operations add more than ${limits.maxJsonPatchCopyBytes} bytes`);
    }
    this.add(to, copy(value));
  }

  private test(pointer: string, value: Json): void {
    const tokens = pointerTokens(pointer);
    const token = tokens.pop();
    const container = token === undefined ? undefined : this.container(tokens, pointer);
    const found = token === undefined ? this.root : childOf(container, token);
    // An object's field that is absent equals null, as it does for kube-apiserver: clients test for absence so.
    if (found === undefined && value === null && !Array.isArray(container)) return;
    if (found === undefined) throw missing(pointer);
    if (!equal(found, value))
      throw new PatchFailure(`the value at ${goQuote(pointer)} is not the one tested for`);
  }

  private get(pointer: string): Json {
    let value: Json | undefined = this.root;
    for (const token of pointerTokens(pointer)) value = childOf(value, token);
    if (value === undefined) throw missing(pointer);
    return value;
  }

  private container(tokens: string[], pointer: string): Container {
    let value: Json | undefined = this.root;
    for (const token of tokens) value = childOf(value, token);
    if (Array.isArray(value) || isJsonObject(value)) return value;
    throw missing(pointer);
  }
}

/** Whether a value is nested more deeply than a body may be. Walks level by level, so that no depth breaks it. */
function isTooDeep(value: Json): boolean {
  let level: Json[] = [value];
  for (let depth = 0; level.length > 0; depth++) {
    const containers = level.filter(item => typeof item === 'object' && item !== null);
    if (containers.length > 0 && depth >= limits.maxJsonDepth) return true;
    level = containers.flatMap(item => (Array.isArray(item) ? item : Object.values(item as object)));
  }
  return false;
}

/** What kube-apiserver answers to every patch that fails; why it did goes into the causes. */
function patchFailed(message: string, field: string): StatusError {
  const cause = { reason: 'FieldValueInvalid', message, field };
  const text = 'the server rejected our request due to an error in our request';
  return new StatusError('Invalid', text, { causes: [cause] });
}

/**
 * Applies a JSON patch (RFC 6902) and returns the result, which shares nothing with the inputs. All operations
 * apply or none. As in kube-apiserver, negative list indexes count from the end and a test for null passes on an
 * absent field. Throws StatusError 400 where the patch is no list of operations, 413 for more than
 * limits.maxJsonPatchOperations, 422 where an operation cannot be applied or a test fails, with the operation and
 * the reason as the cause.
 */
export function applyJsonPatch(document: Json, patch: Json): Json {
  const operations = operationsOf(patch);
  const patched = new PatchedDocument(copy(document));
  for (const [index, operation] of operations.entries()) {
    try {
      patched.apply(operation);
    } catch (error) {
      // A RangeError: moves and copies nested the document beyond what the stack holds.
      if (!(error instanceof PatchFailure) && !(error instanceof RangeError)) throw error;
      throw patchFailed(error.message, `patch[${index}]`);
    }
  }
  if (isTooDeep(patched.root)) throw patchFailed('the result is nested too deeply', 'patch');
  return patched.root;
}

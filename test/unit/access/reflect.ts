/**
 * @peculiar/x509 wants the Reflect metadata functions for its dependency injection. A map is all of them that
 * it uses; this file must be imported before it.
 */
const metadata = new WeakMap<object, Map<unknown, unknown>>();
const own = (key: unknown, target: object) => metadata.get(target)?.get(key);

Object.assign(Reflect, {
  getMetadata: own,
  getOwnMetadata: own,
  defineMetadata(key: unknown, value: unknown, target: object) {
    if (!metadata.has(target)) metadata.set(target, new Map());
    metadata.get(target)!.set(key, value);
  },
});

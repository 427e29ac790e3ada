import type { ApiObject } from '../../machinery/object.ts';

/** How many names a message holds. */
const mostNamed = 10;

/** The first names of a list, as a message tells them: `a, b, c and 4 more`. */
export function listed(names: string[], most = mostNamed): string {
  const shown = names.slice(0, most).join(', ');
  return names.length > most ? `${shown} and ${names.length - most} more` : shown;
}

/** The name of a stored object. */
export function nameOf(object: ApiObject): string {
  return object.metadata.name ?? '';
}

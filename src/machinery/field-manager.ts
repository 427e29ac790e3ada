import { isPrintable } from './go-text.ts';
import type { FieldError } from './status.ts';

const maxFieldManagerBytes = 128;

/** What is wrong with the name of a field manager: 128 bytes at most, printable characters only. */
export function* fieldManagerErrors(manager: string, field: string): Generator<FieldError, void> {
  if (Buffer.byteLength(manager) > maxFieldManagerBytes) {
    yield { type: 'TooLong', field, detail: `may not be more than ${maxFieldManagerBytes} bytes` };
  }
  if (isPrintable(manager)) return;
  let position = 0;
  for (const character of manager) {
    if (!isPrintable(character)) {
      const code = character.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0');
      const detail = `invalid character U+${code} (at position ${position})`;
      yield { type: 'Invalid', field, value: manager, detail };
    }
    position += Buffer.byteLength(character);
  }
}

/** The field manager of a request that names none: its User-Agent up to the first slash, printable, at most 128 bytes. */
export function fieldManagerOfUserAgent(userAgent: string): string {
  let manager = '';
  let bytes = 0;
  for (const character of userAgent.split('/', 1)[0]!) {
    if (!isPrintable(character)) continue;
    bytes += Buffer.byteLength(character);
    if (bytes > maxFieldManagerBytes) break;
    manager += character;
  }
  return manager;
}

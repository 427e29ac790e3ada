import { limits } from '../limits.ts';

/** What a client sent, made short enough to be told back to it. */

/** A text of at most so many characters, with a word on how many it had where it is cut. */
export function cut(text: string, most: number = limits.maxQuotedCharacters): string {
  return text.length <= most ? text : `${text.slice(0, most)}${cutNote(text.length)}`;
}

/** What stands behind a text that has been cut. */
export function cutNote(characters: number): string {
  return `... (${characters} characters)`;
}

/** A value as compact JSON, of which what is beyond the bound is neither printed nor looked at. */
export function cutJson(value: unknown, most: number = limits.maxQuotedCharacters): string {
  let text = '';
  const write = (part: unknown): void => {
    if (text.length > most) return;
    if (typeof part === 'bigint') text += String(Number(part));
    else if (typeof part === 'string') text += JSON.stringify(part.slice(0, most));
    else if (Array.isArray(part)) writeAll('[', part, ']', write);
    else if (typeof part === 'object' && part !== null) {
      const fields = Object.entries(part).filter(([, field]) => field !== undefined);
      writeAll('{', fields, '}', ([name, field]) => {
        text += `${JSON.stringify(name.slice(0, most))}:`;
        write(field);
      });
    } else text += JSON.stringify(part) ?? 'null';
  };
  const writeAll = <T>(open: string, parts: readonly T[], close: string, writeOne: (part: T) => void) => {
    text += open;
    for (const [index, part] of parts.entries()) {
      if (text.length > most) return;
      if (index > 0) text += ',';
      writeOne(part);
    }
    text += close;
  };
  write(value);
  return text.length <= most ? text : `${text.slice(0, most)}...`;
}

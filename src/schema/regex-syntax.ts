import { parseRegex } from './regex-parse.ts';

/** What keeps a text from being a regular expression that Go compiles, and where; undefined if it is one. */
export function checkRegexSyntax(pattern: string): string | undefined {
  try {
    parseRegex(pattern, { syntaxOnly: true });
    return undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return error.message.replace(/^pattern ".*": /s, '');
    throw error;
  }
}

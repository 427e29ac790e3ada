const label = '[A-Za-z0-9_./-]{1,512}';
const text = `(?:"[^"]*"|'[^']*')`;
const set = `\\{[ \\t]*(?:${text}[ \\t]*(?:,[ \\t]*${text}[ \\t]*)*)?\\}`;
const test = `(?:has\\(${label}\\)|all\\(\\)|${label}(?:[ \\t]*[=!]=[ \\t]*${text}|[ \\t]+(?:not +)?in[ \\t]*${set}))`;
const tests = new RegExp(`^[ \\t]*${test}[ \\t]*(?:(?:&&|\\|\\|)[ \\t]*${test}[ \\t]*)*$`);

/** The longest that most fields allow; an expression would need much memory for texts without a bound. */
const longest = 1024;

/**
 * Whether a text is surely a selector: tests of labels, one after the other, as nearly all are. That is told much faster than by
 * making its tree. False says nothing.
 */
export function isPlainSelector(text: string): boolean {
  return text.length <= longest && tests.test(text);
}

/** Whether this process may make code from text; `node --disallow-code-generation-from-strings` forbids it. */
export const codeAllowed = mayMakeCode();

function mayMakeCode(): boolean {
  try {
    return new Function('return true')() === true;
  } catch {
    return false;
  }
}

/**
 * What a piece of JavaScript code gives when it runs, where it sees the given values by their names. Only for code made from the
 * definitions of the kinds, at the first use of each: nothing of a request may ever stand in it, and texts stand in it as JSON.
 * Callers look at `codeAllowed` first and do without the code where there is none: what it decides, slower code decides too.
 */
export function runCode(code: string, values: Readonly<Record<string, unknown>>): unknown {
  return new Function(...Object.keys(values), `'use strict'; ${code}`)(...Object.values(values));
}

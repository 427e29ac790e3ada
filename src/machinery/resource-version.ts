import { goQuote } from './go-text.ts';
import { badRequest } from './status.ts';

const maxUint64 = 2n ** 64n - 1n;

/** The text that Go's strconv gives for a number that it cannot read; undefined where it can. */
export function goUintProblem(text: string): string | undefined {
  if (!/^\d+$/.test(text)) return `strconv.ParseUint: parsing ${goQuote(text)}: invalid syntax`;
  const significant = text.replace(/^0+/, '');
  const tooBig = significant.length > 20 || BigInt(significant || '0') > maxUint64;
  return tooBig ? `strconv.ParseUint: parsing ${goQuote(text)}: value out of range` : undefined;
}

/**
 * The number that a resourceVersion stands for; the empty one and `0` are 0. A version beyond 2^53, which no store
 * here reaches, comes out rounded and is then answered as one from the future. Throws the StatusError 400 of
 * kube-apiserver (`invalid resource version: …`).
 */
export function parseResourceVersion(text: string): number {
  if (text === '') return 0;
  const problem = goUintProblem(text);
  if (problem) {
    throw badRequest(
      `invalid resource version: resourceVersion: Invalid value: ${goQuote(text)}: ${problem}`,
    );
  }
  return Number(text);
}

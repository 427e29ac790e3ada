/** One clause of an Accept header: `type/subtype;key=value;q=0.5`. */
export interface AcceptClause {
  type: string;
  subtype: string;
  parameters: Map<string, string>;
  quality: number;
}

/**
 * The clauses of an Accept header, best first: by q, then named types before wildcards, then as written (the order
 * of kube-apiserver's negotiation). Clauses with q=0 and clauses that are no media type are left out.
 */
export function parseAccept(header: string): AcceptClause[] {
  const clauses: AcceptClause[] = [];
  for (const text of splitOutsideQuotes(header, ',')) {
    const clause = parseClause(text);
    if (clause && clause.quality > 0) clauses.push(clause);
  }
  return clauses.sort((a, b) => b.quality - a.quality || wildcards(a) - wildcards(b));
}

/** The `type/subtype` of a Content-Type header, lower case, without parameters; '' for an absent header. */
export function mediaTypeOf(header: string | undefined): string {
  return (header ?? '').split(';', 1)[0]!.trim().toLowerCase();
}

/** Whether a clause names the media type, wildcards included. */
export function clauseMatches(clause: AcceptClause, mediaType: string): boolean {
  const [type, subtype] = mediaType.split('/');
  return (
    (clause.type === '*' || clause.type === type) && (clause.subtype === '*' || clause.subtype === subtype)
  );
}

function parseClause(text: string): AcceptClause | undefined {
  const [range = '', ...rest] = splitOutsideQuotes(text, ';');
  const match = /^\s*([^\s/]+)\/([^\s/]+)\s*$/.exec(range);
  if (!match) return undefined;
  const parameters = new Map<string, string>();
  let quality = 1;
  for (const parameter of rest) {
    const equals = parameter.indexOf('=');
    const key = (equals < 0 ? parameter : parameter.slice(0, equals)).trim().toLowerCase();
    const value = equals < 0 ? '' : unquote(parameter.slice(equals + 1).trim());
    if (key === 'q') quality = parseQuality(value);
    else if (key) parameters.set(key, value);
  }
  return { type: match[1]!.toLowerCase(), subtype: match[2]!.toLowerCase(), parameters, quality };
}

/** A q value that is no number counts as 1, as in Go's parser. */
function parseQuality(text: string): number {
  const value = Number(text);
  return text !== '' && value >= 0 && value <= 1 ? value : 1;
}

function wildcards(clause: AcceptClause): number {
  return (clause.type === '*' ? 2 : 0) + (clause.subtype === '*' ? 1 : 0);
}

function unquote(text: string): string {
  if (!text.startsWith('"') || !text.endsWith('"') || text.length < 2) return text;
  return text.slice(1, -1).replaceAll(/\\(.)/g, '$1');
}

function splitOutsideQuotes(text: string, separator: string): string[] {
  if (!text.includes('"')) return text.split(separator);
  const parts: string[] = [];
  let start = 0;
  let quoted = false;
  for (let at = 0; at < text.length; at++) {
    const character = text[at];
    if (character === '\\' && quoted) at++;
    else if (character === '"') quoted = !quoted;
    else if (character === separator && !quoted) {
      parts.push(text.slice(start, at));
      start = at + 1;
    }
  }
  parts.push(text.slice(start));
  return parts;
}

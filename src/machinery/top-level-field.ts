const quote = 0x22;
const backslash = 0x5c;
const comma = 0x2c;

/**
 * The bytes of the value of a field of a compact JSON object, without parsing the rest; undefined where it has no such
 * field. `name` is one that JSON writes as it is.
 */
export function topLevelField(json: Buffer, name: string): Buffer | undefined {
  const key = Buffer.from(`"${name}"`);
  let at = 1;
  while (json[at] === quote) {
    const keyEnd = endOfString(json, at);
    const valueEnd = endOfValue(json, keyEnd + 1);
    if (json.subarray(at, keyEnd).equals(key)) return json.subarray(keyEnd + 1, valueEnd);
    if (json[valueEnd] !== comma) return undefined;
    at = valueEnd + 1;
  }
  return undefined;
}

/** The index after the closing quote of the string that begins at `start`. */
function endOfString(json: Buffer, start: number): number {
  let at = start + 1;
  for (;;) {
    const end = json.indexOf(quote, at);
    if (end < 0) return json.length;
    let slashes = 0;
    while (json[end - 1 - slashes] === backslash) slashes++;
    if (slashes % 2 === 0) return end + 1;
    at = end + 1;
  }
}

function endOfValue(json: Buffer, start: number): number {
  let depth = 0;
  for (let at = start; at < json.length; ) {
    const byte = json[at];
    if (byte === quote) {
      at = endOfString(json, at);
      if (depth === 0) return at;
      continue;
    }
    if (byte === 0x7b || byte === 0x5b) depth++;
    else if (byte === 0x7d || byte === 0x5d) {
      // The bracket of the object that holds the value.
      if (depth === 0) return at;
      depth--;
      if (depth === 0) return at + 1;
    } else if (byte === comma && depth === 0) return at;
    at++;
  }
  return json.length;
}

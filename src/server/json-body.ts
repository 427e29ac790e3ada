import type { Exchange } from './exchange.ts';
import { createIndenter, indentedSlices } from './indent.ts';
import type { Negotiated } from './negotiation.ts';
import { sendBytes, yamlCaller } from './respond.ts';
import { sendSlices, sliceBytes } from './slices.ts';

/** Answers with one JSON document, in the form negotiated. `json` is compact. Resolves when it is out; throws as `sendSlices` does. */
export async function sendJson(
  exchange: Exchange,
  code: number,
  json: Buffer | string,
  { mediaType, pretty }: Negotiated,
): Promise<void> {
  const bytes = typeof json === 'string' ? Buffer.from(json) : json;
  if (mediaType === 'application/yaml') {
    await sendBytes(exchange, code, mediaType, await exchange.yaml.write(bytes, yamlCaller(exchange)));
  } else if (!pretty) await sendBytes(exchange, code, mediaType, bytes, newline);
  else if (bytes.length <= sliceBytes) {
    await sendBytes(exchange, code, mediaType, createIndenter()(bytes), newline);
  } else await sendSlices(exchange, code, mediaType, { slices: indentedSlices(bytes), kept: bytes });
}

const newline = Buffer.from('\n');

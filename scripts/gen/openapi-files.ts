import type { Kind } from '../../src/kinds/kind.ts';
import { encode } from '../../src/machinery/encode.ts';
import { openApiV2, openApiV3 } from '../../src/schema/openapi.ts';
import type { GeneratedFile } from './generated-file.ts';

/** openapi/v2.json and openapi/v3.json: what the server answers at /openapi, to read and to diff. */
export function openApiFiles(kinds: Kind[]): GeneratedFile[] {
  return [
    { path: 'openapi/v2.json', content: `${encode(openApiV2(kinds), { pretty: true })}\n` },
    { path: 'openapi/v3.json', content: `${encode(openApiV3(kinds), { pretty: true })}\n` },
  ];
}

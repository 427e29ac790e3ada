import { parentPort } from 'node:worker_threads';
import { DecodeError, decode } from '../machinery/decode.ts';
import { toYaml } from './yaml.ts';
import type { YamlReply, YamlRequest } from './yaml-thread.ts';

/** The thread that reads and writes large YAML, one document at a time. */

const port = parentPort!;
port.on('message', (request: YamlRequest) => {
  const reply = request.type === 'read' ? read(request.bytes) : write(request.bytes);
  port.postMessage(reply, 'bytes' in reply ? [reply.bytes.buffer] : []);
});

function read(bytes: Uint8Array): YamlReply {
  try {
    const { value, duplicates } = decode(bytes, 'application/yaml');
    return { value, duplicates };
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    const { message, line, column } = error;
    return { problem: { message, line, column } };
  }
}

function write(json: Uint8Array): { bytes: Uint8Array<ArrayBuffer> } {
  const yaml = toYaml(decode(json, 'application/json').value);
  return { bytes: new TextEncoder().encode(yaml) };
}

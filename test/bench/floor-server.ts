/**
 * The least that a Node server must do for the same traffic, to compare with: TLS, HTTP/2, constant bytes; a create parses the body and
 * commits it to SQLite durably, with others that wait. Started by run.ts, which passes certificate, key and folder.
 */
import { readFileSync } from 'node:fs';
import { createSecureServer, type ServerHttp2Stream } from 'node:http2';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

const folder = process.argv[2]!;
const database = new DatabaseSync(join(folder, 'floor.db'));
database.exec(
  'PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; CREATE TABLE kv (key TEXT PRIMARY KEY, value BLOB)',
);
const insert = database.prepare('INSERT OR REPLACE INTO kv VALUES (?, ?)');

const objects = new Map<string, Buffer>();
const watchers = new Set<ServerHttp2Stream>();
let waiting: { name: string; body: Buffer; done(): void }[] = [];

function commit(): void {
  const batch = waiting;
  waiting = [];
  database.exec('BEGIN IMMEDIATE');
  for (const { name, body } of batch) insert.run(name, body);
  database.exec('COMMIT');
  const lines: Buffer[] = [];
  for (const { name, body, done } of batch) {
    objects.set(name, body);
    lines.push(Buffer.from(`{"type":"ADDED","object":${body}}\n`));
    done();
  }
  const chunk = Buffer.concat(lines);
  for (const watcher of watchers) watcher.write(chunk);
}

const server = createSecureServer({
  cert: readFileSync(join(folder, 'serving.crt')),
  key: readFileSync(join(folder, 'serving.key')),
});
server.on('stream', (stream, headers) => {
  const path = headers[':path']!;
  const name = path.split('/').at(-1)!;
  stream.on('error', () => watchers.delete(stream));
  if (headers[':method'] === 'POST') {
    const chunks: Buffer[] = [];
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.on('end', () => {
      const body = Buffer.concat(chunks);
      const object = JSON.parse(body.toString());
      if (waiting.length === 0) setImmediate(commit);
      waiting.push({
        name: object.metadata.name,
        body,
        done: () => {
          stream.respond({ ':status': 201, 'content-type': 'application/json' });
          stream.end(body);
        },
      });
    });
    return;
  }
  stream.respond({ ':status': 200, 'content-type': 'application/json' });
  if (path.includes('watch=')) {
    watchers.add(stream);
    return;
  }
  const found = objects.get(name);
  stream.end(found ?? Buffer.concat([...objects.values()].flatMap(value => [value, Buffer.from(',')])));
});
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  process.stdout.write(`ready ${typeof address === 'object' ? address?.port : ''}\n`);
});

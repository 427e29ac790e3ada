import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rename, rm, symlink, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { type FollowedFiles, followFiles } from '../../../src/access/file-reload.ts';
import type { Log } from '../../../src/observability/observability.ts';

const hourMs = 3600 * 1000;

let folder: string;
let followed: FollowedFiles | undefined;
let errors: string[];
let applied: string[];
let waiting: { text: string; resolve: () => void }[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'files-'));
  errors = [];
  applied = [];
  waiting = [];
});

afterEach(async () => {
  followed?.close();
  followed = undefined;
  await rm(folder, { recursive: true });
});

const ignore = () => {};
const log: Log = {
  debug: ignore,
  info: ignore,
  warn: ignore,
  error: (_message, fields) => errors.push(String(fields?.error)),
};

/** Joins the contents; refuses those that hold "bad". */
function apply(contents: Buffer[]): void {
  const text = contents.join('|');
  if (text.includes('bad')) throw new Error(`refused ${text}`);
  applied.push(text);
  for (const { resolve } of waiting.filter(each => each.text === text)) resolve();
}

/** Resolves when this text is applied; the test runner's time limit stands for never. */
function appliedText(text: string): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  if (applied.includes(text)) resolve();
  else waiting.push({ text, resolve });
  return promise;
}

async function follow(names: string[], pollMs = hourMs): Promise<FollowedFiles> {
  followed = await followFiles(
    names.map(name => join(folder, name)),
    apply,
    { log, pollMs },
  );
  return followed;
}

const write = (name: string, text: string) => writeFile(join(folder, name), text);

describe('followFiles', { timeout: 20_000 }, () => {
  it('applies the contents at once, in order', async () => {
    await write('a', '1');
    await write('b', '2');
    await follow(['b', 'a']);
    assert.deepEqual(applied, ['2|1']);
  });

  it('rejects when a file is missing or refused at first', async () => {
    await assert.rejects(follow(['a']), /ENOENT/);
    await write('a', 'bad');
    await assert.rejects(follow(['a']), /refused bad/);
  });

  it('sees a file written anew', async () => {
    await write('a', '1');
    await follow(['a']);
    await write('a', '2');
    await appliedText('2');
  });

  it('sees a file replaced by a rename', async () => {
    await write('a', '1');
    await follow(['a']);
    await write('next', '2');
    await rename(join(folder, 'next'), join(folder, 'a'));
    await appliedText('2');
  });

  it('sees the swap of a secret, both files in one step', async () => {
    // The layout of kubelet: tls.crt -> ..data/tls.crt, ..data -> ..2026_1
    for (const version of ['1', '2']) {
      await mkdir(join(folder, `..v${version}`));
      await write(`..v${version}/tls.crt`, `crt${version}`);
      await write(`..v${version}/tls.key`, `key${version}`);
    }
    await symlink('..v1', join(folder, '..data'));
    for (const name of ['tls.crt', 'tls.key']) await symlink(`..data/${name}`, join(folder, name));
    await follow(['tls.crt', 'tls.key']);
    await symlink('..v2', join(folder, '..data_tmp'));
    await rename(join(folder, '..data_tmp'), join(folder, '..data'));
    await appliedText('crt2|key2');
    assert.deepEqual(applied, ['crt1|key1', 'crt2|key2']);
  });

  it('polls for what the folder does not tell', async () => {
    await mkdir(join(folder, 'elsewhere'));
    await write('elsewhere/a', '1');
    await symlink('elsewhere/a', join(folder, 'a'));
    await follow(['a'], 20);
    await write('elsewhere/a', '2');
    await appliedText('2');
  });

  it('does not apply the same contents again', async () => {
    await write('a', '1');
    const { check } = await follow(['a']);
    await write('a', '1');
    await check();
    assert.deepEqual(applied, ['1']);
  });

  it('keeps the old contents while a file is bad or missing, tells it once, and recovers', async () => {
    await write('a', '1');
    const { check } = await follow(['a']);
    await write('a', 'bad');
    await check();
    await check();
    assert.deepEqual([applied, errors], [['1'], ['refused bad']]);
    await unlink(join(folder, 'a'));
    await check();
    await check();
    assert.equal(errors.length, 2);
    assert.match(errors[1]!, /ENOENT/);
    await write('a', '1');
    await check();
    assert.deepEqual(applied, ['1']);
    await write('a', 'bad');
    await check();
    assert.deepEqual(errors.slice(2), ['refused bad']);
    await write('a', '2');
    await check();
    assert.deepEqual(applied, ['1', '2']);
  });

  it('looks one after the other', async () => {
    await write('a', '1');
    const { check } = await follow(['a']);
    await write('a', '2');
    await Promise.all([check(), check(), check()]);
    assert.deepEqual(applied, ['1', '2']);
  });

  it('applies nothing after close', async () => {
    await write('a', '1');
    const { check, close } = await follow(['a']);
    close();
    await write('a', '2');
    await check();
    assert.deepEqual(applied, ['1']);
  });
});

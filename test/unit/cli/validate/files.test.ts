import assert from 'node:assert/strict';
import { mkdirSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { suite, test } from 'node:test';
import { findFiles, readManifest, readStream, UnreadableError } from '../../../../src/cli/validate/files.ts';
import { limits } from '../../../../src/limits.ts';
import { folderOf } from './run.ts';

suite('files', () => {
  test('of a folder all manifests below it, sorted; of a file the file', t => {
    const folder = folderOf(t, {
      'b.yaml': '',
      'a/z.yml': '',
      'a/y.JSON': '',
      'a/x.txt': '',
      'a/.hidden.yaml': '',
      'node_modules/p/c.yaml': '',
      '.git/c.yaml': '',
      'd.yaml/e.yaml': '',
    });
    const names = (...paths: string[]) =>
      findFiles(paths.map(path => join(folder, path))).files.map(file => relative(folder, file));
    assert.deepEqual(names('.'), ['a/.hidden.yaml', 'a/y.JSON', 'a/z.yml', 'b.yaml', 'd.yaml/e.yaml']);
    assert.deepEqual(names('b.yaml', 'a/x.txt', 'a', '.').slice(0, 3), [
      'b.yaml',
      'a/x.txt',
      'a/.hidden.yaml',
    ]);
    assert.equal(names('b.yaml', 'a', '.', 'b.yaml').length, 5, 'each once');
  });

  test('links to files are followed, links to folders are not', t => {
    const folder = folderOf(t, { 'a/x.yaml': '', 'real.txt': '' });
    symlinkSync('..', join(folder, 'a/up'));
    symlinkSync('../real.txt', join(folder, 'a/link.yaml'));
    symlinkSync('..', join(folder, 'a/folder.yaml'));
    const { files, unreadable } = findFiles([folder]);
    assert.deepEqual(
      files.map(file => relative(folder, file)),
      ['a/link.yaml', 'a/x.yaml'],
    );
    assert.deepEqual(unreadable, []);
  });

  test('what is not there is told, and the rest is found', t => {
    const folder = folderOf(t, { 'a.yaml': '' });
    symlinkSync('nowhere', join(folder, 'dangling'));
    const missing = join(folder, 'missing.yaml');
    const { files, unreadable } = findFiles([missing, folder, join(folder, 'dangling')]);
    assert.deepEqual(files, [join(folder, 'a.yaml')]);
    assert.deepEqual(unreadable, [
      { file: missing, message: 'there is no such file or folder' },
      { file: join(folder, 'dangling'), message: 'there is no such file or folder' },
    ]);
  });

  test('a link to nothing does not hide its neighbours', t => {
    const folder = folderOf(t, { 'z.yaml': '' });
    symlinkSync('nowhere', join(folder, 'a.yaml'));
    assert.deepEqual(findFiles([folder]), {
      files: [join(folder, 'z.yaml')],
      unreadable: [{ file: join(folder, 'a.yaml'), message: 'there is no such file or folder' }],
    });
  });

  test('standard input is itself', () => assert.deepEqual(findFiles(['-', '-']).files, ['-']));

  test('a file is read whole, up to the bound', t => {
    const folder = folderOf(t, { small: 'x'.repeat(70_000), empty: '' });
    assert.equal(readManifest(join(folder, 'small')).length, 70_000);
    assert.equal(readManifest(join(folder, 'empty')).length, 0);
    const large = join(folder, 'large');
    writeFileSync(large, '');
    truncateSync(large, limits.maxManifestFileBytes + 1);
    assert.throws(() => readManifest(large), {
      constructor: UnreadableError,
      message: 'larger than 32 MiB, the most that is read; split it',
    });
    truncateSync(large, limits.maxManifestFileBytes);
    assert.equal(readManifest(large).length, limits.maxManifestFileBytes);
    assert.throws(() => readManifest(join(folder, 'none')), UnreadableError);
    mkdirSync(join(folder, 'sub'));
    assert.throws(() => readManifest(join(folder, 'sub')), { message: 'it is a folder' });
  });

  test('a stream is read whole, up to the bound', async () => {
    async function* of(...chunks: (string | Uint8Array)[]) {
      yield* chunks;
    }
    assert.equal((await readStream(of('a', Buffer.from('bé')))).toString(), 'abé');
    const half = Buffer.alloc(limits.maxManifestFileBytes / 2 + 1);
    await assert.rejects(readStream(of(half, half)), UnreadableError);
    async function* failing() {
      yield 'a';
      throw new Error('gone');
    }
    await assert.rejects(readStream(failing()), { constructor: UnreadableError, message: 'gone' });
  });
});

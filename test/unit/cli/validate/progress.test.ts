import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { Progress } from '../../../../src/cli/validate/progress.ts';

function setUp(isTTY: boolean) {
  let nowMs = 0;
  const written: string[] = [];
  const progress = new Progress({ isTTY, write: text => void written.push(text) }, () => nowMs);
  const tell = (atMs: number, files: number) => {
    nowMs = atMs;
    progress.tell({ files, ofFiles: 9, objects: files * 2 });
  };
  return { progress, written, tell };
}

suite('progress', () => {
  test('is told after a second, ten times a second at most, and taken away', () => {
    const { progress, written, tell } = setUp(true);
    tell(500, 1);
    progress.clear();
    tell(999, 2);
    assert.deepEqual(written, []);
    tell(1_000, 3);
    tell(1_099, 4);
    tell(1_100, 5);
    assert.deepEqual(written, [
      '\r\x1b[Kchecked 6 objects in 3 of 9 files',
      '\r\x1b[Kchecked 10 objects in 5 of 9 files',
    ]);
    progress.clear();
    progress.clear();
    assert.deepEqual(written.slice(2), ['\r\x1b[K']);
  });

  test('is not told where nobody looks', () => {
    const { progress, written, tell } = setUp(false);
    tell(5_000, 3);
    progress.clear();
    assert.deepEqual(written, []);
  });
});

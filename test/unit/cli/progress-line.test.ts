import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { ProgressLine } from '../../../src/cli/progress-line.ts';

function setUp(isTTY: boolean) {
  let nowMs = 0;
  const written: string[] = [];
  const progress = new ProgressLine({ isTTY, write: text => void written.push(text) }, () => nowMs);
  const tell = (atMs: number, files: number) => {
    nowMs = atMs;
    progress.tell(() => `${files} of 9 files`);
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
    assert.deepEqual(written, ['\r\x1b[K3 of 9 files', '\r\x1b[K5 of 9 files']);
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

/** Laws `replay` and `recovery` across processes that share nothing but files. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import { drawsOf, resultOf, type Result } from './support/process.js';
import { run } from './support/run.js';

const script = fileURLToPath(new URL('./support/process.js', import.meta.url));
const seed = 20140502;
const count = 30;

const inProcess = (task: string, directory = ''): Result[] =>
  JSON.parse(execFileSync(process.execPath, [script, task, String(seed), String(count), directory], { encoding: 'utf8', maxBuffer: 1 << 26 })) as Result[];

test('replay: another process gives the same digests', () => {
  const here = drawsOf(seed, count).map(({ drawn, stepEvery }) => resultOf(run(drawn, { stepEvery })));
  assert.deepEqual(inProcess('replay'), here);
});

test('recovery: one process stops anywhere, the next has only its files, and it is as if nobody had stopped', () => {
  const directory = mkdtempSync(join(tmpdir(), 'tapewright-recovery-'));
  try {
    const here = drawsOf(seed, count).map(({ drawn, stepEvery }) => resultOf(run(drawn, { stepEvery })));
    const taken = inProcess('stop', directory).filter(({ state }) => state).length;
    assert.ok(taken > count / 4, 'checkpoints were written');
    assert.deepEqual(inProcess('resume', directory), here);
  } finally {
    rmSync(directory, { recursive: true });
  }
});

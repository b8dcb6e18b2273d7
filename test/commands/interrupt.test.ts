import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { directoryFor } from '../stores/directory.js';
import { binary, example, tapewright, writeFiles } from './command-line.js';

const bound = ['vwap.sql', '--bind', 'ticks=ticks.jsonl'];

/** A run that would take a minute and a half of real time, once its bundle is there. */
async function slowRun(directory: string): Promise<{ child: ChildProcess; err: () => string }> {
  const child = spawn(process.execPath, [binary, 'replay', ...bound, '--speed', '1', '--out', 'run'], { cwd: directory, stdio: ['ignore', 'ignore', 'pipe'] });
  let err = '';
  child.stderr!.on('data', (chunk: Buffer) => (err += chunk.toString()));
  while (!existsSync(join(directory, 'run', 'manifest.json')) && child.exitCode === null) await new Promise((resolve) => setTimeout(resolve, 20));
  return { child, err: () => err };
}

const outputsOf = (out: string): unknown => (JSON.parse(out) as { outputs: unknown }).outputs;

test('Ctrl-C stops at a checkpoint and says how to go on; a killed run goes on too', async (context) => {
  const directory = directoryFor(context);
  writeFiles(directory, example);
  const whole = tapewright(directory, 'replay', ...bound, '--out', 'whole', '--json');
  for (const [signal, exit] of [['SIGINT', 0], ['SIGKILL', null]] as const) {
    const folder = join(directory, signal);
    writeFiles(folder, example);
    const { child, err } = await slowRun(folder);
    child.kill(signal);
    const [code] = (await once(child, 'close')) as [number | null];
    assert.equal(code, exit, err());
    if (signal === 'SIGINT') assert.match(err(), /To go on: tapewright replay --resume run/);
    const resumed = tapewright(folder, 'replay', '--resume', 'run', '--speed', 'max', '--json');
    assert.equal(resumed.code, 0, resumed.err);
    assert.deepEqual(outputsOf(resumed.out), outputsOf(whole.out), signal);
  }
});

test('a second run into a directory that is being written names the process', async (context) => {
  const directory = directoryFor(context);
  writeFiles(directory, example);
  const { child } = await slowRun(directory);
  try {
    for (const args of [['replay', ...bound, '--out', 'run'], ['replay', '--resume', 'run']]) {
      const { code, err } = tapewright(directory, ...args);
      assert.equal(code, 2);
      assert.match(err, new RegExp(`being written by process ${child.pid}`));
    }
  } finally {
    child.kill('SIGKILL');
    await once(child, 'close');
  }
});

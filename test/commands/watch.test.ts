/** A paced run on a terminal of its own, which `script` makes: what Ctrl-C leaves of it. */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import test from 'node:test';
import { directoryFor } from '../stores/directory.js';
import { binary, example, writeFiles } from './command-line.js';

const hasScript = spawnSync('script', ['--version'], { encoding: 'utf8' }).stdout?.includes('util-linux') === true;

/** Runs until the view has shown a trade, then presses Ctrl-C. */
async function watched(directory: string, environment: NodeJS.ProcessEnv, ...args: readonly string[]): Promise<{ screen: string; code: number | null }> {
  const command = ['stty cols 90 rows 20;', 'exec', process.execPath, binary, 'replay', 'vwap.sql', '--bind', 'ticks=ticks.jsonl', '--speed', '1', '--out', 'run', ...args].join(' ');
  const child = spawn('script', ['-qec', command, '/dev/null'], { cwd: directory, env: { PATH: process.env['PATH'], HOME: directory, TERM: 'xterm', ...environment }, stdio: ['pipe', 'pipe', 'ignore'] });
  let screen = '';
  let pressed = false;
  child.stdout.on('data', (chunk: Buffer) => {
    screen += chunk.toString();
    if (pressed || !/10\.5|14:30:01/.test(screen)) return;
    pressed = true;
    child.stdin.write('\u0003');
  });
  const [code] = (await once(child, 'close')) as [number | null];
  return { screen, code };
}

test('Ctrl-C gives the terminal back and then says how to go on', { skip: !hasScript && 'needs script of util-linux' }, async (context) => {
  const directory = directoryFor(context);
  writeFiles(directory, example);
  const { screen, code } = await watched(directory, { NO_COLOR: '1' });
  assert.equal(code, 0, screen);
  assert.equal(screen.split('\u001b[?1049h').length, 2);
  const after = screen.slice(screen.lastIndexOf('\u001b[?7h\u001b[?25h\u001b[?1049l'));
  assert.match(after, /To go on: tapewright replay --resume run/);
  assert.ok(!after.slice(20).includes('\u001b'), JSON.stringify(after));
  assert.match(screen, /TAPE.*TOP MOVERS/);
  assert.doesNotMatch(screen, /\u001b\[\d*m/, 'NO_COLOR');
});

test('--no-watch keeps to one line', { skip: !hasScript && 'needs script of util-linux' }, async (context) => {
  const directory = directoryFor(context);
  writeFiles(directory, example);
  const { screen } = await watched(directory, {}, '--no-watch');
  assert.ok(!screen.includes('\u001b[?1049h') && screen.includes('To go on:'), JSON.stringify(screen));
});

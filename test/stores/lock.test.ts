import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { Lock, lockHolder, type LockOwner } from '../../src/stores/lock.js';
import { directoryFor } from './directory.js';

const lockModule = new URL('../../src/stores/lock.js', import.meta.url).href;
const taking = (directory: string, then: string): string[] => [
  '--input-type=module', '--eval', `const { Lock } = await import(${JSON.stringify(lockModule)}); await Lock.take(${JSON.stringify(directory)}); ${then}`,
];

/** Beyond the greatest process number that any system gives. */
const deadOwner = (nonce: string): string => JSON.stringify({ pid: 2 ** 30, host: hostname(), boot: null, start: null, nonce });

test('a live process keeps others out, and its number is named', async (context) => {
  const directory = directoryFor(context);
  const child = spawn(process.execPath, taking(directory, 'console.log("taken"); setInterval(() => undefined, 1000);'), { stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    await once(child.stdout, 'data');
    await assert.rejects(Lock.take(directory), { code: 'BUNDLE_LOCKED', message: new RegExp(`written by process ${child.pid}`) });
  } finally {
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
  // Killed: its lock is still there, and hinders nobody.
  assert.ok(existsSync(join(directory, 'lock')));
  const lock = await Lock.take(directory);
  assert.equal((await lockHolder(join(directory, 'lock')))?.pid, process.pid);
  lock.release();
  assert.deepEqual(readdirSync(directory), []);
});

test('a process number that now belongs to another process, or an earlier boot, holds nothing', async (context) => {
  const directory = directoryFor(context);
  const path = join(directory, 'lock');
  const held = await Lock.take(directory);
  const mine = JSON.parse(readFileSync(path, 'utf8')) as LockOwner;
  const dead = [mine.start !== null ? { ...mine, start: '1' } : null, mine.boot !== null ? { ...mine, boot: 'another' } : null];
  for (const owner of dead) {
    if (owner === null) continue;
    writeFileSync(path, JSON.stringify(owner));
    (await Lock.take(directory)).release();
  }
  held.release();
});

test('a lock of another host is respected, with the way out', async (context) => {
  const directory = directoryFor(context);
  writeFileSync(join(directory, 'lock'), JSON.stringify({ pid: 1, host: `not-${hostname()}`, boot: null, start: null, nonce: 'x' }));
  await assert.rejects(Lock.take(directory), { code: 'BUNDLE_LOCKED', message: /on host not-.*delete the file/ });
});

test('a lock file that says nothing holds nothing', async (context) => {
  const directory = directoryFor(context);
  for (const text of ['', '{', 'null', '{"pid":"1"}']) {
    writeFileSync(join(directory, 'lock'), text);
    (await Lock.take(directory)).release();
  }
});

test('of many that take a dead lock at once, one gets it', async (context) => {
  for (let round = 0; round < 20; round += 1) {
    const directory = directoryFor(context);
    writeFileSync(join(directory, 'lock'), deadOwner('00000000000000aa'));
    const results = await Promise.allSettled(Array.from({ length: 8 }, () => Lock.take(directory)));
    assert.equal(results.filter((result) => result.status === 'fulfilled').length, 1);
    assert.deepEqual(readdirSync(directory), ['lock']);
  }
});

test('who died while burying the dead is buried too', async (context) => {
  const directory = directoryFor(context);
  writeFileSync(join(directory, 'lock'), deadOwner('00000000000000aa'));
  writeFileSync(join(directory, '.lock.00000000000000aa.dead'), deadOwner('00000000000000bb'));
  writeFileSync(join(directory, '.lock.00000000000000bb.dead'), deadOwner('00000000000000cc'));
  (await Lock.take(directory)).release();
  assert.deepEqual(readdirSync(directory), []);
});

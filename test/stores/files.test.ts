import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { TapewrightError } from '../../src/core/errors.js';
import { fileDigest, makeDirectory, unwritable, writeAside } from '../../src/stores/files.js';
import { directoryFor } from './directory.js';

test('a file is replaced whole, and nothing else is left beside it', async (context) => {
  const directory = directoryFor(context);
  const path = join(directory, 'a.json');
  await writeAside(path, 'old');
  await writeAside(path, new Uint8Array([110, 101]), 'w');
  assert.equal(readFileSync(path, 'utf8'), 'new');
  assert.deepEqual(readdirSync(directory), ['a.json']);
  assert.equal(await fileDigest(path), '11507a0e2f5e69d5dfa40a62a1bd7b6ee57e6bcd85c67c9b8431b36fff21c437');
});

test('a failed write names the path and the reason, and leaves nothing', async (context) => {
  const directory = directoryFor(context);
  const inTheWay = join(directory, 'd');
  mkdirSync(join(inTheWay, 'x'), { recursive: true });
  await assert.rejects(writeAside(inTheWay, 'x'), { code: 'OUTPUT_UNWRITABLE', message: /cannot write .*d: a directory is in the way/ });
  assert.deepEqual(readdirSync(directory), ['d']);
  await writeAside(join(directory, 'f'), 'x');
  await assert.rejects(makeDirectory(join(directory, 'f', 'g')), { code: 'OUTPUT_UNWRITABLE', message: /not a directory/ });
});

test('only what the disk is to blame for becomes OUTPUT_UNWRITABLE', () => {
  const failure = (code: string) => Object.assign(new Error(code), { code });
  for (const code of ['ENOSPC', 'EACCES', 'EROFS', 'EDQUOT']) {
    const error = unwritable('runs/x', failure(code));
    assert.ok(error instanceof TapewrightError && error.code === 'OUTPUT_UNWRITABLE' && error.message.includes('runs/x') && error.details.reason === code);
  }
  const bug = new TypeError('x is not a function');
  assert.equal(unwritable('runs/x', bug), bug);
});

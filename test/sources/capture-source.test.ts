/** A recording read in a thread of its own gives what it gives in the thread that asks. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { gzipSync } from 'node:zlib';
import { sqlType } from '../../src/core/types.js';
import { generateLedger } from '../../src/datasets/ledger/generate.js';
import type { CaptureBatch } from '../../src/sources/capture-batch.js';
import type { CaptureRequest } from '../../src/sources/capture-decoding.js';
import { openCaptureSource, type CaptureSource } from '../../src/sources/capture-source.js';
import { fingerprintOf } from '../../src/sources/files.js';
import { directoryFor } from '../stores/directory.js';

const lines = [...generateLedger({ seed: 2, rows: 2500 })].map((line) => `${line}\n`);
const requestOf = (files: readonly string[]): CaptureRequest => ({
  recording: { format: 'jsonl', files }, transactionTopic: 'dbz.transaction', tellsAll: false,
  tables: [{ topics: ['dbz.cdc.positions'], columns: [{ name: 'symbol', type: sqlType('STRING'), eventTime: false }, { name: 'quantity', type: sqlType('BIGINT'), eventTime: false }] }],
});

async function readAll(source: CaptureSource): Promise<CaptureBatch[]> {
  const batches: CaptureBatch[] = [];
  for (let batch = await source.next(); batch !== null; batch = await source.next()) batches.push(batch);
  return batches;
}

test('batches and fingerprints are the same, whoever reads, and whatever the files are packed in', async (context) => {
  const directory = directoryFor(context);
  const [first, second, packed] = ['a.jsonl', 'b.jsonl', 'c.jsonl.gz'].map((name) => join(directory, name)) as [string, string, string];
  writeFileSync(first, lines.slice(0, 1800).join(''));
  // The last line of a file need not end.
  writeFileSync(second, lines.slice(1800).join('').trimEnd());
  writeFileSync(packed, gzipSync(lines.slice(0, 300).join('')));
  for (const files of [[first, second], [packed, second]]) {
    const here = openCaptureSource(requestOf(files), Infinity), there = openCaptureSource(requestOf(files), 0);
    try {
      const batches = await readAll(there);
      assert.deepEqual(batches, await readAll(here));
      assert.equal(batches.length > 2, true);
      for (const source of [here, there]) assert.equal(await source.fingerprint(), await fingerprintOf(files));
    } finally {
      await here.close();
      await there.close();
    }
  }
});

test('a fingerprint that is asked for in the midst of reading hashes what is left, beside who reads on', async (context) => {
  const directory = directoryFor(context);
  const files = ['a.jsonl', 'b.jsonl'].map((name) => join(directory, name));
  for (const file of files) writeFileSync(file, lines.join(''));
  const hash = await fingerprintOf(files);
  for (const threadFrom of [0, Infinity]) {
    const source = openCaptureSource(requestOf(files), threadFrom);
    assert.notEqual(await source.next(), null);
    const asked = source.fingerprint();
    assert.equal((await readAll(source)).length > 1, true);
    assert.equal(await asked, hash);
    assert.equal(await source.fingerprint(), hash);
    await source.close();
  }
});

test('an error of the thread is the same as here, after the batches before it; a source that nobody read has nothing to close', async (context) => {
  const directory = directoryFor(context);
  const [good, bad] = ['a.jsonl', 'b.jsonl'].map((name) => join(directory, name)) as [string, string];
  writeFileSync(good, lines.slice(0, 100).join(''));
  writeFileSync(bad, Buffer.from([0x7b, 0xff, 0x7d, 0x0a]));
  for (const threadFrom of [0, Infinity]) {
    const source = openCaptureSource(requestOf([good, bad]), threadFrom);
    assert.notEqual(await source.next(), null);
    await assert.rejects(source.next(), { code: 'DATASET_CORRUPT', message: /b\.jsonl is not UTF-8/ });
    await source.close();
    await openCaptureSource(requestOf([good]), threadFrom).close();
  }
});

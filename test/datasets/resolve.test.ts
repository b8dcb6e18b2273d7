import assert from 'node:assert/strict';
import { appendFile, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { TapewrightError } from '../../src/core/errors.js';
import { loadDataset, type Dataset } from '../../src/datasets/dataset.js';
import { resolveDataset } from '../../src/datasets/resolve.js';

let cache = '';
let small: Dataset;
before(async () => {
  cache = await mkdtemp(join(tmpdir(), 'tapewright-'));
  small = { ...(await loadDataset('us-equities-day')), data: { kind: 'generator', name: 'us-equities-day', seed: 1, rows: 5000 }, fingerprint: 'c56875ef9654136a9573b2e85f47bc30b3a219b93da23cdf41731ad8328ee897' };
});
after(() => rm(cache, { recursive: true }));

test('the rows are those pinned, made once, with progress, and nothing is left aside', async () => {
  const seen: number[] = [];
  const first = await resolveDataset(small, { cache, onProgress: (rows) => seen.push(rows) });
  assert.equal(first.fingerprint, small.fingerprint);
  assert.equal(seen.at(-1), 5000);
  assert.equal(first.rows, 5000);
  const made = await stat(first.binding.path);
  const second = await resolveDataset(small, { cache, onProgress: () => assert.fail('made again') });
  assert.deepEqual(second, first);
  assert.equal((await stat(second.binding.path)).mtimeMs, made.mtimeMs);
  assert.deepEqual(await readdir(cache), ['us-equities-day-1-5000-labels.parquet', 'us-equities-day-1-5000.json', 'us-equities-day-1-5000.parquet']);
});

test('other parameters are other rows in another file, held against no pin', async () => {
  const base = await resolveDataset(small, { cache });
  const fewer = await resolveDataset(small, { cache, rows: 100 });
  const other = await resolveDataset(small, { cache, seed: 2 });
  assert.equal(new Set([base, fewer, other].map(({ fingerprint }) => fingerprint)).size, 3);
  assert.equal(new Set([base, fewer, other].map(({ binding }) => binding.path)).size, 3);
});

test('a file in the cache that was cut, or made by another version, is made again', async () => {
  const { binding, fingerprint } = await resolveDataset(small, { cache });
  const record = binding.path.replace('.parquet', '.json');
  const spoils = [
    () => appendFile(binding.path, 'more'),
    () => writeFile(record, '{'),
    async () => writeFile(record, (await readFile(record, 'utf8')).replace(/"version": \d+/, '"version": 0')),
    async () => writeFile(record, (await readFile(record, 'utf8')).replace(fingerprint!, '0'.repeat(64))),
    () => rm(record),
  ];
  for (const spoil of spoils) {
    await spoil();
    let made = false;
    const again = await resolveDataset(small, { cache, onProgress: () => (made = true) });
    assert.ok(made);
    assert.equal(again.fingerprint, fingerprint);
  }
});

test('rows that are not those pinned stop everything', async () => {
  const pinned = '0'.repeat(64);
  await assert.rejects(resolveDataset({ ...small, fingerprint: pinned }, { cache }), (error: unknown) => {
    assert.ok(error instanceof TapewrightError && error.code === 'DATASET_CORRUPT');
    assert.deepEqual([error.details['actual'], error.details['expected']], [small.fingerprint, pinned]);
    return true;
  });
});

test('parameters that cannot be are refused', async () => {
  for (const options of [{ rows: 0 }, { rows: 1.5 }, { rows: 100_000_001 }, { seed: -1 }, { seed: 2 ** 53 }]) {
    await assert.rejects(resolveDataset(small, { cache, ...options }), { code: 'USAGE' });
  }
  const files: Dataset = { ...small, data: { kind: 'files', path: join(cache, 'ticks.parquet'), format: 'parquet' } };
  await assert.rejects(resolveDataset(files, { rows: 5 }), { code: 'USAGE' });
  assert.equal((await resolveDataset(files)).binding.path, join(cache, 'ticks.parquet'));
});

test('a cache that cannot be written is said to be that', async () => {
  const file = join(cache, 'a file');
  await writeFile(file, '');
  await assert.rejects(resolveDataset(small, { cache: join(file, 'cache') }), { code: 'OUTPUT_UNWRITABLE' });
});

test('a market of quotes refuses trades to put in, and says what there is', async () => {
  const quotes = await loadDataset('fx-day');
  await assert.rejects(resolveDataset(quotes, { cache, rows: 100, inject: { PRICE_SPIKE: 1 } }), { code: 'USAGE', message: /fx-day has quotes only: price-spike is a trade; choose from spread-widening, / });
  assert.equal((await resolveDataset(quotes, { cache, rows: 100, inject: { PRICE_SPIKE: 0, STUCK_PRICE: 1 } })).rows, 100);
});

import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { checkDataset } from '../../src/datasets/check.js';
import { loadDataset, type Dataset } from '../../src/datasets/dataset.js';
import { resolveDataset } from '../../src/datasets/resolve.js';

let cache = '';
let small: Dataset;
before(async () => {
  cache = await mkdtemp(join(tmpdir(), 'tapewright-'));
  small = { ...(await loadDataset('us-equities-day')), data: { kind: 'generator', name: 'us-equities-day', seed: 3, rows: 4000 }, fingerprint: null };
});
after(() => rm(cache, { recursive: true }));

test('rows read back have the digest that they had when they were made', async () => {
  const { fingerprint } = await resolveDataset(small, { cache });
  assert.deepEqual(await checkDataset(small, { cache }), { dataset: 'us-equities-day', rows: 4000, fingerprint, problems: [] });
});

test('a file with other rows than it is said to have is found out', async () => {
  const path = (await resolveDataset(small, { cache })).binding.path;
  const files: Dataset = { ...small, data: { kind: 'files', path, format: 'parquet' }, rows: 4000 };
  const { problems, fingerprint } = await checkDataset(files);
  assert.deepEqual(problems, []);
  assert.deepEqual((await checkDataset({ ...files, rows: 4001, fingerprint })).problems, ['it has 4000 rows, not 4001']);
  assert.match((await checkDataset({ ...files, fingerprint: '0'.repeat(64) })).problems.join(), /^its fingerprint is [0-9a-f]{64}, not 0{64}$/);
});

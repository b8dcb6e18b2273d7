import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { bindTables } from '../../src/scenario/bindings.js';
import { directoryFor } from '../stores/directory.js';

const one = async (given: string, base: string, map: Record<string, string> = {}, onRemark?: (remark: string) => void) =>
  (await bindTables({ t: { given, base, map } }, onRemark))['t']!;

test('a file is found from the folder that names it, with its mapping', async (context) => {
  const base = directoryFor(context);
  writeFileSync(join(base, 'ticks.csv'), 'a\n1\n');
  assert.deepEqual(await one('ticks.csv', base, { a: 'a + 1' }), {
    dataset: null, generated: false, binding: { path: join(base, 'ticks.csv'), format: 'csv', select: { a: 'a + 1' }, order: null }, fingerprint: null, rows: null, span: null,
  });
  assert.equal((await one('day-*.parquet', base)).binding.path, join(base, 'day-*.parquet'));
});

test('an Iceberg table is found by its folder, with a snapshot or without', async (context) => {
  const base = directoryFor(context);
  const metadata = join(base, 'lake', 'metadata', 'v1.metadata.json');
  mkdirSync(join(base, 'lake', 'metadata'), { recursive: true });
  writeFileSync(metadata, '{}');
  for (const choice of ['', '?snapshot=7', '?as-of=1000']) {
    const { binding } = await one(`lake${choice}`, base);
    assert.deepEqual(binding, { path: `${metadata}${choice}`, format: 'iceberg', select: {}, order: null });
  }
});

test('a dataset that lies elsewhere is bound by its folder or its dataset.yaml', async (context) => {
  const base = directoryFor(context);
  mkdirSync(join(base, 'mine'));
  writeFileSync(join(base, 'mine', 'ticks.csv'), 'ts\n2026-03-02 00:00:00\n');
  writeFileSync(join(base, 'mine', 'dataset.yaml'), `name: own
description: Rows of a test.
origin: This test.
licence: none
schema: { ts: TIMESTAMP(3) }
files: ticks.csv
span: { from: 2026-03-02T00:00:00Z, to: 2026-03-02T00:00:01Z }
rows: 1
`);
  for (const given of ['mine', 'mine/', './mine', join(base, 'mine'), 'mine/dataset.yaml']) {
    const { dataset, binding } = await one(given, base);
    assert.deepEqual([dataset, binding.path], ['own', join(base, 'mine', 'ticks.csv')], given);
  }
  await assert.rejects(one('other', base), { code: 'DATASET_MISSING' });
});

test('a path of a bundle from elsewhere is tried from here', async () => {
  const bound = await one('package.json', join('/', 'nowhere', 'at', 'all'));
  assert.equal(bound.binding.path, join(process.cwd(), 'package.json'));
});

test('a dataset is made once, and takes other parameters', async (context) => {
  const before = process.env['TAPEWRIGHT_CACHE'];
  process.env['TAPEWRIGHT_CACHE'] = directoryFor(context);
  context.after(() => {
    if (before === undefined) delete process.env['TAPEWRIGHT_CACHE'];
    else process.env['TAPEWRIGHT_CACHE'] = before;
  });
  const said: string[] = [];
  const made = await one('us-equities-day?rows=500&seed=3', '.', {}, (remark) => said.push(remark));
  assert.deepEqual([made.dataset, made.generated, made.rows], ['us-equities-day?rows=500&seed=3', true, 500]);
  assert.match(made.fingerprint ?? '', /^[0-9a-f]{64}$/);
  assert.deepEqual(said, ['Making dataset us-equities-day (500 rows), once.']);
  assert.deepEqual(await one('us-equities-day?rows=500&seed=3', '.', {}, (remark) => said.push(remark)), made);
  assert.equal(said.length, 1);
  const other = await one('us-equities-day?rows=500&seed=4', '.');
  assert.notEqual(other.fingerprint, made.fingerprint);
  await assert.rejects(one('us-equities-day?rows=0', '.'), { code: 'USAGE' });
});

test('what is neither a file nor a dataset gets the nearest dataset', async (context) => {
  const base = directoryFor(context);
  await assert.rejects(one('us-equity-day', base), { code: 'DATASET_MISSING', message: /table t is bound to 'us-equity-day'.*did you mean 'us-equities-day'/ });
  mkdirSync(join(base, 'x.xyz'));
  await assert.rejects(one('x.xyz', base), { code: 'DATASET_INVALID' });
});

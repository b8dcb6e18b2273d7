import assert from 'node:assert/strict';
import { mkdtemp, mkdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { TapewrightError } from '../../src/core/errors.js';
import { typeName } from '../../src/core/types.js';
import { isDataset, listDatasets, loadDataset, parseDataset } from '../../src/datasets/dataset.js';
import { generatorNamed } from '../../src/datasets/generators.js';

const lines = [
  'name: ticks',
  'description: some ticks',
  'origin: an exchange',
  'licence: MIT',
  'files: ticks.parquet',
  'schema:',
  '  symbol: STRING',
  '  price: DECIMAL(10, 2)',
  '  event_time: TIMESTAMP(3) NOT NULL',
  'select:',
  '  event_time: epoch_ms(ts)',
  'span: { from: 2026-03-02T14:30:00Z, to: 2026-03-02T21:00:00Z }',
  'rows: 12',
];
const parse = (text: readonly string[]) => parseDataset(text.join('\n'), '/data/ticks/dataset.yaml');
const withLine = (from: string, to: string) => lines.map((line) => (line.startsWith(from) ? to : line));

const refused = (text: readonly string[], ...parts: (string | RegExp)[]) =>
  assert.throws(() => parse(text), (error: unknown) => {
    assert.ok(error instanceof TapewrightError && error.code === 'DATASET_INVALID', String(error));
    for (const part of parts) assert.match(error.message, new RegExp(part));
    return true;
  });

test('a dataset of files says what its rows are and where they lie', () => {
  const dataset = parse(lines);
  assert.deepEqual(dataset.data, { kind: 'files', path: '/data/ticks/ticks.parquet', format: 'parquet' });
  assert.deepEqual(dataset.schema.map(({ name, type }) => `${name} ${typeName(type)}`), [
    'symbol STRING', 'price DECIMAL(10, 2)', 'event_time TIMESTAMP(3) NOT NULL',
  ]);
  assert.deepEqual(dataset.select, { event_time: 'epoch_ms(ts)' });
  assert.deepEqual(dataset.span, { from: Date.UTC(2026, 2, 2, 14, 30), to: Date.UTC(2026, 2, 2, 21) });
  assert.equal(dataset.order, null);
  assert.equal(dataset.rows, 12);
});

test('a key that is not known is refused with its line and the one probably meant', () => {
  refused(withLine('licence', 'license: MIT'), /line 4/, "'license'", 'licence');
});

test('what cannot be meant is refused with its line', () => {
  refused(withLine('  price', '  price: MONEY'), /line 8/, 'type as in SQL');
  refused(withLine('  price', '  price: DECIMAL(50, 2)'), /line 8/);
  refused(withLine('  event_time: epoch', '  time: epoch_ms(ts)'), /line 11/, 'column of the schema');
  refused(withLine('span', 'span: { from: 2026-03-02, to: 2026-03-03 }'), /line 12/, 'time in UTC');
  refused(withLine('span', 'span: { from: 2026-03-02T14:30:00Z, to: 2026-03-02T14:30:00Z }'), 'later than from');
  refused(withLine('rows', 'rows: many'), /line 13/, 'whole number');
  refused([...lines, 'order: seq'], /line 14/, 'column of the schema');
  refused([...lines, 'fingerprint: abc'], /line 14/, '64 lower-case hex digits');
  refused(withLine('files', '# none'), 'files');
  refused([...lines, 'generator: { name: us-equities-day, seed: 1, rows: 5 }'], 'generator');
  refused(withLine('files', 'generator: { name: us-equity-day, seed: 1, rows: 5 }'), /line 5/, 'us-equities-day');
  refused(withLine('files', 'generator: { name: us-equities-day, seed: 1, rows: 100000001 }'), '100000000');
  refused(['- a list'], 'mapping');
  refused(['name: "open'], /line 1/);
});

test('the shipped dataset describes what its generator makes', async () => {
  const dataset = await loadDataset('us-equities-day');
  assert.equal(dataset.data.kind, 'generator');
  const generator = generatorNamed('us-equities-day')!;
  assert.deepEqual(dataset.schema, generator.schema);
  assert.deepEqual(dataset.rows, dataset.data.kind === 'generator' && dataset.data.rows);
  const [first] = generator.generate({ seed: 1, rows: 1, inject: generator.inject });
  const time = first!.columns[5]!.values[0] as number;
  assert.ok(time >= dataset.span.from && time < dataset.span.to);
});

test('datasets are found by name, by folder and by file, and a name nearly right is corrected', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'tapewright-'));
  try {
    await mkdir(join(folder, 'ticks'));
    await writeFile(join(folder, 'ticks', 'dataset.yaml'), lines.join('\n'));
    const folders = [folder];
    assert.deepEqual(await listDatasets(folders), ['ticks']);
    assert.ok(isDataset('ticks', folders) && !isDataset('ticks.parquet', folders));
    for (const given of ['ticks', join(folder, 'ticks'), join(folder, 'ticks', 'dataset.yaml')]) {
      assert.equal((await loadDataset(given, folders)).name, 'ticks');
    }
    await assert.rejects(loadDataset('tick', folders), (error: unknown) => error instanceof TapewrightError && error.code === 'DATASET_MISSING' && /did you mean 'ticks'/.test(error.message));
    await assert.rejects(loadDataset('../ticks', folders), { code: 'DATASET_MISSING' });
  } finally {
    await rm(folder, { recursive: true });
  }
});

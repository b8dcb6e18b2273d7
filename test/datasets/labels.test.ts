import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { test } from 'node:test';
import { loadDataset, parseDataset } from '../../src/datasets/dataset.js';
import { generatorNamed } from '../../src/datasets/generators.js';
import { writeLabels } from '../../src/datasets/labels.js';
import { injectionsText } from '../../src/datasets/market/injections.js';
import { datasetLabels, resolveDataset } from '../../src/datasets/resolve.js';
import { openDuck, textRows } from '../../src/sources/duck.js';
import { quoteText } from '../../src/sources/quote.js';
import { directoryFor } from '../stores/directory.js';

async function rowsOf(path: string): Promise<(string | null)[][]> {
  const duck = await openDuck({ files: [path] });
  try {
    return await textRows(duck.connection, `SELECT type, symbol, CAST(epoch_ms(from_time) AS VARCHAR), CAST(epoch_ms(to_time) AS VARCHAR), CAST(size AS VARCHAR), typeof(from_time) FROM ${quoteText(path)}`);
  } finally {
    duck.close();
  }
}

test('labels come back as they were given, with the whole market as NULL; no labels are a table too', async (context) => {
  const path = join(directoryFor(context), 'labels.parquet');
  await writeLabels(path, [{ type: 'BURST', symbol: null, from: 1772461800001, to: 1772461830000, size: 10 }, { type: 'PRICE_SPIKE', symbol: "O'X", from: 5, to: 5, size: -0.0625 }]);
  assert.deepEqual(await rowsOf(path), [['BURST', null, '1772461800001', '1772461830000', '10.0', 'TIMESTAMP'], ['PRICE_SPIKE', "O'X", '5', '5', '-0.0625', 'TIMESTAMP']]);
  await writeLabels(path, []);
  assert.deepEqual(await rowsOf(path), []);
  await assert.rejects(writeLabels(join(path, 'below.parquet'), []), { code: 'OUTPUT_UNWRITABLE' });
});

test('a generated dataset has its labels beside it, those of the injections asked for', async (context) => {
  const cache = directoryFor(context);
  const options = { cache, rows: 500 };
  const dataset = await loadDataset('us-equities-day');
  const generator = generatorNamed('us-equities-day')!;
  const usual = (await datasetLabels(dataset, options))!;
  assert.equal((await rowsOf(usual)).length, generator.labels(1, generator.inject).length);
  const none = await resolveDataset(dataset, { ...options, inject: {} });
  assert.deepEqual(await rowsOf(none.labels!), []);
  const spikes = (await datasetLabels('us-equities-day?rows=500&inject=price-spike:2', { cache }))!;
  assert.deepEqual((await rowsOf(spikes)).map(([type]) => type), ['PRICE_SPIKE', 'PRICE_SPIKE']);
  assert.equal(new Set([usual, none.labels, spikes]).size, 3);
  // The usual ones, spelt out, are the same dataset.
  assert.equal(await datasetLabels(`us-equities-day?rows=500&inject=${injectionsText(generator.inject)}`, { cache }), usual);
  await rm(usual);
  assert.equal(basename((await datasetLabels(dataset, options))!), 'us-equities-day-1-500-labels.parquet');
  assert.ok((await rowsOf(usual)).length > 0, 'they are written again');
});

test("a user's dataset says where its labels are; what is no dataset has none", async () => {
  const text = 'name: mine\ndescription: d\norigin: o\nlicence: l\nfiles: ticks.csv\nlabels: known.parquet\nschema: { event_time: TIMESTAMP(3) }\nspan: { from: 2026-03-02T14:30:00Z, to: 2026-03-02T21:00:00Z }\n';
  assert.equal(await datasetLabels(parseDataset(text, '/data/mine/dataset.yaml')), '/data/mine/known.parquet');
  assert.equal(await datasetLabels(parseDataset(text.replace('labels: known.parquet\n', ''), '/data/mine/dataset.yaml')), null);
  assert.equal(await datasetLabels('ticks/day.parquet'), null);
});

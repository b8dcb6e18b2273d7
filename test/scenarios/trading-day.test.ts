import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { generatorNamed } from '../../src/datasets/generators.js';
import { loadDataset } from '../../src/datasets/dataset.js';
import { planTexts } from '../../src/runtime/pipeline.js';
import { packageRoot } from '../../src/runtime/versions.js';
import { loadScenario } from '../../src/scenario/scenario.js';

const { texts, parameters } = await loadScenario(join(packageRoot(), 'scenarios', 'trading-day'));
const { sources, sinks, remarks } = planTexts(texts);

test('the text of the Flink job plans as it stands, with nothing to remark', () => {
  assert.deepEqual(sinks.map(({ name }) => name), [
    'vwap_1m', 'candles_1m', 'candles_5m', 'candles_1h', 'moving_average', 'volatility_alerts', 'anomaly_alerts',
  ]);
  assert.deepEqual(remarks, []);
});

test('the table read has the columns of the dataset that it is bound to', async () => {
  assert.deepEqual(Object.entries(parameters.bindings).map(([table, { given }]) => [table, given]), [['market_data_raw', 'us-equities-day']]);
  assert.deepEqual(parameters.key, ['symbol']);
  const { schema } = await loadDataset('us-equities-day');
  // The job does not look at who trades.
  assert.deepEqual(
    sources.map(({ physical }) => physical.map(({ name, type }) => [name, type.kind])),
    [schema.filter(({ name }) => name !== 'trader').map(({ name, type }) => [name, type.kind])],
  );
});

test('what the scenario expects speaks of outputs that it has, and of every trade that was put in', () => {
  const names = sinks.map(({ name }) => name);
  for (const { table } of texts.expect.outputs) assert.ok(names.includes(table), table);
  const generator = generatorNamed('us-equities-day')!;
  const moment = (time: number): string => new Date(time).toISOString().replace('T', ' ').replace('Z', '');
  for (const { symbol, from } of generator.labels(1, generator.inject).filter(({ from, to }) => from === to)) {
    assert.ok(texts.expect.outputs.some(({ where }) => where?.includes(`('${symbol}', TIMESTAMP '${moment(from)}')`)), `${symbol} at ${moment(from)}`);
  }
});

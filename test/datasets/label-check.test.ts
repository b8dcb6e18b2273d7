/** Labels that cannot be right are said to be so by `datasets check`. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { checkDataset } from '../../src/datasets/check.js';
import { parseDataset } from '../../src/datasets/dataset.js';
import { directoryFor } from '../stores/directory.js';
import { writeParquet, writeText } from '../sources/files.js';

const yaml = `name: x
description: d
origin: o
licence: l
files: rows.csv
schema: {symbol: STRING, event_time: TIMESTAMP(3)}
span: {from: 2026-03-02T14:00:00Z, to: 2026-03-02T15:00:00Z}
labels: labels.parquet
`;

const time = (text: string): string => `TIMESTAMP '2026-03-02 ${text}'`;
const label = (symbol: string | null, from: string, to: string, rest = "'spike' AS type, 1.5 AS size"): string =>
  `SELECT ${symbol === null ? 'NULL::VARCHAR' : `'${symbol}'`} AS symbol, ${from} AS from_time, ${to} AS to_time, ${rest}`;

/** Problems of a dataset of two rows, of A and of B, with the labels of a query. */
async function problemsOf(context: TestContext, query: string | null, harm: (path: string) => void = () => undefined): Promise<readonly string[]> {
  const directory = directoryFor(context);
  writeText(join(directory, 'rows.csv'), 'symbol,event_time\nA,2026-03-02T14:00:00Z\nB,2026-03-02T14:30:00Z\n');
  const labels = join(directory, 'labels.parquet');
  if (query !== null) await writeParquet(labels, query);
  harm(labels);
  return (await checkDataset(parseDataset(yaml, join(directory, 'dataset.yaml')))).problems;
}

test('labels within the span, of symbols of the data, or of all of them, are right', async (context) => {
  assert.deepEqual(await problemsOf(context, `${label('A', time('14:00:00'), time('15:00:00'))} UNION ALL ${label(null, time('14:10:00'), time('14:10:00'))}`), []);
});

test('labels outside the span are counted, and the first is named', async (context) => {
  const query = `${label('A', time('14:00:00'), time('14:00:01'))} UNION ALL ${label('B', time('13:59:59.999'), time('14:00:01'))} UNION ALL ${label('B', time('14:59:00'), time('15:00:00.001'))}`;
  assert.deepEqual(await problemsOf(context, query), [
    '2 of 3 of the labels (labels.parquet) lie outside the span, 2026-03-02T14:00:00.000Z to 2026-03-02T15:00:00.000Z; the first is spike of B, 2026-03-02T13:59:59.999Z',
  ]);
});

test('labels that end before they begin, of unknown symbols, without a type, of no size', async (context) => {
  const [from, to] = [time('14:10:00'), time('14:20:00')];
  const problem = async (query: string, says: RegExp): Promise<void> => {
    const problems = await problemsOf(context, query);
    assert.equal(problems.length, 1);
    assert.match(problems[0]!, says);
  };
  await problem(label('A', to, from), /^1 of 1 of the labels .* end before they begin; the first is spike of A/);
  await problem(label('C', from, to), /are of symbols that the data do not have; the first is spike of C/);
  await problem(label(null, from, to, 'NULL::VARCHAR AS type, 1.0 AS size'), /have no type, time or size/);
  await problem(label('A', from, to, "'spike' AS type, 'nan'::DOUBLE AS size"), /have no finite size/);
});

test('a labels file that is not there, damaged, or has other columns', async (context) => {
  assert.match((await problemsOf(context, null)).join(), /^the labels \(labels\.parquet\) are not there: .*labels\.parquet does not exist$/);
  assert.match((await problemsOf(context, null, (path) => writeText(path, 'PAR1 no more'))).join(), /^the labels \(labels\.parquet\) cannot be read: /);
  assert.deepEqual(await problemsOf(context, "SELECT 'A' AS symbol, 'spike' AS type, 5 AS from_time"), ['the labels (labels.parquet) lack from_time TIMESTAMP_MS (it is INTEGER), to_time TIMESTAMP_MS, size DOUBLE']);
});

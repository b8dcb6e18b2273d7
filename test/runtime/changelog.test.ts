/** Outputs that change, through files: what the bundle, queries, verification and further runs make of them. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import fc from 'fast-check';
import { faults } from '../../src/core/faults.js';
import { reportText } from '../../src/report/write.js';
import type { ReplayResult, RunParameters } from '../../src/runtime/options.js';
import { runReplay } from '../../src/runtime/replay.js';
import { resultText } from '../../src/runtime/result-text.js';
import { verifyRun, verifyTwo } from '../../src/runtime/verify.js';
import { unmetExpectations } from '../../src/scenario/expectations.js';
import { queryBundle } from '../../src/sinks/query.js';
import { queryToFile } from '../../src/sinks/query-file.js';
import { directoryFor } from '../stores/directory.js';
import { jsonLines, parameters, texts, ticks, writeTicks } from './ticks.js';

const table = `CREATE TABLE ticks (
  symbol STRING, price DOUBLE, volume BIGINT, event_time TIMESTAMP(3), WATERMARK FOR event_time AS event_time - INTERVAL '2' SECOND
);`;
const counted = (where = ''): string => `SELECT symbol, COUNT(*) AS trades FROM ticks ${where} GROUP BY symbol`;
const sql = `${table}
SET 'table.exec.state.ttl' = '1 d';
CREATE TABLE totals (symbol STRING, trades BIGINT, volume BIGINT, PRIMARY KEY (symbol) NOT ENFORCED);
CREATE TABLE best (symbol STRING, price DOUBLE, volume BIGINT);
CREATE TABLE heavy (symbol STRING, trades BIGINT, heavy BIGINT);
CREATE TABLE against (symbol STRING, event_time TIMESTAMP(3), price DOUBLE, last_heavy DOUBLE);
CREATE VIEW heaviest AS SELECT symbol, price, event_time FROM (
  SELECT *, ROW_NUMBER() OVER (PARTITION BY symbol ORDER BY event_time DESC) AS n FROM ticks WHERE volume > 7) WHERE n = 1;
INSERT INTO totals SELECT symbol, COUNT(*), SUM(volume) FROM ticks GROUP BY symbol;
INSERT INTO best SELECT symbol, price, volume FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY symbol ORDER BY price DESC) AS n FROM ticks) WHERE n <= 3;
INSERT INTO heavy SELECT a.symbol, a.trades, b.trades FROM (${counted()}) AS a LEFT JOIN (${counted('WHERE volume > 7')}) AS b ON a.symbol = b.symbol;
INSERT INTO against SELECT t.symbol, t.event_time, t.price, h.price FROM ticks AS t LEFT JOIN heaviest FOR SYSTEM_TIME AS OF t.event_time AS h ON t.symbol = h.symbol;
`;

const rows = 600;

async function complete(context: TestContext, changes: Partial<RunParameters> = {}, report = false): Promise<{ directory: string; data: string; run: string; result: ReplayResult }> {
  const directory = directoryFor(context);
  const data = writeTicks(directory, ticks(rows));
  const run = join(directory, 'run');
  const result = await runReplay({ run: { kind: 'new', texts: texts(sql), parameters: parameters(data, changes), out: run }, stopAfterRows: null, report });
  return { directory, data, run, result };
}

const asked = async (run: string, query: string): Promise<readonly (readonly unknown[])[]> => (await queryBundle(run, query)).rows;
const byRow = (list: readonly (readonly unknown[])[]): string[] => list.map((row) => JSON.stringify(row)).sort();

/** What each output comes to, from the data alone. */
function expected(): Readonly<Record<string, readonly (readonly unknown[])[]>> {
  const symbols = [...new Set(ticks(rows).map(({ symbol }) => symbol))];
  const of = (symbol: string) => ticks(rows).filter((tick) => tick.symbol === symbol);
  return {
    totals: symbols.map((symbol) => [symbol, of(symbol).length, of(symbol).reduce((sum, { volume }) => sum + volume, 0)]),
    // Of equal prices the first to come stays.
    best: symbols.flatMap((symbol) => of(symbol).map((tick, at) => ({ tick, at })).sort((a, b) => b.tick.price - a.tick.price || a.at - b.at).slice(0, 3).map(({ tick }) => [symbol, tick.price, tick.volume])),
    heavy: symbols.map((symbol) => [symbol, of(symbol).length, of(symbol).filter(({ volume }) => volume > 7).length]),
  };
}

test('query shows the tables as they stand, and their changes', async (context) => {
  for (const lanes of [1, 3]) {
    const { run, result } = await complete(context, { lanes, key: lanes > 1 ? ['symbol'] : null });
    for (const [name, wanted] of Object.entries(expected())) {
      assert.deepEqual(byRow(await asked(run, `FROM ${name}`)), byRow(wanted), `${name} of ${lanes} lanes`);
      assert.equal(result.outputs[name]!.standing, wanted.length);
      assert.deepEqual(await asked(run, `SELECT count(*) FROM ${name}__changes`), [[result.outputs[name]!.rows]]);
    }
    assert.equal(result.outputs['against']!.standing, undefined);
    const changes = await queryBundle(run, 'FROM bundle.totals__changes');
    assert.deepEqual(changes.columns.map(({ name }) => name), ['symbol', 'trades', 'volume', '_op']);
    assert.deepEqual(await asked(run, 'SELECT DISTINCT _op FROM totals__changes ORDER BY 1'), [['+I'], ['+U']]);
    assert.match(resultText(result), /best +\d+ changes, 15 rows/);
    assert.deepEqual((await verifyRun(run)).difference, null);
  }
});

test('a trade against the last heavy one of its symbol; where that is forgotten, the late trade is told', async (context) => {
  const { run } = await complete(context);
  const later = 'event_time > (SELECT min(event_time) + INTERVAL 10 SECOND FROM against)';
  const alone = await asked(run, `SELECT symbol, event_time FROM against WHERE last_heavy IS NULL AND ${later}`);
  assert.ok(alone.length > 0);
  assert.deepEqual(byRow(await asked(run, `SELECT json_extract_string(row, '$.symbol'), event_time FROM late WHERE operator LIKE 'temporal-join%' AND ${later}`)), byRow(alone));
  assert.deepEqual(await asked(run, 'SELECT count(*) FROM against'), [[rows]]);
});

test('verification of two runs names the change that differs', async (context) => {
  const { directory, run } = await complete(context);
  const other = ticks(rows);
  other[300]!.volume += 1;
  writeFileSync(join(directory, 'other.jsonl'), jsonLines(other));
  await runReplay({ run: { kind: 'new', texts: texts(sql), parameters: parameters(join(directory, 'other.jsonl')), out: join(directory, 'other') }, stopAfterRows: null, report: false });
  const { difference } = await verifyTwo(run, join(directory, 'other'));
  assert.deepEqual([difference!.output, difference!.row, difference!.field], ['totals', 300, 'volume']);
});

test('expectations count rows of the table, with and without a condition', async (context) => {
  const { run, result } = await complete(context);
  const expectation = { table: 'totals', minRows: 5, maxRows: 5 };
  const expectations = { outputs: [{ ...expectation, where: null }, { ...expectation, where: 'trades > 1' }], lateMax: null, rejectedMax: null };
  assert.deepEqual(await unmetExpectations(expectations, result, (text) => asked(run, text)), []);
});

test('the file of a changelog is read again as any other, and its table can be written out', async (context) => {
  const { directory, run, result } = await complete(context);
  const again = `CREATE TABLE ticks (symbol STRING, trades BIGINT, volume BIGINT, _op STRING); SELECT _op AS kind, COUNT(*) AS n FROM ticks GROUP BY _op;`;
  const second = await runReplay({ run: { kind: 'new', texts: texts(again), parameters: parameters(join(run, 'outputs', 'totals.parquet')), out: join(directory, 'again') }, stopAfterRows: null, report: false });
  assert.equal(second.rows, result.outputs['totals']!.rows);
  assert.deepEqual(byRow(await asked(join(directory, 'again'), 'FROM query_1')), byRow([['+I', 5], ['+U', rows - 5]]));
  for (const format of ['arrow', 'parquet'] as const) assert.equal((await queryToFile(run, 'FROM totals', format, join(directory, `totals.${format}`))).rows, 5);
});

test('rows that --from withholds stay in changelogs, which the run says', async (context) => {
  const whole = await complete(context);
  const { run, result } = await complete(context, { from: Date.UTC(2026, 2, 2, 14, 30, 20) });
  assert.deepEqual(await asked(run, 'FROM totals'), await asked(whole.run, 'FROM totals'));
  assert.ok(result.remarks.some((remark) => remark.startsWith('totals is a changelog')), result.remarks.join('\n'));
});

test('reports tell the table and the changes', async (context) => {
  const { run, result } = await complete(context, {}, true);
  const { report, text } = await reportText(run, 'markdown');
  assert.deepEqual([report.outputs['totals']!.rows, report.outputs['totals']!.changes, report.outputs['against']!.changes], [5, rows, undefined]);
  assert.deepEqual(report.outputs['totals']!.columns.map(({ name }) => name), ['symbol', 'trades', 'volume']);
  assert.ok(text.includes(`| 5 (${result.outputs['totals']!.rows} changes) |`), text);
  const page = readFileSync(join(run, 'report.html'), 'utf8');
  assert.ok(page.includes('"name":"totals__changes"'));
});

/** Law: recovery is invisible to changelogs as well: of joins, aggregates, Top-N. */
test('stopped anywhere and taken up again, changelogs are those of a run that never stopped', async (context) => {
  const { directory, data, run: whole } = await complete(context);
  let number = 0;
  await fc.assert(fc.asyncProperty(fc.nat(rows - 1), async (at) => {
    const run = join(directory, `stopped-${number++}`);
    faults.stopAtRow = at;
    try {
      await runReplay({ run: { kind: 'new', texts: texts(sql), parameters: parameters(data, { checkpointEvery: 0, stepEvery: 2_000 }), out: run }, stopAfterRows: null, report: false }).catch((error: Error) => assert.equal(error.name, 'StoppedByFault'));
    } finally {
      faults.stopAtRow = -1;
    }
    const result = await runReplay({ run: { kind: 'resume', directory: run }, stopAfterRows: null, report: false });
    for (const name of Object.keys(result.outputs)) assert.deepEqual(await asked(run, `FROM ${name}`), await asked(whole, `FROM ${name}`), name);
    assert.deepEqual((await verifyRun(run)).difference, null);
  }), { numRuns: 4 });
});

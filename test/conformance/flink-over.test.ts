/** Flink's own expected rows for OVER, with watermarks between the rows, from its integration tests. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sharedJson, skipUnless } from '../support/shared.js';
import { withJsonLines, withRun } from '../support/run-sql.js';

interface OverCase {
  readonly input: readonly Record<string, unknown>[];
  readonly expected: readonly Record<string, unknown>[];
}

const frame = (partition: string, bounds: string) => `OVER (${partition === '' ? '' : `PARTITION BY ${partition} `}ORDER BY ts ${bounds})`;
const range = `RANGE BETWEEN INTERVAL '1' SECOND PRECEDING AND CURRENT ROW`;
const rows2 = 'ROWS BETWEEN 2 PRECEDING AND CURRENT ROW';
/** Flink's test function LTCNT(x, 4): how many are above 4. */
const above4 = (column: string, over: string) => `SUM(CASE WHEN ${column} > 4 THEN 1 ELSE 0 END) ${over}`;

/** Select lists whose column names are those of the expected rows. */
const cases: Record<string, string> = {
  over_range_1s_partitioned: `c, b, ${above4('a', frame('c', range))} AS ltcnt_a_gt_4, COUNT(a) ${frame('c', range)} AS count_a, SUM(a) ${frame('c', range)} AS sum_a`,
  over_range_1s_global: `c, b, COUNT(a) ${frame('', range)} AS count_a, SUM(a) ${frame('', range)} AS sum_a`,
  over_rows_2_partitioned: `c, a, ${above4('a', frame('c', rows2))} AS ltcnt_a_gt_4, COUNT(1) ${frame('c', rows2)} AS \`count\`, SUM(a) ${frame('c', rows2)} AS sum_a`,
  over_rows_2_global_with_late: `c, a, COUNT(1) ${frame('', rows2)} AS \`count\`, SUM(a) ${frame('', rows2)} AS sum_a`,
  over_unbounded_range: unbounded('RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW'),
  over_unbounded_rows: unbounded('ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW'),
  over_lag: `a, b, c, LAG(b) ${frame('a', '')} AS lag1, LAG(b, 2) ${frame('a', '')} AS lag2, LAG(b, 2, 10086) ${frame('a', '')} AS lag2_default`,
};

function unbounded(bounds: string): string {
  const over = frame('a', bounds);
  return `a, b, c, ${above4('b', over)} AS ltcnt_b_gt_4, SUM(b) ${over} AS sum_b, COUNT(b) ${over} AS count_b, AVG(b) ${over} AS avg_b_integer_division, MAX(b) ${over} AS max_b, MIN(b) ${over} AS min_b`;
}

for (const [name, select] of Object.entries(cases)) {
  const file = `flink_${name}.json`;
  test(`Flink's ${name}`, { skip: skipUnless('conformance', file) }, async () => {
    const { input, expected } = sharedJson('conformance', file) as OverCase;
    const sql = `
      CREATE TABLE t (ts TIMESTAMP(3), a BIGINT, b BIGINT, c STRING, WATERMARK FOR ts AS SOURCE_WATERMARK()) WITH ('connector' = 'values');
      SELECT ${select} FROM t;`;
    const rows = await withJsonLines(input, (path) => withRun(sql, { t: path }, ({ query }) => query('SELECT * FROM query_1')));
    assert.deepEqual(sorted(rows.map(normal)), sorted(expected.map(normal)));
  });
}

/** Rows in which Flink 2.3's incremental deviation is wrong: the frame's prices in exact arithmetic say so. */
test('Flink 2.3 over five minutes, but for the rows in which its deviation is shown to be wrong', { skip: skipUnless('conformance', 'flink_2.3_over_streaming_output.json') }, async () => {
  const flink = sharedJson('conformance', 'flink_2.3_over_streaming_output.json') as { readonly rows: readonly (readonly unknown[])[] };
  const input = flink.rows.map(([, symbol, ts, price]) => ({ symbol, ts, price }));
  const over = `OVER (PARTITION BY symbol ORDER BY ts RANGE BETWEEN INTERVAL '5' MINUTE PRECEDING AND CURRENT ROW)`;
  const sql = `
    CREATE TABLE t (symbol STRING, ts TIMESTAMP(3), price DOUBLE, WATERMARK FOR ts AS ts - INTERVAL '1' MINUTE) WITH ('connector' = 'values');
    SELECT symbol, ts, price, AVG(price) ${over} AS ap, STDDEV_POP(price) ${over} AS sd, COUNT(*) ${over} AS c, SUM(price) ${over} AS sp FROM t;`;
  const ours = await withJsonLines(input, (path) => withRun(sql, { t: path }, ({ query }) =>
    query('SELECT symbol, epoch_ms(ts) AS ts, price, ap, sd, c, sp FROM query_1')));
  const key = (symbol: unknown, ts: unknown, price: unknown) => `${String(symbol)} ${String(ts)} ${String(price)}`;
  const theirs = new Map(flink.rows.map((row) => [key(row[1], Date.parse(`${String(row[2])}Z`), row[3]), row]));
  assert.equal(ours.length, flink.rows.length);
  let wrong = 0;
  for (const row of ours) {
    const [, , , , ap, sd, , c, sp] = theirs.get(key(row['symbol'], row['ts'], row['price']))!;
    assert.equal(Number(row['c']), c);
    assert.ok(near(row['ap'], ap) && near(row['sp'], sp), JSON.stringify(row));
    if (near(row['sd'], sd)) continue;
    wrong += 1;
    const frameOf = input.filter(({ symbol, ts }) => symbol === row['symbol'] && Date.parse(`${String(ts)}Z`) <= Number(row['ts']) && Date.parse(`${String(ts)}Z`) >= Number(row['ts']) - 300_000);
    assert.ok(near(row['sd'], exactDeviation(frameOf.map(({ price }) => price as number))), `ours is wrong: ${JSON.stringify(row)}`);
  }
  assert.ok(wrong > 0, 'the constant price shows the fault of Flink 2.3');
});

const near = (a: unknown, b: unknown) => Math.abs(Number(a) - Number(b)) <= 1e-9 * Math.max(1e-300, Math.abs(Number(a)), Math.abs(Number(b)));

/** √(n·Σx² − (Σx)²)/n over the exact values of the doubles, in units of 2^-60: prices here have no finer bits. */
function exactDeviation(values: readonly number[]): number {
  const units = values.map((value) => BigInt(value * 2 ** 60));
  const n = BigInt(units.length);
  const sum = units.reduce((total, unit) => total + unit, 0n);
  const squares = units.reduce((total, unit) => total + unit * unit, 0n);
  return Math.sqrt(Number(n * squares - sum * sum)) / Number(n) / 2 ** 60;
}

const normal = (row: Record<string, unknown>) => Object.fromEntries(Object.entries(row).map(([key, value]) => [key, value === null ? null : String(value)]));
const sorted = (rows: readonly Record<string, unknown>[]) => rows.map((row) => JSON.stringify(row, Object.keys(row).sort())).sort();

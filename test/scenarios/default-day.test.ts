/** The default dataset replayed, against the batch query over the rows that were not late: by DuckDB, on one thread. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadDataset } from '../../src/datasets/dataset.js';
import { resolveDataset } from '../../src/datasets/resolve.js';
import { openDuck, textRows } from '../../src/sources/duck.js';
import { quoteText } from '../../src/sources/quote.js';
import { withRun } from '../support/run-sql.js';

const table = `CREATE TABLE market (symbol STRING, price DOUBLE, volume BIGINT, bid DOUBLE, ask DOUBLE, event_time TIMESTAMP(3), event_type STRING,
  WATERMARK FOR event_time AS event_time - INTERVAL '5' SECOND) WITH ('connector' = 'kafka');`;
const select = (windows: string, symbols: string): string => `SELECT symbol, window_start, window_end, SUM(price * volume) / SUM(volume) AS vwap, SUM(volume) AS total_volume, COUNT(*) AS trade_count,
  MAX(price) AS high_price, MIN(price) AS low_price, FIRST_VALUE(price) AS open_price, LAST_VALUE(price) AS close_price, STDDEV_POP(price) AS deviation
  FROM TABLE(${windows}) WHERE event_type = 'TRADE' AND ${symbols} GROUP BY symbol, window_start, window_end;`;
const source = 'TABLE market, DESCRIPTOR(event_time)';

/** The windows of a row, and the batch query over them. Rows of one instant keep their order in the file. */
const batch = (file: string, late: string, statement: number, symbols: string, starts: string, size: string): string => `
  WITH rows AS (SELECT *, file_row_number AS position FROM read_parquet(${quoteText(file)}, file_row_number = true) WHERE event_type = 'TRADE' AND ${symbols}),
  placed AS (SELECT *, unnest(${starts}) AS window_start FROM rows),
  used AS (SELECT * FROM placed ANTI JOIN (SELECT position, window_start FROM read_parquet(${quoteText(late)}) WHERE statement = ${statement}) USING (position, window_start))
  SELECT symbol, window_start, window_start + INTERVAL '${size}' AS window_end, sum(price * volume) / sum(volume) AS vwap, sum(volume) AS total_volume, count(*) AS trade_count,
    max(price) AS high_price, min(price) AS low_price, arg_min(price, (event_time, position)) AS open_price, arg_max(price, (event_time, position)) AS close_price, stddev_pop(price) AS deviation
  FROM used GROUP BY symbol, window_start`;

/** All for minutes; a few for the overlapping windows, which are ten times as many. */
const all = 'symbol IS NOT NULL';
const few = "symbol < 'B'";

const exact = ['window_end', 'total_volume', 'trade_count', 'high_price', 'low_price', 'open_price', 'close_price'];

test('windows are those of the batch query over the rows that were not late', async () => {
  const { binding: { path } } = await resolveDataset(await loadDataset('us-equities-day'));
  const sql = `${table} ${select(`TUMBLE(${source}, INTERVAL '1' MINUTE)`, all)} ${select(`HOP(${source}, INTERVAL '30' SECOND, INTERVAL '5' MINUTE)`, few)}`;
  await withRun(sql, { market: 'us-equities-day' }, async ({ result }) => {
    assert.equal(result.rejected, 0);
    assert.ok(result.late > 0, 'some rows are late, or nothing is shown');
    const duck = await openDuck({ directories: ['/'], threads: 1 });
    try {
      const late = `${result.directory}/late.parquet`;
      const expected = [
        batch(path, late, 0, all, "[time_bucket(INTERVAL '1 minute', event_time)]", '1 minute'),
        batch(path, late, 1, few, "list_transform(range(10), i -> time_bucket(INTERVAL '30 seconds', event_time) - i * INTERVAL '30 seconds')", '5 minutes'),
      ];
      for (const [index, query] of expected.entries()) {
        const ours = `read_parquet(${quoteText(`${result.directory}/outputs/query_${index + 1}.parquet`)})`;
        const same = exact.map((column) => `ours.${column} = theirs.${column}`);
        // DuckDB's variance is not exact: near a constant price its noise is as large as itself.
        const near = ['abs(ours.vwap - theirs.vwap) <= 1e-9 * abs(theirs.vwap)', 'abs(ours.deviation - theirs.deviation) <= 1e-9 * theirs.deviation + 1e-6'];
        const [row] = await textRows(duck.connection, `
          SELECT CAST(count(*) AS VARCHAR), CAST(count(ours.symbol) AS VARCHAR), CAST(count(theirs.symbol) AS VARCHAR), CAST(count(*) FILTER (WHERE ${[...same, ...near].join(' AND ')}) AS VARCHAR)
          FROM ${ours} ours FULL JOIN (${query}) theirs USING (symbol, window_start)`);
        assert.equal(Number(row![0]), result.outputs[`query_${index + 1}`]!.rows);
        assert.deepEqual(new Set(row), new Set([row![0]]), `windows in all, ours, theirs, equal: ${row!.join(', ')}`);
      }
    } finally {
      duck.close();
    }
  });
});

/** Law `oracle`, by another engine: DuckDB on one thread over the rows that were not late, doubles to 1e-9. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { DuckDBInstance } from '@duckdb/node-api';
import fc from 'fast-check';
import { planSql } from '../../src/sql/planner.js';
import type { Cell } from './support/cells.js';
import { tableFields } from './support/query.js';
import { randomRows, type Row } from './support/random-rows.js';
import { runPlan } from './support/run.js';

const table = `CREATE TABLE ticks (symbol STRING, price DOUBLE, volume BIGINT, qty INT, amount DECIMAL(12, 2), flag BOOLEAN, note STRING,
  event_time TIMESTAMP(3), WATERMARK FOR event_time AS event_time - INTERVAL '1' SECOND) WITH ('connector' = 'kafka');\n`;

const aggregates = 'COUNT(*), COUNT(price), SUM(price), AVG(price), MIN(price), MAX(price), STDDEV_POP(price), VAR_SAMP(price), SUM(CAST(qty AS BIGINT))';

const names = aggregates.split('), ').map((_, index) => `a${index}`);
const listed = (suffix: string) => aggregates.split('), ').map((call, index, all) => `${call}${index < all.length - 1 ? ')' : ''}${suffix} AS ${names[index]}`).join(', ');

interface Query {
  readonly name: string;
  readonly ours: string;
  readonly theirs: string;
}

const queries: readonly Query[] = [
  {
    name: 'tumbling windows',
    ours: `SELECT symbol, window_start, ${listed('')} FROM TABLE(TUMBLE(TABLE ticks, DESCRIPTOR(event_time), INTERVAL '5' SECOND)) GROUP BY symbol, window_start, window_end`,
    theirs: `SELECT symbol, CAST(floor(event_time / 5000) * 5000 AS BIGINT) AS s, ${listed('')} FROM rows GROUP BY ALL`,
  },
  {
    name: 'bounded RANGE OVER',
    ours: `SELECT symbol, event_time, ${listed(' OVER w')} FROM ticks WINDOW w AS (PARTITION BY symbol ORDER BY event_time RANGE BETWEEN INTERVAL '2' SECOND PRECEDING AND CURRENT ROW)`,
    theirs: `SELECT symbol, event_time, ${listed(' OVER w')} FROM rows WINDOW w AS (PARTITION BY symbol ORDER BY event_time RANGE BETWEEN 2000 PRECEDING AND CURRENT ROW)`,
  },
  {
    name: 'bounded ROWS OVER',
    ours: `SELECT symbol, event_time, ${listed(' OVER w')} FROM ticks WINDOW w AS (PARTITION BY symbol ORDER BY event_time ROWS BETWEEN 4 PRECEDING AND CURRENT ROW)`,
    theirs: `SELECT symbol, event_time, ${listed(' OVER w')} FROM rows WINDOW w AS (PARTITION BY symbol ORDER BY event_time, arrival ROWS BETWEEN 4 PRECEDING AND CURRENT ROW)`,
  },
];

/** Prices that DuckDB's own sums of doubles can hold to nine digits. */
const tame = (rows: readonly Row[]): Row[] => rows.map((row, index) => row.map((cell, column) => {
  if (tableFields[column]!.name !== 'price') return cell;
  const price = cell as number | null;
  return price === null ? null : Math.abs(price) >= 50 && Math.abs(price) < 1e6 ? price : 90 + ((index * 37) % 400) / 16;
}));

const literal = (cell: Cell | undefined): string => (cell === null || cell === undefined ? 'NULL' : typeof cell === 'string' ? `'${cell}'` : String(cell));

function isNear(found: unknown, expected: unknown): boolean {
  if (found === null || expected === null) return found === expected;
  if (typeof expected === 'string') return found === expected;
  const [left, right] = [Number(found), Number(expected)];
  return Math.abs(left - right) <= 1e-9 * Math.max(1, Math.abs(left), Math.abs(right));
}

const shown = (row: readonly unknown[]): string => JSON.stringify(row.map((cell) => (typeof cell === 'bigint' ? Number(cell) : cell)));

test('windows and frames are those of DuckDB', async (context) => {
  const instance = await DuckDBInstance.create(':memory:', { threads: '1' });
  const connection = await instance.connect();
  try {
    const draws = fc.sample(randomRows({ disorder: 'late', delay: 1000, parity: null, rowsMax: 60 }), { seed: 20240808, numRuns: 12 }).map(tame).filter((rows) => rows.length > 5);
    const column = (name: string) => tableFields.findIndex((field) => field.name === name);
    for (const { name, ours, theirs } of queries) {
      const plan = planSql(table + ours);
      for (const [draw, rows] of draws.entries()) {
        const { outputs, late } = runPlan(plan, [rows, []]);
        const refused = new Set(late.map(({ position }) => position));
        const kept = rows.flatMap((row, arrival) => (refused.has(arrival) || row[column('event_time')] === null ? [] : [`(${[row[column('symbol')], row[column('price')], row[column('qty')], row[column('event_time')], arrival].map(literal).join(', ')})`]));
        if (kept.length === 0) continue;
        await connection.run('CREATE OR REPLACE TABLE rows (symbol VARCHAR, price DOUBLE, qty INTEGER, event_time BIGINT, arrival INTEGER)');
        await connection.run(`INSERT INTO rows VALUES ${kept.join(', ')}`);
        const expected = (await connection.runAndReadAll(theirs)).getRows();
        // Exact columns and keys decide the order; doubles of the same row are then compared one by one.
        const order = (list: readonly (readonly unknown[])[]) => list.map((row) => ({ row, key: keyOf(row) })).sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0)).map(({ row }) => row);
        const [found, wanted] = [order(outputs[0]!), order(expected as unknown[][])];
        assert.deepEqual(found.map(keyOf), wanted.map(keyOf), `${name}, draw ${draw}: keys and counts`);
        const differing = found.flatMap((row, index) => (row.every((cell, at) => isNear(cell, wanted[index]![at])) ? [] : [[shown(row), shown(wanted[index]!)]]));
        assert.deepEqual(differing, [], `${name}, draw ${draw}`);
      }
      context.diagnostic(`${name}: ${draws.length} draws equal`);
    }
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
});

/** Keys, counts, extremes and the sum of integers: exact, so that rows can be matched by them. */
function keyOf(row: readonly unknown[]): string {
  return shown([0, 1, 2, 3, 6, 7, 10].map((at) => row[at]));
}

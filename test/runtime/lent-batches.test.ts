/** The memory of batches goes round between the reader's thread and the engine: nobody may read rows that are gone. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { DuckDBInstance } from '@duckdb/node-api';
import { replayTicks, sql, ticks, writeTicks } from './ticks.js';

/** Operators that keep rows as they come, all of them, and outputs that do. */
const keepers = `${sql}
SELECT * FROM ticks;
SELECT symbol, price FROM ticks WHERE price > 0;
SELECT symbol, COUNT(*) AS n, SUM(price) AS total FROM ticks GROUP BY symbol;
SELECT window_start, symbol, LAST_VALUE(price) AS price FROM TABLE(SESSION(TABLE ticks PARTITION BY symbol, DESCRIPTOR(event_time), INTERVAL '1' SECOND)) GROUP BY window_start, window_end, symbol;
SELECT a.symbol, a.price, b.volume FROM ticks a JOIN ticks b ON a.symbol = b.symbol AND b.event_time BETWEEN a.event_time AND a.event_time + INTERVAL '0.2' SECOND;
SELECT * FROM (SELECT *, LAG(price) OVER (PARTITION BY symbol ORDER BY event_time) AS before FROM ticks) WHERE price > before;`;

test('a run whose batches are lent gives what one gives whose are not', async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'lent-'));
  t.after(() => rmSync(directory, { recursive: true }));
  const lines = writeTicks(directory, ticks(3_000));
  const parquet = join(directory, 'ticks.parquet');
  const connection = await (await DuckDBInstance.create()).connect();
  await connection.run(`COPY (SELECT symbol, price, volume, CAST(event_time AS TIMESTAMP) AS event_time FROM read_json('${lines}')) TO '${parquet}' (FORMAT parquet)`);
  connection.closeSync();
  const replayed = async (path: string, name: string, batchRows: number, lanes = 1): Promise<unknown> => {
    const { outputs, late, rejected } = await replayTicks(path, join(directory, name), { batchRows, lanes, ...(lanes === 1 ? {} : { key: ['symbol'] }) }, lanes === 1 ? keepers : sql);
    return { outputs, late, rejected };
  };
  // Text is not lent.
  assert.deepEqual(await replayed(parquet, 'lent', 128), await replayed(lines, 'kept', 128));
  assert.deepEqual(await replayed(parquet, 'lent-lanes', 128, 2), await replayed(lines, 'kept-lanes', 128, 2));
});

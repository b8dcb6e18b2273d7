/** Arroyo's golden outputs, over its own input files. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sharedJson, sharedPath, skipUnless } from '../support/shared.js';
import { withRun } from '../support/run-sql.js';

interface ArroyoCase {
  readonly input_file: string;
  readonly expected: readonly Record<string, unknown>[];
}

const impulse = 'counter BIGINT';
const cars = 'event_type STRING';
const hour = "TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '1' HOUR))";

/** By case: the table's columns, and the query, whose columns are those expected. */
const cases: Readonly<Record<string, readonly [string, string]>> = {
  hop_2s_10s: [impulse, `SELECT window_start, window_end, COUNT(*) AS \`count\`, MIN(counter) AS \`min\`, MAX(counter) AS \`max\`
    FROM TABLE(HOP(TABLE t, DESCRIPTOR(ts), INTERVAL '2' SECOND, INTERVAL '10' SECOND)) GROUP BY window_start, window_end`],
  session_20s: [impulse, `SELECT user_id, window_start, window_end, COUNT(*) AS \`rows\`
    FROM TABLE(SESSION(TABLE (SELECT ts, CASE WHEN counter % 10 = 0 THEN 0 ELSE counter END AS user_id FROM t) PARTITION BY user_id, DESCRIPTOR(ts), INTERVAL '20' SECOND))
    GROUP BY user_id, window_start, window_end`],
  tumble_1h_total: [cars, `SELECT window_end, COUNT(*) AS \`count\` FROM ${hour} GROUP BY window_start, window_end`],
  tumble_1h_by_event_type: [cars, `SELECT event_type, window_start, COUNT(*) AS \`count\` FROM ${hour} GROUP BY event_type, window_start, window_end`],
};

for (const [name, [columns, sql]] of Object.entries(cases)) {
  const file = `arroyo_${name}.json`;
  test(`Arroyo's ${name}`, { skip: skipUnless('conformance', file) }, async () => {
    const { input_file, expected } = sharedJson('conformance', file) as ArroyoCase;
    const table = `CREATE TABLE t (${columns}, \`timestamp\` TIMESTAMP_LTZ(3), ts AS \`timestamp\`, WATERMARK FOR ts AS ts) WITH ('connector' = 'filesystem');\n`;
    const items = Object.keys(expected[0]!).map((column) => (column.startsWith('window_') ? `epoch_ms(${column}) AS ${column}` : `"${column}"`));
    const rows = await withRun(`${table}${sql};`, { t: sharedPath('conformance', input_file) }, ({ query }) => query(`SELECT ${items.join(', ')} FROM query_1`));
    assert.deepEqual(sorted(rows), sorted(expected));
  });
}

const sorted = (rows: readonly Record<string, unknown>[]) =>
  rows.map((row) => JSON.stringify(Object.fromEntries(Object.entries(row).map(([key, value]) => [key, String(value)]).sort()))).sort();

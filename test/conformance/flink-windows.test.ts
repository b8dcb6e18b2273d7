/** Flink's own expected rows for TUMBLE, HOP, CUMULATE and SESSION, from its integration tests. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sharedJson, skipUnless } from '../support/shared.js';
import { withJsonLines, withRun } from '../support/run-sql.js';

interface WindowCase {
  readonly operation: { readonly window: string; readonly size_ms?: number; readonly slide_ms?: number; readonly step_ms?: number; readonly max_size_ms?: number; readonly offset_ms?: number };
  readonly input: readonly Record<string, unknown>[];
  readonly expected: readonly Record<string, unknown>[];
}

const cases = ['tumble_5s', 'hop_5s_10s', 'cumulate_5s_15s', 'tumble_1d_offset_8h', 'tumble_1d_offset_minus8h', 'hop_12h_1d_offset_8h'];

const millis = (value: number) => `INTERVAL '${value / 1000}' SECOND(9)`;

function windowCall({ window, size_ms, slide_ms, step_ms, max_size_ms, offset_ms }: WindowCase['operation']): string {
  const sizes = window === 'TUMBLE' ? [size_ms!] : window === 'HOP' ? [slide_ms!, size_ms!] : [step_ms!, max_size_ms!];
  const intervals = [...sizes, ...(offset_ms === undefined ? [] : [offset_ms])].map(millis);
  return `${window}(TABLE t, DESCRIPTOR(ts), ${intervals.join(', ')})`;
}

for (const name of cases) {
  const file = `flink_window_${name}.json`;
  test(`Flink's ${name}; the set of distinct strings is skipped by name: there are no arrays in this version`, { skip: skipUnless('conformance', file) }, async () => {
    const { operation, input, expected } = sharedJson('conformance', file) as WindowCase;
    const sql = `
      CREATE TABLE t (ts TIMESTAMP(3), \`int\` INT, \`double\` DOUBLE, \`float\` FLOAT, bigdec DECIMAL(10, 2), \`string\` STRING, name STRING,
        WATERMARK FOR ts AS ts - INTERVAL '1' SECOND) WITH ('connector' = 'values');
      SELECT name, window_start, window_end, COUNT(*) AS count_star, SUM(bigdec) AS sum_bigdec, MAX(\`double\`) AS max_double,
        MIN(\`float\`) AS min_float, COUNT(DISTINCT \`string\`) AS count_distinct_string
      FROM TABLE(${windowCall(operation)}) GROUP BY name, window_start, window_end;`;
    const rows = await withJsonLines(input, (path) => withRun(sql, { t: path }, ({ query }) =>
      query(`SELECT name, epoch_ms(window_start) AS window_start, epoch_ms(window_end) AS window_end, count_star, CAST(sum_bigdec AS VARCHAR) AS sum_bigdec,
        max_double, min_float, count_distinct_string FROM query_1`)));
    const wanted = expected.map(({ distinct_strings: _, ...row }) => row);
    assert.deepEqual(sorted(rows.map(normal)), sorted(wanted.map(normal)));
  });
}

const sessionFile = 'flink_window_session_5ms.json';
test("Flink's session_5ms, as its test has it and as a window table", { skip: skipUnless('conformance', sessionFile) }, async () => {
  const { input, expected } = sharedJson('conformance', sessionFile) as WindowCase;
  const gap = "INTERVAL '0.005' SECOND(9, 3)";
  const aggregates = 'COUNT(1) AS `count`, SUM(1) AS sum1, COUNT(`int`) AS count_int, SUM(`int`) AS sum_int, COUNT(DISTINCT name) AS distinct_names';
  const sql = `
    CREATE TABLE t (ts TIMESTAMP(3), \`int\` INT, \`string\` STRING, name STRING, WATERMARK FOR ts AS ts - INTERVAL '0.010' SECOND(9, 3)) WITH ('connector' = 'values');
    SELECT \`string\`, SESSION_START(ts, ${gap}) AS s, SESSION_ROWTIME(ts, ${gap}) AS r, ${aggregates} FROM t GROUP BY SESSION(ts, ${gap}), \`string\`;
    SELECT \`string\`, window_start AS s, window_time AS r, ${aggregates} FROM TABLE(SESSION(TABLE t PARTITION BY \`string\`, DESCRIPTOR(ts), ${gap}))
      GROUP BY \`string\`, window_start, window_end, window_time;`;
  const [older, table] = await withJsonLines(input, (path) => withRun(sql, { t: path }, ({ query }) => Promise.all(['query_1', 'query_2'].map((output) =>
    query(`SELECT * EXCLUDE (s, r), epoch_ms(s) AS session_start, epoch_ms(r) AS session_rowtime FROM ${output}`)))));
  for (const rows of [older!, table!]) assert.deepEqual(sorted(rows.map(normal)), sorted(expected.map(normal)));
});

const normal = (row: Record<string, unknown>) => Object.fromEntries(Object.entries(row).map(([key, value]) => [key, value === null ? null : String(value)]));
const sorted = (rows: readonly Record<string, unknown>[]) => rows.map((row) => JSON.stringify(row, Object.keys(row).sort())).sort();

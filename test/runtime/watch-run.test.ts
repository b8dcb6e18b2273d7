/** Whoever looks on changes nothing: the digests of a watched run are those of one that nobody saw. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import test from 'node:test';
import { defaultParameters, type ReplayOptions, type ReplayResult } from '../../src/runtime/options.js';
import { runReplay } from '../../src/runtime/replay.js';
import { Watch, watchedRun, type WatchState } from '../../src/runtime/watch-state.js';
import { directoryFor } from '../stores/directory.js';
import { withJsonLines } from '../support/run-sql.js';

const sql = `CREATE TABLE ticks (
  symbol STRING, price DOUBLE, volume BIGINT, event_time TIMESTAMP(3), WATERMARK FOR event_time AS event_time - INTERVAL '1' SECOND
) WITH ('connector' = 'kafka');
SELECT symbol, window_start, AVG(price) AS mean, SUM(volume) AS volume FROM TABLE(TUMBLE(TABLE ticks, DESCRIPTOR(event_time), INTERVAL '10' SECOND)) GROUP BY symbol, window_start, window_end;
SELECT symbol, event_time, 'HIGH' AS alert_type, price FROM ticks WHERE price > 14.5;`;
const lines = Array.from({ length: 3_000 }, (_, row) => ({ symbol: `S${row % 7}`, price: 10 + (row % 50) / 10, volume: row, event_time: 1_704_205_800_000 + row * 40 - (row % 5) * 300 }));

test('a watched run has the digests of one that nobody saw, in one lane and in two', async (context) => {
  await withJsonLines(lines, async (path) => {
    for (const lanes of [1, 2]) {
      const run = (out: string, more: Partial<ReplayOptions>): Promise<ReplayResult> => runReplay({
        run: {
          kind: 'new', out: join(directoryFor(context), out),
          texts: { name: 'test', scenario: null, sql: [{ path: 'test.sql', text: sql }], expect: { outputs: [], lateMax: null, rejectedMax: null } },
          parameters: { ...defaultParameters, lanes, key: ['symbol'], bindings: { ticks: { given: path, base: '/', map: {} } }, ...(more.observe === undefined ? {} : { speed: 100_000 }) },
        },
        stopAfterRows: null, report: false, ...more,
      });
      let watch: Watch | null = null;
      const seen = await run('seen', {
        observe: (observed) => {
          const one = watch = new Watch(watchedRun(observed));
          return { onRows: (lane, rows) => one.takeRows(lane, rows), onStep: (_, result) => one.takeStep(result) };
        },
      });
      const unseen = await run('unseen', {});
      assert.deepEqual(seen.outputs, unseen.outputs);
      const state: WatchState = watch!.state({ rows: 0, rowsTotal: null, eventTime: 0, late: 0 }, 0);
      assert.deepEqual(state.outputs.map(({ rows }) => rows), [unseen.outputs['query_1']!.rows, unseen.outputs['query_2']!.rows]);
      assert.deepEqual([state.movers.length, state.tape.length, state.alertCounts], [7, 60, [['HIGH', unseen.outputs['query_2']!.rows]]]);
    }
  });
});

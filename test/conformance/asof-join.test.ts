/** Trades with the quote of their time, as pandas' merge_asof has them, by FOR SYSTEM_TIME AS OF. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withJsonLines, withRun } from '../support/run-sql.js';
import { sharedJson, skipUnless } from '../support/shared.js';

type Row = Readonly<Record<string, string | number | null>>;
interface AsOfCase {
  readonly input: { readonly quotes: readonly Row[]; readonly trades: readonly Row[] };
  readonly expected: Readonly<Record<string, readonly Row[]>>;
}

const file = 'asof_join_trades_quotes.json';

/** What is asked besides the symbol; and from when a quote holds, where not from its own instant. */
const cases: Readonly<Record<string, { readonly and?: string; readonly validFrom?: string }>> = {
  default: {},
  tolerance_2ms: { and: "q.valid_from >= t.ts - INTERVAL '0.002' SECOND" },
  // A quote of the same instant does not count: each holds from the next millisecond on.
  tolerance_10ms_exclude_exact: { validFrom: "ts + INTERVAL '0.001' SECOND", and: "q.valid_from >= t.ts - INTERVAL '0.009' SECOND" },
};

const textOf = ({ timestamp, symbol, price, volume, bid, ask }: Row): string => JSON.stringify([timestamp, symbol, price, volume, bid, ask]);

for (const [name, { and = 'TRUE', validFrom = 'ts' }] of Object.entries(cases)) {
  test(`as-of join: ${name}`, { skip: skipUnless('conformance', file) }, async () => {
    const { input, expected } = sharedJson('conformance', file) as AsOfCase;
    const sql = `
      CREATE TABLE quotes (symbol STRING, bid DOUBLE, ask DOUBLE, ts TIMESTAMP(3), valid_from AS ${validFrom}, WATERMARK FOR valid_from AS valid_from, PRIMARY KEY (symbol) NOT ENFORCED);
      CREATE TABLE trades (symbol STRING, price DOUBLE, volume BIGINT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts);
      CREATE VIEW joined AS SELECT t.ts AS traded, t.symbol, t.price, t.volume, q.bid, q.ask
        FROM trades AS t LEFT JOIN quotes FOR SYSTEM_TIME AS OF t.ts AS q ON t.symbol = q.symbol AND ${and};
      SELECT * FROM joined;`;
    const timed = (rows: readonly Row[]): Row[] => rows.map(({ timestamp, ...row }) => ({ ...row, ts: new Date(Number(timestamp)).toISOString().replace('T', ' ').replace('Z', '') }));
    await withJsonLines(timed(input.quotes), (quotes) => withJsonLines(timed(input.trades), (trades) => withRun(sql, { quotes, trades }, async ({ query }) => {
      const rows = (await query('SELECT epoch_ms(traded) AS timestamp, symbol, price, volume, bid, ask FROM query_1')) as Row[];
      // Trades of one instant leave by symbol here, there as they came.
      assert.deepEqual(rows.map(textOf).sort(), expected[name]!.map(textOf).sort());
      assert.ok(rows.every((row, at) => at === 0 || rows[at - 1]!['timestamp']! <= row['timestamp']!));
    })));
  });
}

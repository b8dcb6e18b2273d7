/** Captured tables in several lanes: change by change they are what they are in one, as far as keys allow it; transactions stay in one. */
import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { withJsonLines, withRun } from '../support/run-sql.js';
import { ledgerSql } from './cdc-law.js';
import { commands, interleaved, recordingOf, restarted, type ModelRecord, type State } from './model.js';
import { picked } from './stream-laws.js';
import { partitioned } from './streams.js';

// Keys of one type: by another one, a join has no lanes.
const [accounts, entries] = ['accounts', 'entries'].map((table) => new RegExp(`CREATE TABLE ${table} [^;]*;`).exec(ledgerSql)![0].replace('id BIGINT', 'id INT')) as [string, string];

interface Kept {
  readonly sql: string;
  readonly tables: readonly string[];
  /** How many rows there are at the end; null: it is the query's own business. */
  rows(state: State): number | null;
}

/** By the key of the tables: what lanes may do. */
const pipelines: Readonly<Record<string, Kept>> = {
  'the table': { sql: `${accounts} SELECT id, balance, note, tier FROM accounts;`, tables: ['accounts'], rows: (state) => state.accounts.size },
  'some of it': { sql: `${entries} SELECT id, amount FROM entries WHERE amount > 10;`, tables: ['entries'], rows: (state) => [...state.entries.values()].filter(({ amount }) => amount > 10).length },
  'by key': { sql: `${entries} SELECT id, SUM(amount) AS amount, COUNT(*) AS n FROM entries GROUP BY id;`, tables: ['entries'], rows: (state) => state.entries.size },
  'the newest': {
    sql: `${accounts} SELECT id, balance FROM (SELECT id, balance, ROW_NUMBER() OVER (PARTITION BY id ORDER BY balance DESC) AS nth FROM accounts) WHERE nth = 1;`, tables: ['accounts'], rows: (state) => state.accounts.size,
  },
  'two tables': { sql: `${accounts} ${entries} SELECT a.id, a.balance, e.amount FROM accounts AS a LEFT JOIN entries AS e ON a.id = e.id;`, tables: ['accounts', 'entries'], rows: (state) => state.accounts.size },
};

interface Drawn {
  /** What a failing draw prints: the records are long. */
  readonly [fc.toStringMethod]: () => string;
  readonly records: readonly ModelRecord[];
  readonly state: State;
}

const streams: fc.Arbitrary<Drawn> = fc.record({ list: commands(5, 50, ['chunk', 'message']), at: fc.nat(), back: fc.nat(30), partitions: fc.integer({ min: 1, max: 3 }), picks: picked })
  .map(({ list, at, back, partitions, picks }): Drawn => {
    const { records, commits } = recordingOf(list);
    // What empties a table is of no key: it has no place among the rows of several partitions.
    const isParted = !records.some(({ value }) => value?.includes('"op":"t"') === true);
    return { [fc.toStringMethod]: () => JSON.stringify({ list, at, back, partitions, picks }), records: interleaved(partitioned(restarted(records, at % records.length, back), isParted ? partitions : 1), picks), state: commits.at(-1)!.state };
  });

/** The table that the changes of the output add up to, and the digest of them as a set. */
async function standing({ sql, tables }: Kept, path: string, lanes: number): Promise<{ readonly rows: readonly string[]; readonly digest: string }> {
  const bindings = Object.fromEntries(tables.map((table) => [table, path]));
  return withRun(`SET 'cdc.transaction.topic' = 'none';\n${sql}`, bindings, async ({ result, query }) => {
    const rows = await query('SELECT * FROM query_1');
    return { rows: rows.map((row) => JSON.stringify(row, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value))).sort(), digest: result.outputs['query_1']!.setDigest };
  }, lanes === 1 ? {} : { lanes, key: ['id'] });
}

test('law: change by change, the tables that lanes by key give are those of one lane, and of the database', async () => {
  await fc.assert(fc.asyncProperty(fc.constantFrom(...Object.keys(pipelines)), fc.integer({ min: 2, max: 4 }), streams, async (name, lanes, { records, state }) => {
    const pipeline = pipelines[name]!;
    await withJsonLines(records, async (path) => {
      const one = await standing(pipeline, path, 1), several = await standing(pipeline, path, lanes);
      assert.deepEqual(several.rows, one.rows);
      // Of two tables, which of two rows came first shows in changes that are taken back.
      if (pipeline.tables.length === 1) assert.equal(several.digest, one.digest);
      assert.equal(one.rows.length, pipeline.rows(state));
    });
  }), { numRuns: 25, includeErrorInReport: true });
});

test('law: where transactions are kept whole, lanes are refused, and without them one lane gives the same', async () => {
  await fc.assert(fc.asyncProperty(fc.constantFrom(...Object.keys(pipelines)), fc.integer({ min: 2, max: 4 }), streams, async (name, lanes, { records, state }) => {
    const { sql, tables, rows } = pipelines[name]!;
    await withJsonLines(records, async (path) => {
      const bindings = Object.fromEntries(tables.map((table) => [table, path]));
      const isWhole = records.some(({ topic }) => topic === 'db.transaction');
      if (isWhole) await assert.rejects(withRun(sql, bindings, () => Promise.resolve(), { lanes, key: ['id'] }), { code: 'LANES_IMPOSSIBLE', message: /are applied whole, which one lane does/ });
      await withRun(sql, bindings, async ({ query }) => assert.equal((await query('SELECT * FROM query_1')).length, rows(state)));
    });
  }), { numRuns: 10, includeErrorInReport: true });
});

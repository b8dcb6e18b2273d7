/** Laws of results that change: replay, batch and recovery change by change; arrival and oracle by what they add up to. */
import assert from 'node:assert/strict';
import test, { after } from 'node:test';
import { DuckDBInstance } from '@duckdb/node-api';
import fc from 'fast-check';
import { runSql, type EngineRun, type Row, type RunOptions } from '../engine/run-engine.js';
import { runsOf, seedOf } from './support/law.js';

const head = `${['t', 'u'].map((name) => `CREATE TABLE ${name} (id INT, k STRING, x INT, ts TIMESTAMP(3), PRIMARY KEY (k) NOT ENFORCED, WATERMARK FOR ts AS ts - INTERVAL '5' SECOND);`).join('\n')}
SET 'table.exec.state.ttl' = '1 d';
CREATE VIEW newest AS SELECT id, k, x, ts FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY k ORDER BY ts DESC) AS n FROM u) WHERE n = 1;
`;
const perKey = (table: string): string => `SELECT k, COUNT(*) AS n, SUM(x) AS s, MIN(x) AS lo, MAX(x) AS hi FROM ${table} GROUP BY k`;
/** The key of a table is declared never to be NULL; what is not declared may be. */
const rowsOfTable = (table: string): string => `(SELECT id, NULLIF(k, '') AS k, x, ts FROM ${table}) AS ${table}`;
const kinds = ['JOIN', 'LEFT JOIN', 'RIGHT JOIN', 'FULL JOIN'] as const;

interface Statement {
  readonly ours: string;
  /** The same of DuckDB, where it is written otherwise. */
  readonly theirs?: string;
  /** What it adds up to depends on the order in which rows come: as in Flink, a row older than the newest is none of its versions. */
  readonly ordered?: boolean;
}

const statements: readonly Statement[] = [
  { ours: perKey('t') },
  { ours: `SELECT k, n FROM (${perKey('t')}) WHERE n <> 2` },
  { ours: `SELECT n, COUNT(*) AS keys, SUM(s) AS total FROM (${perKey('t')}) GROUP BY n` },
  { ours: 'SELECT k, COUNT(DISTINCT x) AS n FROM t GROUP BY k' },
  { ours: 'SELECT k, id, x FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY k ORDER BY x DESC, id) AS n FROM t) WHERE n <= 2' },
  { ours: `SELECT k, n, pos FROM (SELECT *, ROW_NUMBER() OVER (ORDER BY n DESC, k) AS pos FROM (${perKey('t')}) WHERE k IS NOT NULL) WHERE pos <= 2` },
  ...kinds.flatMap((kind): Statement[] => [
    { ours: `SELECT t.id, u.id AS other FROM t ${kind} u ON t.k = u.k` },
    { ours: `SELECT t.id, t.x, u.x AS above FROM t ${kind} u ON t.k = u.k AND t.x < u.x` },
    { ours: `SELECT a.k, a.n, a.s, b.n AS m, b.hi FROM (${perKey('t')}) AS a ${kind} (${perKey('u')}) AS b ON a.k = b.k` },
    { ours: `SELECT a.k, b.k AS other, a.n FROM (${perKey('t')}) AS a ${kind} (${perKey('u')}) AS b ON a.n = b.n` },
  ]),
  { ours: 'SELECT id, k FROM t WHERE EXISTS (SELECT 1 FROM u WHERE u.k = t.k)' },
  { ours: 'SELECT id, k FROM t WHERE NOT EXISTS (SELECT 1 FROM u WHERE u.k = t.k)' },
  ...['', 'NOT '].flatMap((not): Statement[] => [
    { ours: `SELECT id, k FROM t WHERE ${not}EXISTS (SELECT 1 FROM u WHERE u.x > 3)` },
    { ours: `SELECT id, k FROM t WHERE ${not}EXISTS (SELECT 1 FROM u WHERE u.k = t.k AND u.x < t.x)` },
    {
      ours: `SELECT id, k FROM t WHERE ${not}EXISTS (SELECT 1 FROM u WHERE u.k = t.k AND t.ts BETWEEN u.ts - INTERVAL '1' SECOND AND u.ts)`,
      theirs: `SELECT id, k FROM t WHERE ${not}EXISTS (SELECT 1 FROM u WHERE u.k = t.k AND t.ts BETWEEN u.ts - 1000 AND u.ts)`,
    },
    { ours: `SELECT id, k FROM ${rowsOfTable('t')} WHERE k ${not}IN (SELECT k FROM ${rowsOfTable('u')} WHERE x > 1)` },
    { ours: `SELECT id, k FROM ${rowsOfTable('t')} WHERE k ${not}IN (SELECT k FROM ${rowsOfTable('u')} WHERE u.x = t.x)` },
    { ours: `SELECT id, k FROM ${rowsOfTable('t')} WHERE x > 0 AND k ${not}IN (SELECT k FROM ${rowsOfTable('u')} GROUP BY k HAVING COUNT(*) > 1)` },
    {
      ours: `SELECT id, k FROM ${rowsOfTable('t')} WHERE (k, x) ${not}IN (SELECT k, x FROM ${rowsOfTable('u')} WHERE id < 5)`,
      // DuckDB takes NULL for a value in rows.
      theirs: `SELECT id, k FROM t WHERE ${not}EXISTS (SELECT k, x FROM u WHERE id < 5 AND (t.k = u.k AND t.x = u.x) IS ${not === '' ? '' : 'DISTINCT FROM FALSE --'}TRUE
)`,
    },
    { ours: `SELECT k, n FROM (${perKey(rowsOfTable('t'))}) WHERE k ${not}IN (SELECT k FROM ${rowsOfTable('u')} UNION ALL SELECT NULLIF(k, 'a') FROM t WHERE x > 3)` },
  ]),
  { ours: 'SELECT k, t.id, t.x, u.id AS other FROM t FULL JOIN u USING (k)' },
  { ours: `SELECT k, COUNT(*) AS n FROM t FULL JOIN u USING (k) WHERE k <> 'c' GROUP BY k` },
  ...(['JOIN', 'LEFT JOIN'] as const).flatMap((kind) => (['u', 'newest'] as const).map((versions): Statement => ({
    ours: `SELECT t.id, t.ts, v.x AS valid FROM t ${kind} ${versions} FOR SYSTEM_TIME AS OF t.ts AS v ON t.k = v.k`,
    theirs: `SELECT t.id, t.ts, v.x AS valid FROM t ASOF ${kind} (SELECT k, ts, arg_max(x, id) AS x FROM u GROUP BY k, ts) AS v ON t.k = v.k AND t.ts >= v.ts`,
    ordered: versions === 'newest',
  }))),
];

interface Draw {
  readonly statement: Statement;
  readonly rows: Readonly<Record<'t' | 'u', readonly Row[]>>;
  readonly jitter: readonly number[];
  readonly batchRows: number[];
}

/** Rows in order of time; ids ascend with it. */
const rowsOf = fc.array(fc.record({ k: fc.constantFrom('a', 'b', 'c', null), x: fc.integer({ min: -5, max: 5 }), gap: fc.constantFrom(0, 0, 1, 700, 2500) }), { maxLength: 14 })
  .map((list) => {
    let ts = 0;
    return list.map(({ k, x, gap }, id): Row => ({ id, k, x, ts: (ts += gap) }));
  });

const draws: fc.Arbitrary<Draw> = fc.record({
  statement: fc.constantFrom(...statements), rows: fc.record({ t: rowsOf, u: rowsOf }),
  jitter: fc.array(fc.nat(4999), { minLength: 1, maxLength: 9 }), batchRows: fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 3 }),
});

const ran = ({ statement, rows }: Draw, options: RunOptions = {}): EngineRun => runSql(`${head}${statement.ours};`, rows, options);

/** What a changelog adds up to, rows as texts in order. */
function standing({ outputs, records }: EngineRun): string[] {
  const counts = new Map<string, number>();
  const isChangelog = (row: readonly unknown[]): boolean => /^([+-]U|\+I|-D)$/.test(String(row.at(-1)));
  for (const row of outputs['query_1']!) {
    const [cells, kind] = isChangelog(row) ? [row.slice(0, -1), row.at(-1)] : [row, '+I'];
    const text = cells.map(String).join(' | ');
    const count = (counts.get(text) ?? 0) + (kind === '+I' || kind === '+U' ? 1 : -1);
    assert.ok(count >= 0, `${text} is taken back, and is not there`);
    counts.set(text, count);
  }
  assert.ok(records.length > 0);
  return [...counts].flatMap(([text, count]) => new Array<string>(count).fill(text)).sort();
}

const holds = (name: string, check: (draw: Draw) => void, runs: number): void => fc.assert(fc.property(draws, check), { seed: seedOf(name), numRuns: runsOf(runs) });

test('replay: the same run gives the same changes, digests and records', () => {
  holds('replay', (draw) => {
    const [one, other] = [ran(draw), ran(draw)];
    assert.deepEqual([other.outputs, other.digests, other.records], [one.outputs, one.digests, one.records]);
  }, 40);
});

test('batch: no change depends on how rows are cut', () => {
  holds('batch', (draw) => {
    const [one, other] = [ran(draw), ran(draw, { batchRows: draw.batchRows })];
    assert.deepEqual([other.outputs, other.digests], [one.outputs, one.digests]);
  }, 120);
});

test('recovery: a run that goes on from its snapshot gives the changes of one that never stopped', () => {
  holds('recovery', (draw) => {
    const whole = ran(draw, { stepEvery: 1000 });
    const resumed = ran(draw, { stepEvery: 1000, batchRows: draw.batchRows, restoreEvery: 1 });
    assert.deepEqual([resumed.outputs, resumed.digests, resumed.records], [whole.outputs, whole.digests, whole.records]);
  }, 120);
});

test('arrival: where no row is behind, the tables do not depend on the order of arrival', () => {
  holds('arrival', (draw) => {
    if (draw.statement.ordered === true) return;
    // Each comes up to almost the watermark's delay after its time; those of one instant in their order.
    const shuffled = (rows: readonly Row[]): Row[] => rows.map((row) => ({ row, ts: row['ts'] as number }))
      .map((one) => ({ ...one, comes: one.ts + draw.jitter[one.ts % draw.jitter.length]! })).sort((a, b) => a.comes - b.comes || a.ts - b.ts).map(({ row }) => row);
    const [one, other] = [ran(draw), ran({ ...draw, rows: { t: shuffled(draw.rows.t), u: shuffled(draw.rows.u) } })];
    assert.equal(one.counts.behind + other.counts.behind, 0);
    assert.deepEqual(standing(other), standing(one));
  }, 120);
});

const duck = await (await DuckDBInstance.create(':memory:', { threads: '1' })).connect();
after(() => duck.closeSync());

test('oracle: changelogs add up to what DuckDB makes of the same rows', async () => {
  const literal = (value: unknown): string => (value === null ? 'NULL' : typeof value === 'string' ? `'${value}'` : String(value));
  await fc.assert(fc.asyncProperty(draws, async (draw) => {
    for (const [name, rows] of Object.entries(draw.rows)) {
      await duck.run(`CREATE OR REPLACE TABLE ${name} (id INT, k VARCHAR, x INT, ts BIGINT)`);
      if (rows.length > 0) await duck.run(`INSERT INTO ${name} VALUES ${rows.map(({ id, k, x, ts }) => `(${[id, k, x, ts].map((value) => literal(value)).join(', ')})`).join(', ')}`);
    }
    const { statement } = draw;
    const theirs = (await duck.runAndReadAll(statement.theirs ?? statement.ours)).getRows();
    assert.deepEqual(standing(ran(draw)), theirs.map((row) => row.map(String).join(' | ')).sort(), statement.ours);
  }), { seed: seedOf('changelogs'), numRuns: runsOf(150) });
});

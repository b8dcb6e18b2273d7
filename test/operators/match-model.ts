/** MATCH_RECOGNIZE over random patterns and rows, held against its definition. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { runSql, type Entry, type RunOptions } from '../engine/run-engine.js';
import { matchesIn, type KeyRow, type Mapping } from '../laws/support/match-oracle.js';
import { clausesOf, randomMatches, type Match } from '../laws/support/random-matches.js';

export const table = "CREATE TABLE t (k STRING, n INT, qty INT, price DOUBLE, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '2' SECOND);\n";
export const matching = (inside: string, rows: readonly Entry[], options: RunOptions = {}) => runSql(`${table}SELECT * FROM t MATCH_RECOGNIZE (${inside});`, { t: rows }, options);

/** `n` tells the rows apart, so that first, last and count tell which rows each variable has. */
function sqlOf(match: Match): string {
  const measures = match.variables.flatMap(({ name }) => [`FIRST(${name}.n) AS ${name}_first`, `LAST(${name}.n) AS ${name}_last`, `COUNT(${name}.n) AS ${name}_count`]);
  return `PARTITION BY k ORDER BY ts, n MEASURES ${measures.join(', ')} ONE ROW PER MATCH ${clausesOf(match)}`;
}

const told = (mapping: Mapping, n: (row: number) => number): unknown[] =>
  mapping.flatMap((rows) => (rows.length === 0 ? [null, null, 0] : [n(rows[0]!), n(rows.at(-1)!), rows.length]));

const row = fc.record({ k: fc.constantFrom('a', 'b'), qty: fc.oneof({ weight: 9, arbitrary: fc.integer({ min: -3, max: 6 }) }, fc.constant(null)), gap: fc.constantFrom(0, 100, 300, 700, 1000), back: fc.constantFrom(0, 0, 500, 1900) });
const tables = fc.array(row, { maxLength: 40 }).map((rows) => {
  let time = 10_000;
  return rows.map(({ k, qty, gap, back }, n): Entry & { k: string; qty: number | null; n: number; ts: number } => {
    time += gap;
    return { k, qty, n, price: 0, ts: time - back };
  });
});

/** Batches cut anywhere, a checkpoint taken up anywhere. */
const cuts: readonly RunOptions[] = [{ batchRows: [1] }, { batchRows: [3, 5] }, { batchRows: [2], stepEvery: 500, restoreEvery: 1 }, { stepEvery: 2000, restoreEvery: 2 }];

/** Matches are those of the definition, whatever the cuts. */
export const matchLaw = fc.property(randomMatches({ physical: true }), tables, fc.constantFrom(...cuts), (match, rows, cut) => {
  const { outputs, late } = matching(sqlOf(match), rows);
  const found = outputs['query_1']!;
  assert.deepEqual(matching(sqlOf(match), rows, cut).outputs['query_1'], found);
  assert.equal(late.length, 0);
  for (const key of ['a', 'b']) {
    const own = rows.filter(({ k }) => k === key).sort((a, b) => a.ts - b.ts || a.n - b.n);
    const { from, next } = matchesIn(own.map(({ ts, qty }): KeyRow => ({ time: ts, qty })), match);
    const theirs = found.filter(([k]) => k === key).map(([, ...measures]) => measures);
    let at = 0;
    let start = 0;
    while (start < own.length) {
      const candidates = from(start);
      start += 1;
      if (candidates === null) break;
      if (candidates.length === 0) continue;
      // Where one row completes several, Flink's order decides; all of them are matches.
      const chosen = candidates.find((mapping) => JSON.stringify(told(mapping, (index) => own[index]!.n)) === JSON.stringify(theirs[at]));
      assert.ok(chosen !== undefined, `match ${at} of key ${key}: ${JSON.stringify(theirs[at])} is none of ${JSON.stringify(candidates)}`);
      at += 1;
      start = Math.max(start, next(chosen));
    }
    assert.equal(at, theirs.length, 'there are no more');
  }
});

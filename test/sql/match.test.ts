/** MATCH_RECOGNIZE: what it is planned as, and what is refused, with its place. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { laneKeys } from '../../src/plan/lanes.js';
import { lookBack } from '../../src/plan/look-back.js';
import { explainTree } from '../../src/plan/explain.js';
import { find, planTicks, refusal, rootOf } from './ticks.js';

const inside = (rest: string, measures = 'A.price AS a') => `SELECT * FROM ticks MATCH_RECOGNIZE (PARTITION BY symbol ORDER BY event_time MEASURES ${measures} ${rest})`;

test('the pattern, its quantifiers, and what is written in place of nothing', () => {
  const { pattern, skip, within, defines, schema, rowtime } = find(rootOf(inside("PATTERN (A B?C* D+? E{2} F{,3}? G{1,}? H) WITHIN INTERVAL '1' HOUR DEFINE C AS C.price > 1, H AS TRUE", 'A.price AS a, MATCH_ROWTIME() AS t').replaceAll('C* D+?', 'C*? D+?')), 'match');
  assert.deepEqual(pattern.map(({ name, min, max, greedy }) => `${name} ${min} ${max} ${greedy}`), [
    'A 1 1 true', 'B 0 1 true', 'C 0 null false', 'D 1 null false', 'E 2 2 true', 'F 0 3 false', 'G 1 null false', 'H 1 1 true',
  ]);
  assert.deepEqual([skip.kind, within, rowtime, schema.map(({ name }) => name)], ['to-next-row', 3_600_000, 2, ['symbol', 'a', 't']]);
  assert.deepEqual(defines.map((define) => define !== null), [false, false, true, false, false, false, false, false], 'TRUE is no condition');
});

test('AFTER MATCH SKIP TO a variable is to its last row', () => {
  const skipOf = (to: string) => find(rootOf(inside(`AFTER MATCH SKIP ${to} PATTERN (A B)`)), 'match').skip;
  assert.deepEqual(skipOf('TO B'), { kind: 'to-last', variable: 1 });
  assert.deepEqual(skipOf('TO LAST B'), { kind: 'to-last', variable: 1 });
  assert.deepEqual(skipOf('TO FIRST B'), { kind: 'to-first', variable: 1 });
  assert.deepEqual(skipOf('PAST LAST ROW'), { kind: 'past-last-row' });
});

test('words of the clause stay names elsewhere', () => {
  const root = rootOf('SELECT match, pattern FROM (SELECT price AS match, bid AS pattern, ask AS `define` FROM ticks) AS one WHERE match > 1');
  assert.deepEqual(root.schema.map(({ name }) => name), ['match', 'pattern']);
  assert.equal(find(rootOf(inside('PATTERN (PATTERN LAST) DEFINE LAST AS LAST.price > PATTERN.price', 'PATTERN.price AS match')), 'match').pattern[1]!.name, 'LAST');
});

test('it is divided by its key, reaches back as far as WITHIN, and explains itself', () => {
  const pipeline = planTicks(inside("AFTER MATCH SKIP TO LAST B PATTERN (A B+ C) WITHIN INTERVAL '1' MINUTE DEFINE B AS B.price < LAST(B.price, 1) OR SUM(B.volume) < 10, C AS C.price > A.price", 'LAST(B.price) AS low'));
  assert.equal(laneKeys(pipeline, ['symbol']).possible, true);
  assert.equal(lookBack(pipeline), 65_000);
  assert.equal(lookBack(planTicks(inside("PATTERN (A) WITHIN INTERVAL '1' MINUTE DEFINE A AS A.price > PREV(A.price)"))), null);
  const text = JSON.stringify(explainTree(pipeline));
  for (const part of ["match (A B+ C) WITHIN '1' MINUTE on event_time", 'skip to last B', 'B.price < LAST(B.price, 1)', 'SUM(B.volume)', 'C AS C.price > A.price', 'B.price AS low']) assert.ok(text.includes(part), `${part} in ${text}`);
});

/** `§` marks the place. */
const refused: readonly (readonly [string, RegExp])[] = [
  [inside('PATTERN (A §B+) DEFINE B AS B.price > 1'), /ends the pattern.*Write a variable after it/],
  [inside('PATTERN (A §B+ C) DEFINE C AS C.price > 1'), /the pattern cannot end: 'B' takes every row/],
  [inside('PATTERN (A §B{2,} C) DEFINE B AS 1 = 1'), /the pattern cannot end/],
  [inside('PATTERN (A B) DEFINE B AS §1 = 2'), /the pattern cannot end: 'B' never holds/],
  [inside('PATTERN (A+ §B* C) DEFINE A AS A.price > 1, B AS B.price > 2'), /'A' before it takes as many rows as it can/],
  [inside('PATTERN (§A* B?)'), /matches no rows at all/],
  [inside('PATTERN (A §(B C)+ D)'), /a quantifier of a group/],
  [inside('PATTERN (§A | B)'), /alternatives/],
  [inside('PATTERN (§PERMUTE(A, B))'), /PERMUTE/],
  [inside('PATTERN (§{- A -} B)'), /exclusions/],
  [inside('PATTERN (§^ A B $)'), /anchors/],
  [inside('PATTERN (A §B?? C)'), /reluctant A\?\?/],
  [inside('PATTERN (A §B{3,2} C)'), /no number of rows/],
  [inside('PATTERN (A B§{} C)'), /has no number/],
  [inside('PATTERN (A B §A)'), /'A' stands in the pattern twice/],
  [inside('§ALL ROWS PER MATCH PATTERN (A B)'), /ALL ROWS PER MATCH/],
  [inside('PATTERN (A B) §SUBSET S = (A, B)'), /SUBSET/],
  [inside('§AFTER MATCH SKIP TO FIRST A PATTERN (A+? B)'), /the same match for ever/],
  [inside('§AFTER MATCH SKIP TO A PATTERN (A? B)'), /nothing to skip to, or the same match for ever/],
  [inside('AFTER MATCH SKIP TO LAST §X PATTERN (A B)'), /no variable 'X'/],
  [inside('PATTERN (A B) WITHIN §10'), /WITHIN takes an interval/],
  [inside("PATTERN (A B) WITHIN §INTERVAL '1' MONTH"), /no months/],
  [inside('PATTERN (A B) DEFINE §C AS C.price > 1'), /no variable 'C'/],
  [inside('PATTERN (A B) DEFINE B AS B.price > 1, §B AS B.price > 2'), /'B' is defined twice/],
  [inside('PATTERN (A B) DEFINE B AS §B.price'), /DEFINE needs a condition/],
  [inside('PATTERN (A B) DEFINE B AS §FINAL LAST(B.price) > 1'), /FINAL stands in MEASURES only/],
  [inside('PATTERN (A B) DEFINE B AS §MATCH_ROWTIME() IS NULL'), /MATCH_ROWTIME stands in MEASURES/],
  [inside('PATTERN (A B)', '§X.price AS x'), /no variable 'X'/],
  [inside('PATTERN (A B)', 'A.§prise AS x').replace('A.§', '§A.'), /no column 'prise'/],
  [inside('PATTERN (A B)', '§CLASSIFIER() AS x'), /CLASSIFIER/],
  [inside('PATTERN (A B)', '§NEXT(A.price) AS x'), /NEXT/],
  [inside('PATTERN (A B)', 'LAST(A.price * §B.price) AS x'), /more than one variable/],
  [inside('PATTERN (A B)', 'LAST(A.price, §volume) AS x'), /a constant/],
  [inside('PATTERN (A B)', 'LAST(§PREV(A.price)) AS x'), /PREV may not stand in LAST/],
  [inside('PATTERN (A B)', 'SUM(§LAST(A.price)) AS x'), /LAST may not stand in the aggregate SUM/],
  [inside('PATTERN (A B)', '§SUM(DISTINCT A.price) AS x'), /DISTINCT/],
  [inside('PATTERN (A B)', 'A.price AS x, B.price AS §x'), /names two columns/],
  [inside('PATTERN (A B)').replace('ORDER BY event_time', 'ORDER BY §price'), /needs a rowtime column/],
  [inside('PATTERN (A B)').replace('ORDER BY event_time', 'ORDER BY §event_time DESC'), /DESC is not possible/],
  [inside('PATTERN (A B)').replace('BY symbol', 'BY §UPPER(symbol)'), /takes columns only/],
];

test('what Flink does not allow is refused at its place', () => {
  for (const [text, message] of refused) {
    const error = refusal(() => planTicks(text.replace('§', '')));
    assert.match(error.message, message);
    assert.match(error.message, new RegExp(`column ${text.indexOf('§') + 1}:`), `${text}\n${error.message}`);
  }
});

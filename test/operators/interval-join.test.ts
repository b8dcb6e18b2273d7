import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { runSql, type Row } from '../engine/run-engine.js';

const table = (name: string, delay: number) => `CREATE TABLE ${name} (k STRING, id INT, v BIGINT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '${delay}' SECOND) WITH ('connector' = 'values');`;

type JoinWord = 'JOIN' | 'LEFT JOIN' | 'RIGHT JOIN' | 'FULL JOIN';

interface Drawn {
  readonly left: readonly Row[];
  readonly right: readonly Row[];
  readonly lower: number;
  readonly width: number;
  readonly join: JoinWord;
  readonly delay: number;
  readonly withCondition: boolean;
  readonly keyed: boolean;
}

/** Rows with event times that wander: `back` of how far some come behind. */
const rows = (back: number): fc.Arbitrary<readonly Row[]> => fc.array(
  fc.record({ gap: fc.constantFrom(0, 0, 200, 700, 1000, 3000), back: fc.nat(back), k: fc.constantFrom('A', 'B', 'A', null), v: fc.constantFrom(1, 2, 3, null) }), { maxLength: 30 },
).map((drawn) => {
  let clock = 10_000;
  return drawn.map(({ gap, back: behind, k, v }, id) => {
    clock += gap;
    return { k, id, v, ts: clock - behind };
  });
});

const cases = (back: number): fc.Arbitrary<Drawn> => fc.record({
  left: rows(back), right: rows(back), lower: fc.constantFrom(-4000, -1000, 0, 500, 2000), width: fc.constantFrom(0, 1, 1000, 5000),
  join: fc.constantFrom('JOIN', 'LEFT JOIN', 'RIGHT JOIN', 'FULL JOIN'), delay: fc.constantFrom(0, 2, 5), withCondition: fc.boolean(), keyed: fc.boolean(),
});

const seconds = (millis: number): string => `INTERVAL '${millis / 1000}' SECOND`;

function sqlOf({ lower, width, join, delay, withCondition, keyed }: Drawn): string {
  const on = [
    ...(keyed ? ['a.k = b.k'] : []), `a.ts >= b.ts + ${seconds(lower)}`, `b.ts + ${seconds(lower + width)} >= a.ts`, ...(withCondition ? ['a.v <= b.v'] : []),
  ];
  return `${table('l', delay)}${table('r', delay)}SELECT a.id, b.id AS other, a.v, b.ts FROM l AS a ${join} r AS b ON ${on.join(' AND ')};`;
}

const run = (drawn: Drawn, options: Parameters<typeof runSql>[2] = {}) => runSql(sqlOf(drawn), { l: drawn.left, r: drawn.right }, options);

/** The join as its definition has it, over all rows at once. */
function nestedLoops({ left, right, lower, width, join, withCondition, keyed }: Drawn): string[] {
  const matches = (a: Row, b: Row): boolean => {
    const difference = (a['ts'] as number) - (b['ts'] as number);
    return difference >= lower && difference <= lower + width && (!keyed || (a['k'] !== null && a['k'] === b['k']))
      && (!withCondition || (a['v'] !== null && b['v'] !== null && a['v']! <= b['v']!));
  };
  const row = (a: Row | null, b: Row | null): string => JSON.stringify([a?.['id'] ?? null, b?.['id'] ?? null, a?.['v'] ?? null, b?.['ts'] ?? null]);
  const pairs = left.flatMap((a) => right.filter((b) => matches(a, b)).map((b) => row(a, b)));
  const lone = (rows: readonly Row[], others: readonly Row[], pads: (one: Row) => string, isMatch: (one: Row, other: Row) => boolean): string[] =>
    rows.filter((one) => !others.some((other) => isMatch(one, other))).map(pads);
  return [
    ...pairs,
    ...(join === 'LEFT JOIN' || join === 'FULL JOIN' ? lone(left, right, (a) => row(a, null), matches) : []),
    ...(join === 'RIGHT JOIN' || join === 'FULL JOIN' ? lone(right, left, (b) => row(null, b), (b, a) => matches(a, b)) : []),
  ].sort();
}

const texts = (found: ReturnType<typeof runSql>): string[] => found.outputs['query_1']!.map((row) => JSON.stringify(row));

test('where no row is behind, the join is that of nested loops over all rows', () => {
  fc.assert(fc.property(cases(1999).filter(({ delay }) => delay > 0), (drawn) => {
    const found = run(drawn);
    assert.deepEqual(found.late, []);
    assert.deepEqual(texts(found).sort(), nestedLoops(drawn));
  }), { numRuns: 150 });
});

test('rows, their order and late rows depend neither on batches nor on restarts', () => {
  fc.assert(fc.property(cases(9000), fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 4 }), fc.integer({ min: 1, max: 3 }), (drawn, batchRows, restoreEvery) => {
    const whole = run(drawn, { stepEvery: 1000 });
    for (const other of [run(drawn, { stepEvery: 1000, batchRows, strings: 'recoded' }), run(drawn, { stepEvery: 1000, restoreEvery })]) {
      assert.deepEqual(texts(other), texts(whole));
      assert.deepEqual(other.late, whole.late);
      assert.deepEqual(other.digests, whole.digests);
    }
  }), { numRuns: 80 });
});

test('a row that comes behind the watermark meets what is kept, and is late for what is not', () => {
  const left = [{ k: 'A', id: 1, v: 1, ts: 10_000 }, { k: 'A', id: 2, v: 1, ts: 20_000 }, { k: 'A', id: 3, v: 1, ts: 11_000 }];
  const right = [{ k: 'A', id: 7, v: 1, ts: 10_500 }, { k: 'A', id: 8, v: 1, ts: 15_000 }];
  const { outputs, late } = runSql(`${table('l', 0)}${table('r', 0)}SELECT a.id, b.id AS other FROM l AS a LEFT JOIN r AS b ON a.k = b.k AND a.ts BETWEEN b.ts AND b.ts + INTERVAL '1' SECOND;`, { l: left, r: right });
  // The third row comes at watermark 15 s: row 7 could have met nothing later than 11.5 s and is forgotten.
  assert.deepEqual(outputs['query_1'], [[1, null], [3, null], [2, null]]);
  assert.deepEqual(late.map(({ position, windowStart, windowEnd, reason }) => ({ position, windowStart, windowEnd, reason })), [
    { position: 2, windowStart: 10_000, windowEnd: 11_001, reason: 'rows that it could match are forgotten' },
  ]);
});

test('rows and keys are forgotten on the way, and nothing is lost by it', () => {
  const count = 40_000;
  const row = (id: number, ts: number): Row => ({ k: `k${id}`, id, v: 1, ts });
  // Every third left row has a partner, half a second later.
  const left = Array.from({ length: count }, (_, id) => row(id, id * 20));
  const right = Array.from({ length: Math.ceil(count / 3) }, (_, third) => row(third * 3, third * 60 + 500));
  const { outputs } = runSql(`${table('l', 1)}${table('r', 1)}SELECT a.id, b.id AS other FROM l AS a LEFT JOIN r AS b ON a.k = b.k AND b.ts BETWEEN a.ts AND a.ts + INTERVAL '2' SECOND;`, { l: left, r: right });
  const found = outputs['query_1']!.map(([id, other]) => [Number(id), other] as const).sort((a, b) => a[0] - b[0]);
  assert.deepEqual(found, left.map((_, id) => [id, id % 3 === 0 ? id : null]));
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { runSql, type Row } from '../engine/run-engine.js';

const table = (name: string, delay: number) => `CREATE TABLE ${name} (k STRING, id INT, v BIGINT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '${delay}' SECOND) WITH ('connector' = 'values');`;

const joins = ['JOIN', 'LEFT JOIN', 'RIGHT JOIN', 'FULL JOIN', 'EXISTS', 'NOT EXISTS'] as const;
const windows = { TUMBLE: "INTERVAL '2' SECOND", HOP: "INTERVAL '1' SECOND, INTERVAL '3' SECOND", CUMULATE: "INTERVAL '1' SECOND, INTERVAL '3' SECOND", SESSION: "INTERVAL '1' SECOND" } as const;

interface Drawn {
  readonly left: readonly Row[];
  readonly right: readonly Row[];
  readonly window: keyof typeof windows;
  readonly join: (typeof joins)[number];
  readonly delay: number;
  readonly withCondition: boolean;
  readonly keyed: boolean;
}

const rows = (back: number): fc.Arbitrary<readonly Row[]> => fc.array(
  fc.record({ gap: fc.constantFrom(0, 0, 200, 700, 1000, 3000), back: fc.nat(back), k: fc.constantFrom('A', 'B', 'A', null), v: fc.constantFrom(1, 2, 3, null) }), { maxLength: 25 },
).map((drawn) => {
  let clock = 10_000;
  return drawn.map(({ gap, back: behind, k, v }, id) => {
    clock += gap;
    return { k, id, v, ts: clock - behind };
  });
});

const cases = (back: number): fc.Arbitrary<Drawn> => fc.record({
  left: rows(back), right: rows(back), window: fc.constantFrom('TUMBLE', 'HOP', 'CUMULATE', 'SESSION'), join: fc.constantFrom(...joins),
  delay: fc.constantFrom(0, 2, 5), withCondition: fc.boolean(), keyed: fc.boolean(),
});

function sqlOf({ window, join, delay, withCondition, keyed }: Drawn): string {
  const on = ['a.window_start = b.window_start', 'a.window_end = b.window_end', ...(keyed ? ['a.k = b.k'] : []), ...(withCondition ? ['a.v <= b.v'] : [])].join(' AND ');
  const windowed = (name: string) => `TABLE(${window}(TABLE ${name}, DESCRIPTOR(ts), ${windows[window]}))`;
  const head = `${table('l', delay)}${table('r', delay)}`;
  return join === 'EXISTS' || join === 'NOT EXISTS'
    ? `${head}SELECT id, window_end, v FROM ${windowed('l')} AS a WHERE ${join} (SELECT * FROM ${windowed('r')} AS b WHERE ${on});`
    : `${head}SELECT a.id, a.window_end, b.id AS other, b.window_end AS other_end, a.v FROM ${windowed('l')} AS a ${join} ${windowed('r')} AS b ON ${on};`;
}

const run = (drawn: Drawn, options: Parameters<typeof runSql>[2] = {}) => runSql(sqlOf(drawn), { l: drawn.left, r: drawn.right }, options);
const texts = (found: ReturnType<typeof runSql>): string[] => found.outputs['query_1']!.map((row) => JSON.stringify(row));

interface Windowed {
  readonly row: Row;
  readonly start: number;
  readonly end: number;
}

function windowedRows(all: readonly Row[], window: Drawn['window']): Windowed[] {
  if (window === 'SESSION') {
    const sorted = [...all].sort((a, b) => (a['ts'] as number) - (b['ts'] as number));
    const sessions: Row[][] = [];
    for (const row of sorted) {
      const last = sessions.at(-1)?.at(-1);
      if (last !== undefined && (row['ts'] as number) - (last['ts'] as number) <= 1000) sessions.at(-1)!.push(row);
      else sessions.push([row]);
    }
    return sessions.flatMap((session) => session.map((row) => ({ row, start: session[0]!['ts'] as number, end: (session.at(-1)!['ts'] as number) + 1000 })));
  }
  return all.flatMap((row) => {
    const time = row['ts'] as number;
    if (window === 'TUMBLE') return [{ row, start: time - (time % 2000), end: time - (time % 2000) + 2000 }];
    const second = time - (time % 1000);
    if (window === 'HOP') return [0, 1, 2].map((back) => ({ row, start: second - back * 1000, end: second - back * 1000 + 3000 }));
    const start = time - (time % 3000);
    return [1000, 2000, 3000].filter((size) => start + size > time).map((size) => ({ row, start, end: start + size }));
  });
}

/** The join as its definition has it, over all windows at once. */
function nestedLoops({ left, right, window, join, withCondition, keyed }: Drawn): string[] {
  const [lefts, rights] = [windowedRows(left, window), windowedRows(right, window)];
  const matches = (a: Windowed, b: Windowed): boolean => a.start === b.start && a.end === b.end
    && (!keyed || (a.row['k'] !== null && a.row['k'] === b.row['k'])) && (!withCondition || (a.row['v'] !== null && b.row['v'] !== null && a.row['v']! <= b.row['v']!));
  if (join === 'EXISTS' || join === 'NOT EXISTS') {
    return lefts.filter((a) => rights.some((b) => matches(a, b)) === (join === 'EXISTS')).map((a) => JSON.stringify([a.row['id'], a.end, a.row['v']])).sort();
  }
  const text = (a: Windowed | null, b: Windowed | null): string => JSON.stringify([a?.row['id'] ?? null, a?.end ?? null, b?.row['id'] ?? null, b?.end ?? null, a?.row['v'] ?? null]);
  return [
    ...lefts.flatMap((a) => rights.filter((b) => matches(a, b)).map((b) => text(a, b))),
    ...(join === 'LEFT JOIN' || join === 'FULL JOIN' ? lefts.filter((a) => !rights.some((b) => matches(a, b))).map((a) => text(a, null)) : []),
    ...(join === 'RIGHT JOIN' || join === 'FULL JOIN' ? rights.filter((b) => !lefts.some((a) => matches(a, b))).map((b) => text(null, b)) : []),
  ].sort();
}

/** Two rows exactly a gap apart are one session only if the first has not fired: left to the laws of sessions. */
const touches = (all: readonly Row[]): boolean => all.some((a) => all.some((b) => (a['ts'] as number) + 1000 === b['ts']));

test('where no row is behind, the join is that of nested loops over all windows', () => {
  const drawn = cases(1999).filter(({ delay, window, left, right }) => delay > 0 && (window !== 'SESSION' || (!touches(left) && !touches(right))));
  fc.assert(fc.property(drawn, (one) => {
    const found = run(one);
    assert.deepEqual(found.late, []);
    assert.deepEqual(texts(found).sort(), nestedLoops(one));
  }), { numRuns: 150 });
});

test('rows, their order and late rows depend neither on batches nor on restarts', () => {
  fc.assert(fc.property(cases(6000), fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 4 }), fc.integer({ min: 1, max: 3 }), (drawn, batchRows, restoreEvery) => {
    const whole = run(drawn, { stepEvery: 1000 });
    for (const other of [run(drawn, { stepEvery: 1000, batchRows, strings: 'recoded' }), run(drawn, { stepEvery: 1000, restoreEvery })]) {
      assert.deepEqual(texts(other), texts(whole));
      assert.deepEqual(other.late, whole.late);
      assert.deepEqual(other.digests, whole.digests);
    }
  }), { numRuns: 80 });
});

test('a window join can be aggregated by its window, and joined again', () => {
  const windowed = (name: string) => `TABLE(TUMBLE(TABLE ${name}, DESCRIPTOR(ts), INTERVAL '2' SECOND))`;
  const sql = `${table('l', 0)}${table('r', 0)}
    CREATE VIEW j AS SELECT a.k, a.v AS one, b.v AS other, a.window_start, a.window_end FROM ${windowed('l')} AS a JOIN ${windowed('r')} AS b ON a.window_start = b.window_start AND a.window_end = b.window_end AND a.k = b.k;
    SELECT k, COUNT(*) AS c, SUM(one + other) AS s, window_end FROM j GROUP BY k, window_start, window_end;`;
  const row = (k: string, v: number, ts: number): Row => ({ k, id: 0, v, ts });
  const { outputs } = runSql(sql, { l: [row('A', 1, 0), row('A', 2, 1999), row('B', 5, 3000)], r: [row('A', 10, 500), row('B', 20, 1000), row('B', 30, 2000)] });
  assert.deepEqual(outputs['query_1'], [['A', 2, 23, 2000], ['B', 1, 35, 4000]]);
});

test('rows and keys of fired windows are forgotten, and nothing is lost by it', () => {
  const count = 24_000;
  const row = (id: number): Row => ({ k: `k${id}`, id, v: 1, ts: id * 20 });
  const windowed = (name: string) => `TABLE(TUMBLE(TABLE ${name}, DESCRIPTOR(ts), INTERVAL '2' SECOND))`;
  const left = Array.from({ length: count }, (_, id) => row(id));
  const right = left.filter((_, id) => id % 3 === 0);
  const { outputs } = runSql(`${table('l', 1)}${table('r', 1)}SELECT a.id, b.id AS other FROM ${windowed('l')} AS a LEFT JOIN ${windowed('r')} AS b ON a.window_start = b.window_start AND a.window_end = b.window_end AND a.k = b.k;`, { l: left, r: right });
  const found = outputs['query_1']!.map(([id, other]) => [Number(id), other] as const).sort((a, b) => a[0] - b[0]);
  assert.deepEqual(found, left.map((_, id) => [id, id % 3 === 0 ? id : null]));
});

test('a row whose window has fired is late', () => {
  const windowed = (name: string) => `TABLE(TUMBLE(TABLE ${name}, DESCRIPTOR(ts), INTERVAL '2' SECOND))`;
  const row = (id: number, ts: number): Row => ({ k: 'A', id, v: 1, ts });
  const { outputs, late } = runSql(`${table('l', 0)}${table('r', 0)}SELECT a.id, b.id AS other FROM ${windowed('l')} AS a JOIN ${windowed('r')} AS b ON a.window_start = b.window_start AND a.window_end = b.window_end;`,
    { l: [row(1, 500), row(2, 5000), row(3, 700)], r: [row(7, 600), row(8, 3000)] });
  assert.deepEqual(outputs['query_1'], [[1, 7]]);
  assert.deepEqual(late.map(({ position, windowStart, windowEnd, reason }) => ({ position, windowStart, windowEnd, reason })), [{ position: 2, windowStart: 0, windowEnd: 2000, reason: 'the window has fired' }]);
});

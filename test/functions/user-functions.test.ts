/** Functions in the user's code, through SQL and the whole engine. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { aggregateFunction, scalarFunction } from '../../src/functions/user-function.js';
import { userFunctions } from '../../src/functions/user-functions.js';
import type { FunctionDeclaration } from '../../src/functions/user-functions.js';
import { planSql } from '../../src/sql/planner.js';
import { runPipeline } from '../engine/run-engine.js';
import type { Row, RunOptions } from '../engine/run-engine.js';

const source = `CREATE TABLE t (symbol STRING, price DOUBLE, volume BIGINT, fee DECIMAL(10, 2), buy BOOLEAN, event_time TIMESTAMP(3), WATERMARK FOR event_time AS event_time) WITH ('connector' = 'x');\n`;

const mid = scalarFunction({ name: 'mid', args: ['DOUBLE', 'DOUBLE'], returns: 'DOUBLE', evaluate: (a, b) => (a + b) / 2 });
const wavg = aggregateFunction({
  name: 'wavg', args: ['DOUBLE', 'DOUBLE'], returns: 'DOUBLE',
  create: () => ({ sum: 0, weight: 0 }),
  add(state, value, weight) {
    state.sum += value * weight;
    state.weight += weight;
  },
  merge(state, other) {
    state.sum += other.sum;
    state.weight += other.weight;
  },
  retract(state, value, weight) {
    state.sum -= value * weight;
    state.weight -= weight;
  },
  result: (state) => (state.weight === 0 ? null : state.sum / state.weight),
});
/** Without merge and retract. */
const longest = aggregateFunction({
  name: 'longest', args: ['DOUBLE'], returns: 'INT NOT NULL',
  create: () => ({ run: 0, best: 0, last: null as number | null }),
  add(state, value) {
    state.run = state.last !== null && value > state.last ? state.run + 1 : 1;
    state.best = Math.max(state.best, state.run);
    state.last = value;
  },
  result: (state) => state.best,
});

function run(sql: string, functions: readonly unknown[], rows: readonly Row[], options: RunOptions = {}) {
  return runPipeline(planSql(source + sql, userFunctions(functions as FunctionDeclaration[])), { t: rows }, options);
}

const at = (second: number): number => second * 1000;
const row = (second: number, price: number | null, rest: Row = {}): Row =>
  ({ symbol: 'A', price, volume: 1, fee: 150, buy: true, event_time: at(second), ...rest });

test('a scalar function is called with values of its types', () => {
  const shown = scalarFunction({
    name: 'shown', args: ['STRING', 'BIGINT', 'DECIMAL(10, 2)', 'BOOLEAN', 'TIMESTAMP(3)'], returns: 'STRING',
    evaluate: (symbol, volume, fee, buy, time) => JSON.stringify([symbol, typeof volume, String(volume), fee, buy, time]),
  });
  const { outputs } = run('SELECT shown(symbol, volume, fee, buy, event_time) AS s, MID(price, 3) AS m FROM t;', [shown, mid], [row(1, 1), row(2, 2, { volume: 2n ** 60n, buy: false })]);
  assert.deepEqual(outputs.query_1, [
    ['["A","number","1","1.50",true,1000]', 2], [`["A","bigint","${2n ** 60n}","1.50",false,2000]`, 2.5],
  ]);
});

test('NULL makes NULL without a call, unless the function asks for it', () => {
  const orZero = scalarFunction({ name: 'or_zero', args: ['DOUBLE'], returns: 'DOUBLE NOT NULL', nulls: 'pass', evaluate: (value) => value ?? 0 });
  const { outputs } = run('SELECT mid(price, 1) AS m, or_zero(price) AS z FROM t;', [mid, orZero], [row(1, null), row(2, 5)]);
  assert.deepEqual(outputs.query_1, [[null, 0], [3, 5]]);
});

test('what throws, or gives no value of its type, sends its row to the dead letters', () => {
  const odd = scalarFunction({
    name: 'odd', args: ['DOUBLE'], returns: 'INT',
    evaluate(value) {
      if (value === 2) throw new Error('two is even');
      return value === 3 ? 0.5 : value === 4 ? (undefined as unknown as number) : value;
    },
  });
  const { outputs, deadLetters } = run('SELECT odd(price) AS o FROM t;', [odd], [1, 2, 3, 4, 5].map((price) => row(price, price)));
  assert.deepEqual(outputs.query_1, [[1], [5]]);
  assert.deepEqual(deadLetters.map(({ error }) => error), ['odd threw: two is even', 'odd gave 0.5, which is no INT', 'odd gave undefined, which is no INT']);
});

const windows = {
  tumble: "SELECT symbol, wavg(price, volume) AS v FROM TABLE(TUMBLE(TABLE t, DESCRIPTOR(event_time), INTERVAL '10' SECOND)) GROUP BY symbol, window_start, window_end;",
  hop: "SELECT symbol, wavg(price, volume) AS v FROM TABLE(HOP(TABLE t, DESCRIPTOR(event_time), INTERVAL '5' SECOND, INTERVAL '10' SECOND)) GROUP BY symbol, window_start, window_end;",
  session: "SELECT symbol, wavg(price, volume) AS v FROM TABLE(SESSION(TABLE t PARTITION BY symbol, DESCRIPTOR(event_time), INTERVAL '4' SECOND)) GROUP BY symbol, window_start, window_end;",
  over: "SELECT symbol, wavg(price, volume) OVER (PARTITION BY symbol ORDER BY event_time RANGE BETWEEN INTERVAL '5' SECOND PRECEDING AND CURRENT ROW) AS v FROM t;",
  rows: 'SELECT symbol, wavg(price, volume) OVER (PARTITION BY symbol ORDER BY event_time ROWS BETWEEN 2 PRECEDING AND CURRENT ROW) AS v FROM t;',
  all: 'SELECT symbol, wavg(price, volume) OVER (PARTITION BY symbol ORDER BY event_time) AS v FROM t;',
};
const rows = Array.from({ length: 60 }, (_, index) => row(index + (index % 7 === 0 ? 6 : 0), index % 11 === 0 ? null : index % 5, { symbol: index % 3 === 0 ? 'B' : 'A', volume: 1 + (index % 4) }));

for (const [name, sql] of Object.entries(windows)) {
  test(`an aggregate of the user's in ${name} is the one of SQL, through every snapshot`, () => {
    const ours = run(sql, [wavg], rows, { restoreEvery: 1, stepEvery: 3000 });
    const theirs = run(sql.replaceAll('wavg(price, volume)', 'SUM(CASE WHEN price IS NOT NULL THEN price * volume END)').replaceAll(') AS v', ') AS v'), [], rows);
    const weights = run(sql.replaceAll('wavg(price, volume)', 'SUM(CASE WHEN price IS NOT NULL THEN volume END)'), [], rows);
    assert.ok(ours.outputs.query_1!.length > 0);
    const quotients = theirs.outputs.query_1!.map(([symbol, sum], index) => [symbol, sum === null ? null : Number(sum) / Number(weights.outputs.query_1![index]![1])]);
    assert.deepEqual(ours.outputs.query_1, quotients);
  });
}

test('groups without a window take rows in, and back where these change below', () => {
  const volumes = [[1, 10], [2, 20], [1, 30], [3, 40]].map(([volume, price], index) => row(index, price!, { volume: volume! }));
  const grouped = run('SELECT symbol, wavg(price, volume) AS v FROM t GROUP BY symbol;', [wavg], volumes, { restoreEvery: 1, stepEvery: 1000 });
  assert.deepEqual(grouped.outputs.query_1!.at(-1)!.slice(0, 2), ['A', 200 / 7]);
  const changing = 'SELECT wavg(price, volume) AS v FROM (SELECT volume, MAX(price) AS price FROM t GROUP BY volume);';
  assert.deepEqual(run(changing, [wavg], volumes, { restoreEvery: 1, stepEvery: 1000 }).outputs.query_1!.at(-1)![0], (30 + 40 + 120) / 6);
  assert.throws(() => run(changing.replace('wavg(price, volume)', 'longest(price)'), [longest], volumes), /longest has no 'retract', and the rows below it change later/);
  // Without retract, where rows only come.
  assert.deepEqual(run('SELECT longest(price) AS l FROM t;', [longest], volumes, { restoreEvery: 1, stepEvery: 1000 }).outputs.query_1!.at(-1)![0], 4);
});

test('without retract a frame is added up anew; without merge a hop keeps each window', () => {
  const runs = run('SELECT longest(price) OVER (PARTITION BY symbol ORDER BY event_time ROWS BETWEEN 2 PRECEDING AND CURRENT ROW) AS l FROM t;', [longest], [1, 2, 3, 4, 1, 5].map((price, index) => row(index, price)), { restoreEvery: 1, stepEvery: 1000 });
  assert.deepEqual(runs.outputs.query_1!.flat(), [1, 2, 3, 3, 2, 2]);
  const hop = run("SELECT longest(price) AS l FROM TABLE(HOP(TABLE t, DESCRIPTOR(event_time), INTERVAL '2' SECOND, INTERVAL '4' SECOND)) GROUP BY window_start, window_end;", [longest], [1, 2, 3, 4, 1, 5].map((price, index) => row(index, price)));
  assert.deepEqual(hop.outputs.query_1!.flat(), [2, 4, 2, 2]);
});

test('an aggregate that throws costs the results that it would be in', () => {
  const moody = aggregateFunction({
    name: 'moody', args: ['DOUBLE'], returns: 'DOUBLE', create: () => ({ sum: 0 }),
    add(state, value) {
      if (value === 13) throw new RangeError('unlucky');
      state.sum += value;
    },
    result: ({ sum }) => sum,
  });
  const sql = "SELECT window_start, moody(price) AS m FROM TABLE(TUMBLE(TABLE t, DESCRIPTOR(event_time), INTERVAL '2' SECOND)) GROUP BY window_start, window_end;";
  const tumbled = run(sql, [moody], [1, 2, 13, 4, 5].map((price, index) => row(index, price)));
  assert.deepEqual(tumbled.outputs.query_1, [[0, 3], [4000, 5]]);
  assert.deepEqual(tumbled.deadLetters.map(({ error }) => error), ['moody threw: unlucky']);
  const over = run('SELECT moody(price) OVER (ORDER BY event_time ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) AS m FROM t;', [moody], [1, 13, 3, 4, 5].map((price, index) => row(index, price)));
  assert.deepEqual(over.outputs.query_1!.flat(), [1, 7, 9]);
  assert.equal(over.deadLetters.length, 2);
});

test('what cannot be is refused where it is written, with what to do', () => {
  const refusals: [string, readonly unknown[], RegExp][] = [
    ['SELECT mid(price) FROM t;', [mid], /line 2, column 8: mid takes 2 arguments \(DOUBLE, DOUBLE\), not 1/],
    ["SELECT mid(price, 'x') FROM t;", [mid], /STRING stands where DOUBLE is needed/],
    ['SELECT wavg(price, 1) FROM t WHERE wavg(price, 1) > 0;', [wavg], /the aggregate WAVG may not stand/],
    ["SELECT longest(price) FROM t GROUP BY SESSION(event_time, INTERVAL '1' SECOND);", [longest], /longest cannot merge, which SESSION needs/],
    ['SELECT nosuch(price) FROM t;', [mid], /there is no function NOSUCH/],
    ["CREATE FUNCTION other AS 'com.acme.Other'; SELECT price FROM t;", [mid], /there is no function other: classes of other languages are not run/],
  ];
  for (const [sql, functions, message] of refusals) assert.throws(() => run(sql, functions, []), message);
  assert.deepEqual(run("CREATE TEMPORARY FUNCTION IF NOT EXISTS `mid` AS 'com.acme.Mid' LANGUAGE JAVA; SELECT mid(price, 0) AS m FROM t;", [mid], [row(1, 4)]).outputs.query_1, [[2]]);
});

test('declarations are checked', () => {
  const bad: [unknown, RegExp][] = [
    [{ name: '1x', args: [], returns: 'INT', evaluate: () => 1 }, /has the name "1x"/],
    [{ name: 'x', args: ['DUBLE'], returns: 'INT', evaluate: () => 1 }, /declares the type "DUBLE", which is none/],
    [{ name: 'x', args: 'INT', returns: 'INT', evaluate: () => 1 }, /no list of argument types/],
    [{ name: 'abs', args: ['INT'], returns: 'INT', evaluate: () => 1 }, /the name of one of SQL's own/],
    [{ name: 'x', args: ['INT'], returns: 'INT', create: () => 1, add: () => 1 }, /has no result\(…\)/],
    [{ name: 'x', args: ['INT'], returns: 'DECIMAL(40, 2)', evaluate: () => 1 }, /whose digits/],
  ];
  for (const [declaration, message] of bad) assert.throws(() => userFunctions([declaration as FunctionDeclaration]), message);
  assert.throws(() => userFunctions([mid, { ...mid, name: 'MID' }] as unknown as FunctionDeclaration[]), /two functions are named MID/);
});

/** Operators in the user's code: order, timers, late rows, failures and snapshots. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { faults } from '../../src/core/faults.js';
import { processFunction } from '../../src/functions/process-function.js';
import { userFunctions } from '../../src/functions/user-functions.js';
import type { FunctionDeclaration } from '../../src/functions/user-functions.js';
import { planSql } from '../../src/sql/planner.js';
import { runPipeline } from '../engine/run-engine.js';
import type { Row, RunOptions } from '../engine/run-engine.js';

const source = `CREATE TABLE t (symbol STRING, price DOUBLE, event_time TIMESTAMP(3), WATERMARK FOR event_time AS event_time - INTERVAL '2' SECOND) WITH ('connector' = 'x');\n`;

function run(sql: string, functions: readonly unknown[], rows: readonly Row[], options: RunOptions = {}) {
  return runPipeline(planSql(source + sql, userFunctions(functions as FunctionDeclaration[])), { t: rows }, options);
}

const row = (symbol: string, second: number, price: number | null = second): Row => ({ symbol, price, event_time: second * 1000 });

/** Says when a symbol has been silent for three seconds. */
const silence = processFunction({
  name: 'silence', input: { price: 'DOUBLE' }, output: { last: 'DOUBLE', rows: 'INT NOT NULL' },
  state: () => ({ last: null as number | null, rows: 0, timer: -1 }),
  onRow(row, context) {
    const { state } = context;
    if (state.timer >= 0) context.deleteTimer(state.timer);
    state.last = row.price;
    state.rows += 1;
    state.timer = context.time + 3000;
    context.setTimer(state.timer);
  },
  onTimer(_time, context) {
    context.emit({ last: context.state.last, rows: context.state.rows });
    context.clear();
  },
});
const silences = 'SELECT * FROM silence(input => TABLE t PARTITION BY symbol, on_time => DESCRIPTOR(event_time));';

test('timers fire with the watermark, by time and key, each with the state of its key', () => {
  const { outputs } = run(silences, [silence], [row('B', 1), row('A', 1), row('A', 3), row('B', 12), row('C', 13)]);
  // A, B and C; the last two at the end of history.
  assert.deepEqual(outputs.query_1, [['B', 1, 1, 4000], ['A', 3, 2, 6000], ['B', 12, 1, 15_000], ['C', 13, 1, 16_000]]);
});

/** Law: nothing depends on how rows are cut into batches and steps, on snapshots, or on the order of arrival where no row is behind. */
test('outputs are a function of the rows and their times', () => {
  const price = fc.option(fc.integer({ min: 0, max: 9 }));
  const rows = fc.array(fc.record({ symbol: fc.constantFrom('A', 'B', 'C'), second: fc.nat(60), price }), { maxLength: 60 });
  fc.assert(fc.property(rows, fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 4 }), (drawn, batchRows) => {
    const sorted = drawn.map(({ symbol, second, price: value }) => row(symbol, second, value)).sort((a, b) => Number(a.event_time) - Number(b.event_time));
    const straight = run(silences, [silence], sorted);
    const cut = run(silences, [silence], sorted, { batchRows, restoreEvery: 1, stepEvery: 1500 });
    assert.deepEqual(cut.outputs, straight.outputs);
    assert.deepEqual(cut.digests, straight.digests);
    assert.equal(straight.outputs.query_1!.reduce((sum, [, , count]) => sum + Number(count), 0), sorted.length);
  }), { numRuns: 60 });
});

test('the law is seen to fail: rows that wait, left out of the checkpoint', () => {
  const rows = [row('A', 1), row('B', 2), row('A', 3), row('A', 9)];
  faults.waitingRowsNotSaved = true;
  try {
    assert.notDeepEqual(run(silences, [silence], rows, { restoreEvery: 1, stepEvery: 1500 }).outputs, run(silences, [silence], rows).outputs);
  } finally {
    faults.waitingRowsNotSaved = false;
  }
});

const echo = (order: 'event time' | 'arrival') => processFunction({
  name: 'echo', order, input: { symbol: 'STRING', price: 'DOUBLE' }, output: { price: 'DOUBLE', late: 'BOOLEAN' },
  state: () => null,
  onRow: (given, context) => context.emit({ price: given.price, late: context.isLate }),
});
const echoes = 'SELECT price, late, rowtime FROM echo(TABLE t PARTITION BY symbol);';
const disordered = [row('A', 5), row('A', 4), row('A', 9), row('B', 8), row('A', 1), row('A', 20)];

test('rows come in order of event time, or as they arrive, late ones among them', () => {
  const ordered = run(echoes, [echo('event time')], disordered);
  assert.deepEqual(ordered.outputs.query_1!.map(([price, late]) => [price, late]), [[4, 0], [5, 0], [8, 0], [9, 0], [20, 0]]);
  assert.deepEqual(ordered.late.map(({ row: text, reason }) => [JSON.parse(text).price, reason]), [[1, 'the watermark has passed this time']]);
  const arrived = run(echoes, [echo('arrival')], disordered);
  assert.deepEqual(arrived.outputs.query_1!.map(([price, late]) => [price, late]), [[5, 0], [4, 0], [9, 0], [8, 0], [1, 1], [20, 0]]);
  assert.equal(arrived.late.length, 0);
  const asked = run('SELECT price, late, rowtime FROM echo(input => TABLE t PARTITION BY symbol ORDER BY event_time);', [echo('arrival')], disordered);
  assert.deepEqual(asked.outputs, ordered.outputs);
});

test('its rows carry event time: windows stand on them', () => {
  const sql = "SELECT symbol, window_start, COUNT(*) AS n FROM TABLE(TUMBLE(TABLE (SELECT * FROM echo(TABLE t PARTITION BY symbol)), DESCRIPTOR(rowtime), INTERVAL '5' SECOND)) GROUP BY symbol, window_start, window_end;";
  const { outputs } = run(sql, [echo('event time')], disordered);
  assert.deepEqual(outputs.query_1, [['A', 0, 1], ['A', 5000, 2], ['B', 5000, 1], ['A', 20_000, 1]]);
});

test('what throws costs its row, and what it put out; timers that fail are told with their key', () => {
  const picky = processFunction({
    name: 'picky', input: { price: 'DOUBLE' }, output: { price: 'INT' }, state: () => ({ seen: 0 }),
    onRow(given, context) {
      context.state.seen += 1;
      context.emit({ price: given.price });
      if (given.price === 2) throw new Error('I will not have two');
      if (given.price === 3) context.setTimer(3500);
      if (given.price === 4) context.setTimer(4.5);
    },
  });
  const { outputs, deadLetters } = run('SELECT price FROM picky(TABLE t PARTITION BY symbol);', [picky], [1, 2, 3, 4, 5].map((second) => row('A', second)).concat(row('A', 6, 0.5)));
  assert.deepEqual(outputs.query_1!.flat(), [1, 3, 5]);
  assert.deepEqual(deadLetters.map(({ error }) => error).sort(), [
    'picky sets a timer for 4.5, which is no whole number of milliseconds', 'picky set a timer and has no onTimer',
    'picky threw: I will not have two', 'picky: column price gave 0.5, which is no INT',
  ].sort());
});

test('a timer that sets the next one ends with history', () => {
  const beat = processFunction({
    name: 'beat', input: { price: 'DOUBLE' }, output: { n: 'INT' }, state: () => 0,
    onRow(_row, context) { if (context.state === 0) context.setTimer(context.time + 1000); },
    onTimer(time, context) {
      context.state += 1;
      context.emit({ n: context.state });
      context.setTimer(time + 1000);
    },
  });
  const { outputs } = run('SELECT n, rowtime FROM beat(TABLE t PARTITION BY symbol);', [beat], [row('A', 1), row('A', 7)], { restoreEvery: 1, stepEvery: 1000 });
  assert.deepEqual(outputs.query_1, [[1, 2000], [2, 3000], [3, 4000], [4, 5000], [5, 6000], [6, 7000]]);
});

test('state that no snapshot can keep is refused, unless it is encoded', () => {
  class Tally { constructor(public rows: number) {} }
  const tally = { name: 'tally', input: { price: 'DOUBLE' }, output: { rows: 'INT' }, state: () => new Tally(0), onRow(_row: unknown, context: { state: Tally; emit(row: object): void }) {
    context.state.rows += 1;
    context.emit({ rows: context.state.rows });
  } };
  const rows = [1, 2, 3, 4, 5, 6].map((second) => row('A', second));
  const sql = 'SELECT rows FROM tally(TABLE t PARTITION BY symbol);'.replace('rows', '`rows`');
  assert.throws(() => run(sql, [tally], rows, { restoreEvery: 1, stepEvery: 1000 }), /the state of the operator tally holds an object of class Tally, which no snapshot can keep/);
  const coded = { ...tally, encode: (state: Tally) => state.rows, decode: (data: unknown) => new Tally(data as number) };
  assert.deepEqual(run(sql, [coded], rows, { restoreEvery: 1, stepEvery: 1000 }).outputs.query_1!.flat(), [1, 2, 3, 4, 5, 6]);
});

test('calls that cannot be are refused where they are written', () => {
  const refusals: [string, RegExp][] = [
    ['SELECT * FROM silence(TABLE (SELECT symbol, event_time FROM t) PARTITION BY symbol);', /silence reads a column 'price', which its table does not have/],
    ['SELECT * FROM silence(TABLE (SELECT symbol, CAST(price AS STRING) AS price, event_time FROM t) PARTITION BY symbol);', /STRING stands where DOUBLE is needed/],
    ['SELECT * FROM silence(on_time => DESCRIPTOR(event_time));', /silence is given no table/],
    ['SELECT * FROM silence(TABLE (SELECT symbol, price FROM t) PARTITION BY symbol);', /has no event time/],
    ['SELECT * FROM silence(TABLE t PARTITION BY symbol ORDER BY price);', /silence is ordered by something else than the event time/],
    ['SELECT silence(price) FROM t;', /the operator SILENCE is a table/],
    ['SELECT * FROM silence(TABLE (SELECT symbol AS `last`, price, event_time FROM t) PARTITION BY `last`);', /the key 'last' is among the columns/],
  ];
  for (const [sql, message] of refusals) assert.throws(() => run(sql, [silence], []), message);
});

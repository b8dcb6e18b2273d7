/** What the builder refuses: the compiler first, and what JavaScript gets past it when it is built. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { call, count, sum, when } from '../../src/builder/calls.js';
import { pipeline } from '../../src/builder/pipeline.js';
import { table } from '../../src/builder/table.js';
import type { ColumnTypes } from '../../src/builder/types.js';
import { tumble } from '../../src/builder/windows.js';
import type { Duration } from '../../src/builder/windows.js';
import { processFunction } from '../../src/functions/process-function.js';
import { scalarFunction } from '../../src/functions/user-function.js';
import { bars, quotes, trades } from './tables.js';

/** Fails to compile unless A and B are the same type. */
function same<A, B>(..._equal: (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? [] : [never]): void {}

const doubled = scalarFunction({ name: 'doubled', args: ['DOUBLE'], returns: 'DOUBLE NOT NULL', evaluate: (value) => 2 * value });

test('types of rows are inferred, NULL among them', () => {
  const made = trades.window(tumble('1 minute')).groupBy('symbol').aggregate((row) => ({ volume: sum(row.volume), trades: count(), notional: sum(row.price.times(row.volume)) }));
  assert.deepEqual(made.names, ['symbol', 'window_start', 'window_end', 'window_time', 'volume', 'trades', 'notional']);
  type Made = typeof made.columns;
  same<Made['symbol'], 'STRING'>();
  same<Made['volume'], 'BIGINT'>();
  same<Made['trades'], 'BIGINT NOT NULL'>();
  same<Made['notional'], 'DOUBLE'>();
  same<Made['window_end'], 'TIMESTAMP(3) NOT NULL'>();
  const computed = quotes.select((row) => ({ symbol: row.symbol, up: row.bid.gt(1), twice: call(doubled, row.bid), same: row.symbol.eq('A') }));
  assert.deepEqual(computed.names, ['symbol', 'up', 'twice', 'same']);
  type Computed = typeof computed.columns;
  same<Computed['symbol'], 'STRING NOT NULL'>();
  same<Computed['up'], 'BOOLEAN'>();
  same<Computed['same'], 'BOOLEAN NOT NULL'>();
  same<Computed['twice'], 'DOUBLE NOT NULL'>();
  processFunction({
    name: 'typed', input: { price: 'DOUBLE', volume: 'BIGINT NOT NULL', fee: 'DECIMAL(10, 2)', buy: 'BOOLEAN NOT NULL' }, output: { seen: 'INT NOT NULL' },
    state: () => ({ seen: 0 }),
    onRow(row, context) {
      same<typeof row.price, number | null>();
      same<typeof row.volume, number | bigint>();
      same<typeof row.fee, string | null>();
      same<typeof row.buy, boolean>();
      same<typeof context.state, { seen: number }>();
      context.emit({ seen: context.state.seen });
    },
  });
});

test('what the compiler refuses is refused in JavaScript as well, with the place or what there is', () => {
  const cases: readonly (readonly [() => unknown, RegExp])[] = [
    // @ts-expect-error there is no such column
    [() => trades.where((row) => row.prise.gt(0)), /the query has no column 'prise'; did you mean 'price'\?/],
    // @ts-expect-error there is no such column
    [() => trades.select('symbol', 'prise'), /has no column 'prise'/],
    // @ts-expect-error a text is no number
    [() => pipeline(trades.where((row) => row.price.gt('1')).output()), /line 14, column 7: > cannot mix DOUBLE, STRING/],
    // @ts-expect-error a text has no sum
    [() => pipeline(trades.groupBy('venue').aggregate((row) => ({ s: sum(row.symbol) })).output()), /SUM takes a number, not STRING/],
    // @ts-expect-error an aggregate is of rows together
    [() => pipeline(trades.where((row) => sum(row.price).gt(1)).output()), /the aggregate SUM may not stand in WHERE/],
    // @ts-expect-error a column that is no key is of one row
    [() => pipeline(trades.groupBy('symbol').aggregate((row) => ({ price: row.price })).output()), /is neither grouped nor inside an aggregate/],
    // @ts-expect-error the sink has more columns
    [() => trades.select('symbol').insertInto(bars), /the query for bars has no column 'window_start'/],
    // @ts-expect-error a text goes into a column of numbers
    [() => pipeline(trades.select((row) => ({ symbol: row.symbol, window_start: row.event_time, vwap: row.symbol, trades: row.volume })).insertInto(bars)), /STRING/],
    // @ts-expect-error a function of numbers
    [() => pipeline(trades.select((row) => ({ d: call(doubled, row.symbol) })).output()), /STRING stands where DOUBLE is needed/],
    // @ts-expect-error columns that are not joined
    [() => trades.select('symbol').unionAll(quotes.select('bid')), /is in one of them only/],
    // @ts-expect-error no length of time
    [() => tumble('1 fortnight'), /"1 fortnight" is no length of time/],
    // @ts-expect-error no type of SQL
    [() => table({ name: 't', columns: { a: 'DUBLE' } }), /column a of table t declares the type "DUBLE", which is none/],
    // @ts-expect-error no column of the table
    [() => table({ name: 't', columns: { a: 'INT' }, watermark: { column: 'b', delay: 0 } }), /table t has no column 'b'/],
  ];
  for (const [act, message] of cases) assert.throws(act, message);
});

test('what only shows when it is built', () => {
  const other = table({ name: 'trades', columns: { symbol: 'STRING' } });
  assert.throws(() => pipeline(trades.output(), other.output()), /two tables are named 'trades'/);
  assert.throws(() => pipeline(), /a pipeline without statements/);
  assert.throws(() => trades.select('symbol').window(tumble('1 minute')), /TUMBLE needs event time, and the query has none any more/);
  assert.throws(() => trades.select(() => ({})), /a select without columns/);
  assert.throws(() => trades.where((row) => row.price.gt(NaN)), /NaN cannot be written in SQL/);
  assert.throws(() => trades.groupBy('symbol').aggregate(() => ({ symbol: count() })), /an aggregate is named 'symbol' as a key is/);
  assert.throws(() => trades.over({ range: '1 minute', rows: 3 }, (row) => ({ s: sum(row.price) })), /a frame is one of them/);
  assert.throws(() => trades.over({}, (row) => ({ s: sum(row.price).where(row.buy) })), /takes no where/);
  for (const text of ['1', '0 seconds', '-1 minute', '1.5 ms', 'minute']) assert.throws(() => tumble(text as Duration), /is no length of time/, text);
});

test('names and texts are only what they are', () => {
  const odd = table({ name: 'order', columns: { 'a`b': 'STRING', select: 'INT' } as const satisfies ColumnTypes });
  const built = pipeline(odd.select((row) => ({ "x'; DROP": row['a`b'].eq("it's"), y: when(row.select.gt(-1), row.select, 0) })).output());
  assert.match(built.sql, /SELECT `a``b` = 'it''s' AS `x'; DROP`, CASE WHEN `select` > -1 THEN `select` ELSE 0 END AS y\nFROM `order`/);
});

/** The builder's plans are those of SQL as people write it: both are printed and compared. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { avg, call, count, countDistinct, lag, max, min, sqlCall, stddevPop, sum, timestamp, when } from '../../src/builder/calls.js';
import { pipeline } from '../../src/builder/pipeline.js';
import type { Insert } from '../../src/builder/query.js';
import { cumulate, hop, session, tumble } from '../../src/builder/windows.js';
import { globalWindow } from '../../src/functions/window-function.js';
import { atCalendar } from '../../src/functions/trigger.js';
import { processFunction } from '../../src/functions/process-function.js';
import { aggregateFunction, scalarFunction } from '../../src/functions/user-function.js';
import { userFunctions } from '../../src/functions/user-functions.js';
import { explainTree } from '../../src/plan/explain.js';
import { planSql } from '../../src/sql/planner.js';
import { bars, declarations, quotes, trades } from './tables.js';

const mid = scalarFunction({ name: 'mid', args: ['DOUBLE', 'DOUBLE'], returns: 'DOUBLE', evaluate: (bid, ask) => (bid + ask) / 2 });
const last = aggregateFunction({
  name: 'newest', args: ['DOUBLE'], returns: 'DOUBLE', create: () => ({ value: 0 }), add: (state, value) => { state.value = value; },
  merge: (state, other) => { state.value = other.value; }, result: ({ value }) => value,
});
const jumps = processFunction({
  name: 'jumps', input: { price: 'DOUBLE' }, output: { price: 'DOUBLE' }, state: () => ({ price: 0 }),
  onRow: (row, context) => { if (row.price !== null) context.emit({ price: row.price }); },
});

const closes = globalWindow({ name: 'closes', input: { volume: 'BIGINT' }, aggregates: { volume: 'SUM(volume)' }, trigger: atCalendar('XNYS', 'close') });

const bar = "SELECT symbol, window_start, SUM(price * volume) / SUM(volume) AS vwap, COUNT(*) AS trades FROM TABLE(TUMBLE(TABLE trades, DESCRIPTOR(event_time), INTERVAL '1' MINUTE))";
const byWindow = 'GROUP BY symbol, window_start, window_end';

const cases: Readonly<Record<string, readonly [built: () => Insert, sql: string]>> = {
  filter: [
    () => trades.where((row) => row.price.gt(0).and(row.symbol.in('A', 'B'))).select('symbol', 'price').output(),
    "SELECT symbol, price FROM trades WHERE price > 0 AND symbol IN ('A', 'B')",
  ],
  projection: [
    () => trades.select((row) => ({ symbol: row.symbol, notional: row.price.times(row.volume), fee: row.fee.orElse(0), side: when(row.buy, sqlCall('STRING NOT NULL', 'UPPER', 'b'), 's') })).output(),
    "SELECT symbol, price * volume AS notional, COALESCE(fee, 0) AS fee, CASE WHEN buy THEN UPPER('b') ELSE 's' END AS side FROM trades",
  ],
  precedence: [
    () => trades.select((row) => ({ a: row.price.minus(row.price.minus(1)).times(2.5), b: row.price.negated().minus(-1), c: row.buy.not().or(row.price.isNull()).and(row.volume.le(3)), d: row.price.plus(1).dividedBy(row.volume.modulo(7)) })).output(),
    'SELECT (price - (price - 1)) * 2.5E0 AS a, -price - (-1) AS b, (NOT buy OR price IS NULL) AND volume <= 3 AS c, (price + 1) / (volume % 7) AS d FROM trades',
  ],
  'tumbling window': [
    () => trades.window(tumble('1 minute')).groupBy('symbol').aggregate((row) => ({ vwap: sum(row.price.times(row.volume)).dividedBy(sum(row.volume)), trades: count() })).insertInto(bars),
    `INSERT INTO bars ${bar} ${byWindow}`,
  ],
  'filter below a window': [
    () => trades.where((row) => row.price.gt(0)).window(tumble('1 minute')).groupBy('symbol').aggregate((row) => ({ vwap: sum(row.price.times(row.volume)).dividedBy(sum(row.volume)), trades: count() })).insertInto(bars),
    `INSERT INTO bars ${bar} WHERE price > 0 ${byWindow}`,
  ],
  'filter above a window': [
    () => trades.window(tumble('1 minute')).groupBy('symbol').aggregate((row) => ({ vwap: sum(row.price.times(row.volume)).dividedBy(sum(row.volume)), trades: count() })).where((row) => row.trades.ge(10)).insertInto(bars),
    `INSERT INTO bars ${bar} ${byWindow} HAVING COUNT(*) >= 10`,
  ],
  'sliding window': [
    () => trades.window(hop('5 minutes', '30 seconds')).groupBy('symbol', 'venue').aggregate((row) => ({ spread: max(row.price).minus(min(row.price)), symbols: countDistinct(row.symbol), bought: sum(row.volume).where(row.buy) })).output(),
    "SELECT symbol, venue, window_start, window_end, window_time, MAX(price) - MIN(price) AS spread, COUNT(DISTINCT symbol) AS symbols, SUM(volume) FILTER (WHERE buy) AS bought FROM TABLE(HOP(TABLE trades, DESCRIPTOR(event_time), INTERVAL '30' SECOND, INTERVAL '5' MINUTE)) GROUP BY symbol, venue, window_start, window_end, window_time",
  ],
  'a group that does not end, with a filter': [
    () => trades.groupBy('symbol').aggregate((row) => ({ n: count(), large: sum(row.volume).where(row.price.gt(2)) })).output(),
    'SELECT symbol, COUNT(*) AS n, SUM(volume) FILTER (WHERE price > 2) AS large FROM trades GROUP BY symbol',
  ],
  'cumulating window, all rows': [
    () => trades.window(cumulate('1 day', '1 hour')).groupBy().aggregate((row) => ({ volume: sum(row.volume) })).select('window_end', 'volume').output(),
    "SELECT window_end, SUM(volume) AS volume FROM TABLE(CUMULATE(TABLE trades, DESCRIPTOR(event_time), INTERVAL '1' HOUR, INTERVAL '1' DAY)) GROUP BY window_start, window_end",
  ],
  session: [
    () => trades.window(session('90 seconds', 'symbol')).groupBy('symbol').aggregate(() => ({ n: count() })).select('symbol', 'n').output(),
    "SELECT symbol, COUNT(*) AS n FROM TABLE(SESSION(TABLE trades PARTITION BY symbol, DESCRIPTOR(event_time), INTERVAL '90' SECOND)) GROUP BY symbol, window_start, window_end",
  ],
  'window on window': [
    () => trades.window(tumble('1 minute')).groupBy('symbol').aggregate((row) => ({ volume: sum(row.volume) })).window(tumble('1 hour')).groupBy('symbol').aggregate((row) => ({ most: max(row.volume) })).select('symbol', 'most').output(),
    "SELECT symbol, MAX(volume) AS most FROM TABLE(TUMBLE((SELECT symbol, SUM(volume) AS volume, window_time AS event_time FROM TABLE(TUMBLE(TABLE trades, DESCRIPTOR(event_time), INTERVAL '1' MINUTE)) GROUP BY symbol, window_start, window_end, window_time), DESCRIPTOR(event_time), INTERVAL '1' HOUR)) GROUP BY symbol, window_start, window_end",
  ],
  'over a range': [
    () => trades.over({ by: ['symbol'], range: '5 minutes' }, (row) => ({ z: row.price.minus(avg(row.price)).dividedBy(stddevPop(row.price).nullIf(0)) })).where((row) => row.z.absolute().gt(3)).select('symbol', 'event_time', 'z').output(),
    "SELECT symbol, event_time, z FROM (SELECT *, (price - AVG(price) OVER w) / NULLIF(STDDEV_POP(price) OVER w, 0) AS z FROM trades WINDOW w AS (PARTITION BY symbol ORDER BY event_time RANGE BETWEEN INTERVAL '5' MINUTE PRECEDING AND CURRENT ROW)) WHERE ABS(z) > 3",
  ],
  'over rows': [
    () => trades.over({ by: ['symbol'], rows: 9 }, (row) => ({ volume10: sum(row.volume) })).select('symbol', 'volume10').output(),
    'SELECT symbol, SUM(volume) OVER (PARTITION BY symbol ORDER BY event_time ROWS BETWEEN 9 PRECEDING AND CURRENT ROW) AS volume10 FROM trades',
  ],
  lag: [
    () => trades.over({ by: ['symbol'] }, (row) => ({ change: row.price.minus(lag(row.price)) })).select('symbol', 'change').output(),
    'SELECT symbol, price - LAG(price) OVER (PARTITION BY symbol ORDER BY event_time) AS change FROM trades',
  ],
  'union all': [
    () => trades.select('symbol', 'price', 'event_time').unionAll(quotes.select((row) => ({ symbol: row.symbol, price: row.bid, event_time: row.event_time }))).window(tumble('1 minute')).groupBy('symbol').aggregate((row) => ({ high: max(row.price) })).select('symbol', 'high').output(),
    "SELECT symbol, MAX(price) AS high FROM TABLE(TUMBLE((SELECT symbol, price, event_time FROM trades UNION ALL SELECT symbol, bid AS price, event_time FROM quotes), DESCRIPTOR(event_time), INTERVAL '1' MINUTE)) GROUP BY symbol, window_start, window_end",
  ],
  'group without a window': [
    () => trades.groupBy('symbol').aggregate((row) => ({ n: count(), best: max(row.price) })).output(),
    'SELECT symbol, COUNT(*) AS n, MAX(price) AS best FROM trades GROUP BY symbol',
  ],
  'first rows': [
    () => trades.top(2, { by: ['symbol'], order: ['-price', 'event_time'] }).select('symbol', 'price').output(),
    'SELECT symbol, price FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY symbol ORDER BY price DESC, event_time) AS row_num FROM trades) WHERE row_num <= 2',
  ],
  'first rows of windows': [
    () => trades.window(tumble('1 minute')).groupBy('symbol').aggregate((row) => ({ volume: sum(row.volume) })).top(1, { by: ['window_start', 'window_end'], order: ['-volume', 'symbol'] }).select('symbol', 'volume').output(),
    "SELECT symbol, volume FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY window_start, window_end ORDER BY volume DESC, symbol) AS row_num FROM (SELECT symbol, window_start, window_end, window_time, SUM(volume) AS volume FROM TABLE(TUMBLE(TABLE trades, DESCRIPTOR(event_time), INTERVAL '1' MINUTE)) GROUP BY symbol, window_start, window_end, window_time)) WHERE row_num <= 1",
  ],
  'groups of windowed rows, and of rows that are so no more': [
    () => trades.window(tumble('1 minute')).groupBy('symbol', 'venue').aggregate((row) => ({ volume: sum(row.volume) })).groupBy('symbol').aggregate((row) => ({ most: max(row.volume) })).select('symbol', 'most').groupBy('symbol').aggregate((row) => ({ ever: max(row.most) })).output(),
    "SELECT symbol, MAX(most) AS ever FROM (SELECT symbol, MAX(volume) AS most FROM (SELECT symbol, venue, window_start, window_end, window_time, SUM(volume) AS volume FROM TABLE(TUMBLE(TABLE trades, DESCRIPTOR(event_time), INTERVAL '1' MINUTE)) GROUP BY symbol, venue, window_start, window_end, window_time) GROUP BY symbol, window_start, window_end, window_time) GROUP BY symbol",
  ],
  'a global window with a trigger': [
    () => trades.process(closes, { keys: ['symbol'] }).select('symbol', 'volume', 'fired_by').output(),
    'SELECT symbol, volume, fired_by FROM closes(input => TABLE trades PARTITION BY symbol, on_time => DESCRIPTOR(event_time))',
  ],
  'interval join': [
    () => trades.join(quotes, { on: (t, q) => t.symbol.eq(q.symbol).and(t.event_time.between(q.event_time.earlierBy('1 second'), q.event_time.laterBy('5 seconds'))) }, (t, q) => ({ symbol: t.symbol, bid: q.bid })).output(),
    "SELECT l.symbol, r.bid FROM trades AS l JOIN quotes AS r ON l.symbol = r.symbol AND l.event_time BETWEEN r.event_time - INTERVAL '1' SECOND AND r.event_time + INTERVAL '5' SECOND",
  ],
  'temporal join': [
    () => trades.join(quotes, { type: 'left', asOf: 'event_time', on: (t, q) => t.symbol.eq(q.symbol) }, (t, q) => ({ symbol: t.symbol, mid: call(mid, q.bid, q.ask), event_time: t.event_time })).output(),
    'SELECT l.symbol, mid(r.bid, r.ask) AS mid, l.event_time FROM trades AS l LEFT JOIN quotes FOR SYSTEM_TIME AS OF l.event_time AS r ON l.symbol = r.symbol',
  ],
  "the user's functions": [
    () => trades.window(tumble('1 minute')).groupBy('symbol').aggregate((row) => ({ close: call(last, row.price), mean: call(mid, 1.5, 2) .plus(sum(row.price)) })).select('symbol', 'close', 'mean').output(),
    "SELECT symbol, newest(price) AS `close`, mid(1.5E0, 2) + SUM(price) AS mean FROM TABLE(TUMBLE(TABLE trades, DESCRIPTOR(event_time), INTERVAL '1' MINUTE)) GROUP BY symbol, window_start, window_end",
  ],
  "the user's operator": [
    () => trades.where((row) => row.event_time.ge(timestamp('2026-03-02 14:30:00'))).process(jumps, { keys: ['symbol'] }).window(tumble('1 minute')).groupBy('symbol').aggregate(() => ({ n: count() })).select('symbol', 'n').output(),
    "SELECT symbol, COUNT(*) AS n FROM TABLE(TUMBLE((SELECT * FROM jumps(input => (SELECT * FROM trades WHERE event_time >= TIMESTAMP '2026-03-02 14:30:00') PARTITION BY symbol, on_time => DESCRIPTOR(event_time))), DESCRIPTOR(rowtime), INTERVAL '1' MINUTE)) GROUP BY symbol, window_start, window_end",
  ],
};

for (const [name, [build, sql]] of Object.entries(cases)) {
  test(`${name}: the plan is that of SQL`, () => {
    const built = pipeline(build());
    const functions = userFunctions([mid, last, jumps, closes] as never);
    const ofBuilt = planSql(built.sql, functions);
    const ofSql = planSql(`${declarations}${sql};`, functions);
    const statements = (text: string): string => text.slice(text.indexOf('statement 1'));
    assert.equal(statements(explainTree(ofBuilt)), statements(explainTree(ofSql)), built.sql);
    // What is read of a table is declared the same way.
    for (const line of explainTree(ofBuilt).split('\n')) assert.ok(explainTree(ofSql).includes(line), line);
  });
}

test('several statements share their tables and functions', () => {
  const built = pipeline(
    trades.window(tumble('1 minute')).groupBy('symbol').aggregate((row) => ({ vwap: avg(row.price), trades: count() })).insertInto(bars),
    quotes.select((row) => ({ symbol: row.symbol, mid: call(mid, row.bid, row.ask) })).output(),
    quotes.select((row) => ({ mid: call(mid, row.bid, 1) })).output(),
  );
  assert.equal(built.sql, `CREATE TABLE trades (
  symbol STRING,
  venue STRING,
  price DOUBLE,
  volume BIGINT,
  fee DECIMAL(10, 2),
  buy BOOLEAN,
  event_time TIMESTAMP(3),
  WATERMARK FOR event_time AS event_time - INTERVAL '5' SECOND
);

CREATE TABLE bars (
  symbol STRING,
  window_start TIMESTAMP(3),
  vwap DOUBLE,
  trades BIGINT
);

CREATE TABLE quotes (
  symbol STRING NOT NULL,
  bid DOUBLE,
  ask DOUBLE,
  event_time TIMESTAMP(3),
  WATERMARK FOR event_time AS event_time,
  PRIMARY KEY (symbol) NOT ENFORCED
);

INSERT INTO bars
SELECT symbol, window_start, AVG(price) AS vwap, COUNT(*) AS trades
FROM TABLE(TUMBLE(TABLE trades, DESCRIPTOR(event_time), INTERVAL '1' MINUTE))
GROUP BY symbol, window_start, window_end, window_time;

SELECT symbol, mid(bid, ask) AS mid
FROM quotes;

SELECT mid(bid, 1) AS mid
FROM quotes;
`);
  assert.deepEqual(built.functions, [mid]);
});

/** Which join a text asks for, and what is wrong with it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { JoinNode, PlanNode } from '../../src/plan/plan.js';
import { isJoin, nodesBelow } from '../../src/plan/trace.js';
import { planSql } from '../../src/sql/planner.js';
import { refusal } from './ticks.js';

const tables = `
CREATE TABLE trades (symbol STRING, price DOUBLE, venue STRING, event_time TIMESTAMP(3), WATERMARK FOR event_time AS event_time) WITH ('connector' = 'kafka');
CREATE TABLE quotes (symbol STRING, bid DOUBLE, ask DOUBLE, event_time TIMESTAMP(3), WATERMARK FOR event_time AS event_time) WITH ('connector' = 'kafka');
CREATE TABLE positions (symbol STRING, holding BIGINT, event_time TIMESTAMP(3), WATERMARK FOR event_time AS event_time, PRIMARY KEY (symbol) NOT ENFORCED) WITH ('connector' = 'kafka');
`;
const plan = (text: string): PlanNode => planSql(tables + text).statements[0]!.root;
const joinsOf = (text: string): JoinNode[] => [...nodesBelow(plan(text))].filter(isJoin);
const joinOf = (text: string): JoinNode => {
  const joins = joinsOf(text);
  assert.equal(joins.length, 1, text);
  return joins[0]!;
};
const bounds = (text: string): readonly unknown[] => {
  const join = joinOf(text);
  assert.equal(join.kind, 'interval-join', text);
  return join.kind === 'interval-join' ? [join.type, join.lower, join.upper] : [];
};
const minute = "INTERVAL '1' MINUTE";
const from = 'SELECT t.price, q.bid FROM trades t';

test('bounds on both event times make an interval join, however they are written', () => {
  const on = (condition: string) => bounds(`${from} JOIN quotes q ON t.symbol = q.symbol AND ${condition}`);
  assert.deepEqual(on(`t.event_time BETWEEN q.event_time - ${minute} AND q.event_time`), ['inner', -60_000, 0]);
  assert.deepEqual(on(`q.event_time BETWEEN t.event_time - ${minute} AND t.event_time`), ['inner', 0, 60_000]);
  assert.deepEqual(on(`t.event_time > q.event_time AND t.event_time - ${minute} < q.event_time`), ['inner', 1, 59_999]);
  assert.deepEqual(on(`q.event_time >= t.event_time AND q.event_time <= t.event_time + ${minute} + INTERVAL '1' SECOND`), ['inner', -61_000, 0]);
  assert.deepEqual(on('t.event_time = q.event_time'), ['inner', 0, 0]);
  assert.deepEqual(on(`t.event_time = ${minute} + q.event_time`), ['inner', 60_000, 60_000]);
  assert.deepEqual(bounds(`${from} LEFT JOIN quotes q ON t.symbol = q.symbol AND t.event_time BETWEEN q.event_time AND q.event_time + ${minute}`), ['left', 0, 60_000]);
  assert.deepEqual(bounds(`${from}, quotes q WHERE t.symbol = q.symbol AND t.event_time BETWEEN q.event_time AND q.event_time + ${minute} AND t.price > q.ask`), ['inner', 0, 60_000]);
  assert.deepEqual(bounds(`SELECT symbol, price, bid FROM trades NATURAL JOIN quotes`), ['inner', 0, 0]);
  assert.deepEqual(bounds(`SELECT symbol, price FROM trades a JOIN quotes b USING (symbol) WHERE a.event_time BETWEEN b.event_time AND b.event_time + ${minute}`), ['inner', 0, 60_000]);
});

test('WHERE that no padded row meets makes an outer join an inner one', () => {
  const where = (join: string) => bounds(`${from} ${join} quotes q ON t.symbol = q.symbol WHERE t.event_time BETWEEN q.event_time AND q.event_time + ${minute}`)[0];
  assert.deepEqual(['LEFT JOIN', 'RIGHT JOIN', 'FULL JOIN'].map(where), ['inner', 'inner', 'inner']);
});

test('conditions on one side are asked before the join, where that makes no difference', () => {
  const filters = (join: string, condition: string) => {
    const { inputs, condition: own } = joinOf(`${from} ${join} quotes q ON t.symbol = q.symbol AND t.event_time = q.event_time AND ${condition}`);
    const filtered = inputs.map((input) => [...nodesBelow(input)].some(({ kind }) => kind === 'filter'));
    return [...filtered, own !== null];
  };
  assert.deepEqual(filters('JOIN', 'q.bid > 1'), [false, true, false]);
  assert.deepEqual(filters('JOIN', "t.venue = 'X'"), [true, false, false]);
  assert.deepEqual(filters('LEFT JOIN', 'q.bid > 1'), [false, true, false]);
  assert.deepEqual(filters('LEFT JOIN', "t.venue = 'X'"), [false, false, true]);
  assert.deepEqual(filters('RIGHT JOIN', "t.venue = 'X'"), [true, false, false]);
  assert.deepEqual(filters('FULL JOIN', 'q.bid > 1'), [false, false, true]);
  // What could fail is not asked of rows that never meet.
  assert.deepEqual(filters('JOIN', 'CAST(t.venue AS INT) > 1'), [false, false, false]);
});

test('keys may be computed; the columns of both sides stay as they are', () => {
  const root = plan(`SELECT * FROM trades t JOIN quotes q ON UPPER(t.symbol) = q.symbol AND t.event_time = q.event_time`);
  assert.deepEqual(root.schema.map(({ name }) => name), ['symbol', 'price', 'venue', 'event_time', 'symbol0', 'bid', 'ask', 'event_time0']);
  const join = [...nodesBelow(root)].find(isJoin)!;
  assert.deepEqual(join.keys, { left: [4], right: [0] });
  // Whether there is a value, and the value.
  assert.equal(joinOf('SELECT t.price FROM trades t JOIN quotes q ON t.symbol IS NOT DISTINCT FROM q.symbol AND t.event_time = q.event_time').keys.left.length, 2);
});

test('USING and NATURAL make columns one, and * names them first', () => {
  const names = (text: string) => plan(text).schema.map(({ name }) => name);
  const where = 'WHERE a.event_time BETWEEN b.event_time AND b.event_time';
  assert.deepEqual(names(`SELECT * FROM trades a JOIN quotes b USING (symbol) ${where}`), ['symbol', 'price', 'venue', 'event_time', 'bid', 'ask', 'event_time0']);
  // Of a FULL JOIN it is the one that is there; WHERE may still make it another join.
  const all = `SELECT * FROM trades a FULL JOIN quotes b USING (symbol)`;
  assert.deepEqual(names(`SET 'table.exec.state.ttl' = '1 h'; ${all}`), ['symbol', 'price', 'venue', 'event_time', 'bid', 'ask', 'event_time0']);
  assert.equal(joinOf(`${all} WHERE a.event_time = b.event_time AND symbol <> 'A'`).kind, 'interval-join');
  assert.deepEqual(names(`SELECT b.*, symbol AS s FROM trades a JOIN quotes b USING (symbol) ${where}`), ['symbol', 'bid', 'ask', 'event_time', 's']);
  assert.deepEqual(names('SELECT * FROM trades NATURAL JOIN quotes'), ['symbol', 'event_time', 'price', 'venue', 'bid', 'ask']);
});

test('chains of joins, each of its kind', () => {
  const text = `SELECT t.price, q.bid, p.holding FROM trades t
    JOIN quotes q ON t.symbol = q.symbol AND t.event_time BETWEEN q.event_time AND q.event_time + ${minute}
    LEFT JOIN positions FOR SYSTEM_TIME AS OF t.event_time AS p ON t.symbol = p.symbol`;
  assert.deepEqual(joinsOf(text).map(({ kind, type }) => `${type} ${kind}`), ['inner interval-join', 'left temporal-join']);
  const list = `SELECT t.price FROM trades t, quotes q, quotes r WHERE t.event_time = q.event_time AND t.symbol = q.symbol AND q.event_time = r.event_time AND r.symbol = q.symbol`;
  assert.deepEqual(joinsOf(list).map(({ kind, keys }) => [kind, keys.left.length]), [['interval-join', 1], ['interval-join', 1]]);
});

test('a table as of a time has versions by its key', () => {
  const temporal = joinOf('SELECT t.price, p.holding FROM trades t JOIN positions FOR SYSTEM_TIME AS OF t.event_time AS p ON t.symbol = p.symbol WHERE p.holding > 0');
  assert.equal(temporal.kind, 'temporal-join');
  assert.deepEqual(temporal.kind === 'temporal-join' && temporal.times, [3, 2]);
  const wrong = (text: string, pattern: RegExp) => assert.match(refusal(() => plan(text)).message, pattern);
  wrong('SELECT t.price FROM trades t JOIN quotes FOR SYSTEM_TIME AS OF t.event_time AS q ON t.symbol = q.symbol', /has no versions.*PRIMARY KEY and WATERMARK/);
  wrong('SELECT t.price FROM trades t JOIN positions FOR SYSTEM_TIME AS OF t.event_time AS p ON t.price = p.holding', /the whole key.*'symbol' is missing/);
  wrong('SELECT t.price FROM trades t RIGHT JOIN positions FOR SYSTEM_TIME AS OF t.event_time AS p ON t.symbol = p.symbol', /RIGHT JOIN with FOR SYSTEM_TIME/);
  wrong('SELECT t.price FROM trades t JOIN positions FOR SYSTEM_TIME AS OF TIMESTAMP \'2020-01-01 00:00:00\' AS p ON t.symbol = p.symbol', /left side's rowtime/);
  wrong('SELECT price FROM positions FOR SYSTEM_TIME AS OF event_time', /right side of a join/);
});

test('equal windows on both sides make a window join', () => {
  const windowed = (name: string) => `TABLE(TUMBLE(TABLE ${name}, DESCRIPTOR(event_time), ${minute}))`;
  const both = 'a.window_start = b.window_start AND a.window_end = b.window_end';
  const of = (text: string) => joinOf(text);
  assert.equal(of(`SELECT a.price FROM ${windowed('trades')} a JOIN ${windowed('quotes')} b ON ${both}`).kind, 'window-join');
  const semi = of(`SELECT price FROM ${windowed('trades')} a WHERE symbol IN (SELECT symbol FROM ${windowed('quotes')} b WHERE ${both})`);
  assert.deepEqual([semi.kind, semi.type, semi.keys], ['window-join', 'semi', { left: [0], right: [0] }]);
  const anti = of(`SELECT price FROM ${windowed('trades')} a WHERE NOT EXISTS (SELECT * FROM ${windowed('quotes')} b WHERE a.symbol = b.symbol AND ${both}) AND price > 1`);
  assert.deepEqual([anti.kind, anti.type, anti.keys], ['window-join', 'anti', { left: [0], right: [0] }]);
  // NULL among the values: no row is surely not in them.
  const notIn = of(`SELECT price FROM ${windowed('trades')} a WHERE symbol NOT IN (SELECT symbol FROM ${windowed('quotes')} b WHERE ${both})`);
  assert.deepEqual([notIn.type, notIn.keys.left, notIn.condition !== null], ['anti', [], true]);
  const other = `TABLE(TUMBLE(TABLE quotes, DESCRIPTOR(event_time), INTERVAL '2' MINUTE))`;
  assert.match(refusal(() => plan(`SELECT a.price FROM ${windowed('trades')} a JOIN ${other} b ON ${both}`)).message, /remember every row/);
});

test('a regular join needs a time-to-live, and forgets which time its rows have', () => {
  const text = `${from} JOIN quotes q ON t.symbol = q.symbol`;
  assert.match(refusal(() => plan(text)).message, /remember every row for ever: event times are not bounded.*SET 'table.exec.state.ttl' = '1 h'/);
  assert.match(refusal(() => plan(`${text} AND t.event_time > q.event_time`)).message, /one side only/);
  const join = planSql(`${tables} SET 'table.exec.state.ttl' = '1 h'; ${text};`).statements[0]!.root;
  const found = [...nodesBelow(join)].find(isJoin)!;
  assert.deepEqual(found.kind === 'join' && found.ttl, [3_600_000, 3_600_000]);
  const hinted = [...nodesBelow(plan(`SELECT /*+ STATE_TTL('t' = '1 d', 'q' = '90 s') */ t.price FROM trades t JOIN quotes q ON t.symbol = q.symbol`))].find(isJoin)!;
  assert.deepEqual(hinted.kind === 'join' && hinted.ttl, [86_400_000, 90_000]);
  assert.match(refusal(() => plan(`SELECT /*+ STATE_TTL('trade' = '1 d') */ price FROM trades`)).message, /STATE_TTL names 'trade'.*'trades'/);
  const windowed = `SET 'table.exec.state.ttl' = '1 h'; CREATE VIEW j AS SELECT t.event_time, q.bid FROM trades t JOIN quotes q ON t.symbol = q.symbol;
    SELECT window_end, COUNT(*) FROM TABLE(TUMBLE(TABLE j, DESCRIPTOR(event_time), ${minute})) GROUP BY window_start, window_end;`;
  assert.match(refusal(() => planSql(tables + windowed)).message, /'event_time' is none.*join/);
});

test('what is wrong is told with its place', () => {
  const wrong = (text: string, pattern: RegExp) => assert.match(refusal(() => plan(text)).message, pattern);
  const joined = 'FROM trades t JOIN quotes q ON t.symbol = q.symbol AND t.event_time = q.event_time';
  wrong(`SELECT symbol ${joined}`, /column 'symbol' is ambiguous.*Write t\.symbol or q\.symbol/);
  wrong(`SELECT t.prise ${joined}`, /no column 'prise'.*'price'/);
  wrong(`SELECT u.price ${joined}`, /no table 'u' here/);
  wrong('SELECT 1 AS one FROM trades JOIN trades ON TRUE', /'trades' is there twice in FROM/);
  wrong('SELECT t.price FROM trades t JOIN quotes q', /INNER JOIN needs a condition/);
  wrong('SELECT t.price FROM trades t CROSS JOIN quotes q ON TRUE', /CROSS JOIN takes no condition/);
  wrong('SELECT t.price FROM trades t JOIN quotes q ON SUM(t.price) > 1', /may not stand in ON/);
  wrong(`SELECT t.price FROM trades t JOIN quotes q ON t.event_time BETWEEN q.event_time AND q.event_time - ${minute}`, /no rows can meet.*Swap the bounds/);
});

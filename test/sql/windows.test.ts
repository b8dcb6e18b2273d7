import assert from 'node:assert/strict';
import { test } from 'node:test';
import { find, kindsOf, planTicks, rootOf } from './ticks.js';

const tumble = "TABLE(TUMBLE(TABLE ticks, DESCRIPTOR(event_time), INTERVAL '1' MINUTE))";

test('the aggregate absorbs its window table, whatever stands in between that reads no window column', () => {
  const root = rootOf(`
    SELECT s, window_start AS opened, COUNT(*) AS n FROM (
      SELECT symbol AS s, price * 2 AS p, window_start, window_end AS e FROM ${tumble} WHERE price > 0
    ) WHERE p < 100 GROUP BY s, window_start, e`);
  assert.deepEqual(kindsOf(root), ['project', 'window-aggregate', 'project', 'filter', 'scan']);
  const aggregate = find(root, 'window-aggregate');
  assert.deepEqual(aggregate.window, { kind: 'tumble', size: 60_000, offset: 0 });
  assert.equal(aggregate.attached, null);
  assert.equal(aggregate.input.rowtime, aggregate.time);
  assert.deepEqual(aggregate.keys.map((key) => aggregate.input.schema[key]!.name), ['s']);
});

test('a window column inside an argument or a condition keeps the window table', () => {
  for (const text of [
    `SELECT MAX(window_start) AS m FROM ${tumble} GROUP BY window_start, window_end`,
    `SELECT COUNT(*) AS n FROM ${tumble} WHERE window_end > event_time + INTERVAL '30' SECOND GROUP BY window_start, window_end`,
    `SELECT HOUR(window_start) AS h, COUNT(*) AS n FROM ${tumble} GROUP BY window_start, window_end, HOUR(window_start)`,
  ]) {
    const aggregate = find(rootOf(text), 'window-aggregate');
    assert.equal(aggregate.window, null, text);
    assert.equal(find(aggregate, 'window').window.kind, 'tumble');
    const { start, end } = aggregate.attached!;
    assert.deepEqual([start, end].map((index) => aggregate.input.schema[index]!.name), ['window_start', 'window_end']);
  }
});

test('a second aggregation by the same window stands on the first', () => {
  const root = rootOf(`
    SELECT window_start, window_end, MAX(total) AS most FROM (
      SELECT symbol, window_start, window_end, SUM(volume) AS total FROM ${tumble} GROUP BY symbol, window_start, window_end
    ) GROUP BY window_start, window_end`);
  assert.deepEqual(kindsOf(root).filter((kind) => kind === 'window-aggregate').length, 2);
  const upper = find(root, 'window-aggregate');
  assert.notEqual(upper.attached, null);
  assert.notEqual(find(upper.input, 'window-aggregate').window, null);
});

test('windows of windows: window_time is the rowtime of what comes out', () => {
  const { statements } = planTicks(`
    CREATE VIEW minutes AS SELECT symbol, window_time AS rt, SUM(volume) AS v FROM ${tumble} GROUP BY symbol, window_start, window_end, window_time;
    SELECT window_start, SUM(v) AS v FROM TABLE(TUMBLE(TABLE minutes, DESCRIPTOR(rt), INTERVAL '1' HOUR)) GROUP BY window_start, window_end`);
  const upper = find(statements[0]!.root, 'window-aggregate');
  assert.deepEqual(upper.window, { kind: 'tumble', size: 3_600_000, offset: 0 });
  assert.equal(find(upper.input, 'window-aggregate').rowtime, 4);
});

test('HOP, CUMULATE, offsets, named arguments and the call without TABLE', () => {
  const windowOf = (call: string) => find(rootOf(`SELECT COUNT(*) AS n FROM ${call} GROUP BY window_start, window_end`), 'window-aggregate').window;
  assert.deepEqual(windowOf("TABLE(HOP(TABLE ticks, DESCRIPTOR(event_time), INTERVAL '30' SECOND, INTERVAL '5' MINUTE))"),
    { kind: 'hop', size: 300_000, slide: 30_000, offset: 0 });
  assert.deepEqual(windowOf("TABLE(CUMULATE(TABLE ticks, DESCRIPTOR(event_time), INTERVAL '1' MINUTE, INTERVAL '1' DAY, INTERVAL '8' HOUR))"),
    { kind: 'cumulate', size: 86_400_000, step: 60_000, offset: 28_800_000 });
  assert.deepEqual(windowOf("TUMBLE(DATA => TABLE ticks, TIMECOL => DESCRIPTOR(event_time), SIZE => INTERVAL '1' DAY, `OFFSET` => INTERVAL '-8' HOUR)"),
    { kind: 'tumble', size: 86_400_000, offset: -28_800_000 });
});

test('OVER: what is shared by one window is one node, its columns are the rows and the aggregates', () => {
  const root = rootOf(`
    SELECT symbol, event_time, price - AVG(price) OVER w AS d, COUNT(*) OVER w AS n, AVG(price) OVER w AS m FROM ticks
    WINDOW w AS (PARTITION BY symbol ORDER BY event_time RANGE BETWEEN INTERVAL '5' MINUTE PRECEDING AND CURRENT ROW)`);
  assert.deepEqual(kindsOf(root), ['project', 'over', 'project', 'scan']);
  const over = find(root, 'over');
  assert.deepEqual(over.frame, { kind: 'range', preceding: 300_000 });
  assert.deepEqual(over.aggregates.map((call) => call.name), ['AVG', 'COUNT']);
  assert.deepEqual(over.partition.map((index) => over.schema[index]!.name), ['symbol']);
  assert.equal(over.rowtime, over.time);
  assert.equal(root.rowtime, 1);
});

test('frames: short forms, rows, unbounded, none', () => {
  const frameOf = (frame: string) => find(rootOf(`SELECT SUM(price) OVER (ORDER BY event_time ${frame}) AS s FROM ticks`), 'over').frame;
  assert.deepEqual(frameOf(''), { kind: 'range', preceding: null });
  assert.deepEqual(frameOf("RANGE INTERVAL '1' SECOND PRECEDING"), { kind: 'range', preceding: 1000 });
  assert.deepEqual(frameOf('ROWS 2 PRECEDING'), { kind: 'rows', preceding: 2 });
  assert.deepEqual(frameOf('ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW'), { kind: 'rows', preceding: null });
  assert.deepEqual(frameOf('RANGE BETWEEN CURRENT ROW AND CURRENT ROW'), { kind: 'range', preceding: 0 });
});

test('LAG has its rows back and its default', () => {
  const over = find(rootOf('SELECT LAG(volume, 2, 7) OVER (PARTITION BY symbol ORDER BY event_time) AS l, LAG(price) OVER (PARTITION BY symbol ORDER BY event_time) AS p FROM ticks'), 'over');
  assert.deepEqual(over.aggregates.map(({ offset, defaultColumn }) => [offset, defaultColumn === null]), [[2, false], [1, true]]);
  assert.equal(over.input.schema[over.aggregates[0]!.defaultColumn!]!.type.kind, 'BIGINT');
});

test('a named window may be extended', () => {
  const over = find(rootOf(`SELECT SUM(price) OVER (w ROWS 3 PRECEDING) AS s FROM ticks WINDOW w AS (PARTITION BY symbol ORDER BY event_time)`), 'over');
  assert.deepEqual(over.frame, { kind: 'rows', preceding: 3 });
  assert.equal(over.partition.length, 1);
});

test('OVER stands on a grouped SELECT by its window_time', () => {
  const root = rootOf(`
    SELECT symbol, window_time, SUM(SUM(volume)) OVER (PARTITION BY symbol ORDER BY window_time ROWS 4 PRECEDING) AS five
    FROM ${tumble} GROUP BY symbol, window_start, window_end, window_time`);
  assert.deepEqual(kindsOf(root), ['project', 'over', 'project', 'window-aggregate', 'project', 'scan']);
  assert.equal(root.rowtime, 1);
});

/** GROUP BY TUMBLE(…), HOP(…) and SESSION(…): the plans of their window tables. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { find, kindsOf, rootOf } from './ticks.js';

const pairs: readonly (readonly [string, string, string])[] = [
  ['TUMBLE', "event_time, INTERVAL '1' MINUTE", "TUMBLE(TABLE ticks, DESCRIPTOR(event_time), INTERVAL '1' MINUTE)"],
  ['HOP', "event_time, INTERVAL '10' SECOND, INTERVAL '1' MINUTE", "HOP(TABLE ticks, DESCRIPTOR(event_time), INTERVAL '10' SECOND, INTERVAL '1' MINUTE)"],
  ['SESSION', "event_time, INTERVAL '1' MINUTE", "SESSION(TABLE ticks PARTITION BY symbol, DESCRIPTOR(event_time), INTERVAL '1' MINUTE)"],
];

test('the older form and the window table give the same operator', () => {
  for (const [name, args, table] of pairs) {
    const older = find(rootOf(`SELECT symbol, ${name}_START(${args}) AS s, ${name}_END(${args}) AS e, ${name}_ROWTIME(${args}) AS rt, SUM(volume) AS v
      FROM ticks GROUP BY symbol, ${name}(${args})`), 'window-aggregate');
    const newer = find(rootOf(`SELECT symbol, window_start AS s, window_end AS e, window_time AS rt, SUM(volume) AS v FROM TABLE(${table}) GROUP BY symbol, window_start, window_end, window_time`), 'window-aggregate');
    const named = ({ input, ...node }: typeof older) => ({ ...node, time: input.schema[node.time]!.name, keys: node.keys.map((key) => input.schema[key]!.name), place: null,
      aggregates: node.aggregates.map(({ name: call, argument }) => [call, input.schema[argument!]!.name]) });
    assert.deepEqual(named(older), named(newer), name);
  }
});

test('keys may be expressions, HAVING and OVER read the bounds, and the rowtime goes on', () => {
  const args = "event_time, INTERVAL '1' MINUTE";
  const root = rootOf(`SELECT UPPER(symbol) AS s, TUMBLE_ROWTIME(${args}) AS rt, SUM(SUM(volume)) OVER (PARTITION BY UPPER(symbol) ORDER BY TUMBLE_ROWTIME(${args}) ROWS 4 PRECEDING) AS five
    FROM ticks WHERE price > 0 GROUP BY UPPER(symbol), TUMBLE(${args}) HAVING TUMBLE_END(${args}) > TIMESTAMP '2024-01-02 00:00:00' AND COUNT(*) > 1`);
  assert.equal(root.rowtime, 1);
  assert.deepEqual(kindsOf(root).filter((kind) => kind !== 'project'), ['over', 'filter', 'window-aggregate', 'filter', 'scan']);
});

test('a session table takes over its aggregate only where its sessions are the groups', () => {
  const session = (keys: string) => `TABLE(SESSION(TABLE ticks ${keys}, DESCRIPTOR(event_time), INTERVAL '1' MINUTE))`;
  const windowOf = (sql: string) => find(rootOf(sql), 'window-aggregate').window?.kind ?? 'carried';
  const grouped = (from: string, keys: string) => `SELECT COUNT(*) AS n FROM ${from} GROUP BY ${keys}window_start, window_end`;
  assert.equal(windowOf(grouped(session('PARTITION BY symbol'), 'symbol, ')), 'session');
  assert.equal(windowOf(grouped(session('PARTITION BY symbol, exchange'), 'exchange, symbol, ')), 'session');
  assert.equal(windowOf(grouped(session(''), '')), 'session');
  assert.equal(windowOf(grouped(`${session('PARTITION BY symbol')} WHERE symbol <> 'A'`, 'symbol, ')), 'session');
  // Rows that WHERE leaves out afterwards have made their session; other groups are no sessions.
  assert.equal(windowOf(grouped(`${session('PARTITION BY symbol')} WHERE price > 0`, 'symbol, ')), 'carried');
  assert.equal(windowOf(grouped(session(''), 'symbol, ')), 'carried');
  assert.equal(windowOf(grouped(session('PARTITION BY symbol'), '')), 'carried');
});

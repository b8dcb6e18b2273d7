/** Global windows as code declares them and SQL calls them. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TapewrightError } from '../../src/core/errors.js';
import { anyOf, atCalendar, customTrigger, everyRows, onCondition, type TriggerDeclaration } from '../../src/functions/trigger.js';
import { userFunctions } from '../../src/functions/user-functions.js';
import { globalWindow } from '../../src/functions/window-function.js';
import { pipeline, table } from '../../src/index.js';
import { explainTree } from '../../src/plan/explain.js';
import { planSql } from '../../src/sql/planner.js';
import { runPipeline, type Entry } from '../engine/run-engine.js';

const openClose = globalWindow({
  name: 'open_close',
  input: { price: 'DOUBLE', volume: 'BIGINT', halted: 'BOOLEAN', symbol: 'STRING' },
  aggregates: { trades: 'COUNT(*)', high: 'MAX(price)', total: 'SUM(volume)', symbols: 'COUNT(DISTINCT symbol)' },
  trigger: anyOf(onCondition('halted', 'HALT'), atCalendar('XNYS')),
});

const create = 'CREATE TABLE t (exchange STRING, symbol STRING, price DOUBLE, volume BIGINT, halted BOOLEAN, event_time TIMESTAMP(3), WATERMARK FOR event_time AS event_time);\n';
const plan = (sql: string, window = openClose as Parameters<typeof userFunctions>[0][number]) => planSql(create + sql, userFunctions([window]));
const utc = (clock: string): number => Date.parse(`2026-03-02T${clock}Z`);
const row = (clock: string, exchange: string, price: number, halted = false): Entry => ({ exchange, symbol: `S${price}`, price, volume: 100, halted, event_time: utc(clock) });

test('by venue at the open, at the close, and when trading is halted', () => {
  const pipeline = plan('SELECT * FROM open_close(input => TABLE t PARTITION BY exchange, on_time => DESCRIPTOR(event_time));');
  assert.deepEqual(pipeline.sinks[0]!.schema.map(({ name }) => name), ['exchange', 'trades', 'high', 'total', 'symbols', 'window_start', 'window_end', 'fired_by', 'rowtime']);
  const rows = [row('14:00', 'XNAS', 10), row('14:31', 'XNAS', 12), row('14:32', 'XNYS', 9), row('15:00', 'XNAS', 11, true), row('20:59', 'XNAS', 14), row('21:30', 'XNAS', 15)];
  const { outputs } = runPipeline(pipeline, { t: rows }, { end: false });
  assert.deepEqual(outputs['query_1'], [
    ['XNAS', 1, 10, 100, 1, utc('14:00'), utc('14:30'), 'OPEN', utc('14:30') - 1],
    ['XNAS', 2, 12, 200, 2, utc('14:31'), utc('15:00') + 1, 'HALT', utc('15:00')],
    ['XNAS', 1, 14, 100, 1, utc('20:59'), utc('21:00'), 'CLOSE', utc('21:00') - 1],
    ['XNYS', 1, 9, 100, 1, utc('14:32'), utc('21:00'), 'CLOSE', utc('21:00') - 1],
  ]);
});

test('the builder calls it as SQL does, with its columns typed', () => {
  const trades = table({
    name: 't', columns: { exchange: 'STRING', symbol: 'STRING', price: 'DOUBLE', volume: 'BIGINT', halted: 'BOOLEAN', event_time: 'TIMESTAMP(3)' },
    watermark: { column: 'event_time', delay: 0 },
  });
  const phases = table({ name: 'phases', columns: { exchange: 'STRING', fired_by: 'STRING', per_trade: 'BIGINT' } });
  const built = pipeline(trades
    .process(openClose, { keys: ['exchange'], on: 'event_time' })
    .select(({ exchange, fired_by, total, trades: count }) => ({ exchange, fired_by, per_trade: total.dividedBy(count) }))
    .insertInto(phases));
  const written = `${create.replace('AS event_time)', "AS event_time)")}CREATE TABLE phases (exchange STRING, fired_by STRING, per_trade BIGINT);
    INSERT INTO phases SELECT exchange, fired_by, total / trades FROM open_close(input => TABLE t PARTITION BY exchange, on_time => DESCRIPTOR(event_time));`;
  assert.equal(explainTree(planSql(built.sql, userFunctions(built.functions))), explainTree(planSql(written, userFunctions([openClose]))));
});

test('what it puts out has event time: windows stand on it', () => {
  const pipeline = plan(`SELECT window_end, SUM(trades) FROM TABLE(TUMBLE(TABLE firings, DESCRIPTOR(rowtime), INTERVAL '1' DAY)) GROUP BY window_start, window_end;`.replace(/^/,
    'CREATE TEMPORARY VIEW firings AS SELECT trades, rowtime FROM open_close(input => TABLE t PARTITION BY exchange, on_time => DESCRIPTOR(event_time));\n'));
  const { outputs } = runPipeline(pipeline, { t: [row('14:00', 'XNAS', 10), row('14:31', 'XNAS', 12), row('14:32', 'XNYS', 9)] });
  assert.deepEqual(outputs['query_1'], [[Date.parse('2026-03-03T00:00Z'), 3]]);
});

test('a trigger that throws costs the row that it was given, which is kept', () => {
  const wary = globalWindow({
    name: 'wary', input: { price: 'DOUBLE', halted: 'BOOLEAN' }, aggregates: { trades: 'COUNT(*)' },
    trigger: customTrigger({
      name: 'wary_trigger', stateSize: 1, columns: ['price', 'halted'],
      create: () => ({
        onRow: ({ value }) => {
          if (Number(value('price')) < 0) throw new Error('a price below nothing');
          return value('halted') === true ? 'NOW' : null;
        },
        onTime: () => null,
      }),
    }),
  });
  const pipeline = plan('SELECT trades, fired_by FROM wary(input => TABLE t PARTITION BY exchange, on_time => DESCRIPTOR(event_time));', wary);
  const { outputs, deadLetters } = runPipeline(pipeline, { t: [row('14:00', 'A', 1), row('14:01', 'A', -1), row('14:02', 'A', 2, true)] });
  assert.deepEqual(outputs['query_1'], [[2, 'NOW']]);
  assert.deepEqual(deadLetters.map(({ error }) => error), ['wary_trigger threw: a price below nothing']);
});

test('windows with triggers of one name are still two', () => {
  const named = (name: string, says: string) => globalWindow({
    name, input: { price: 'DOUBLE' }, aggregates: { trades: 'COUNT(*)' },
    trigger: customTrigger({ name: 'always', stateSize: 0, columns: [], create: () => ({ onRow: () => says, onTime: () => null }) }),
  });
  const call = (name: string): string => `SELECT fired_by FROM ${name}(input => TABLE t PARTITION BY exchange, on_time => DESCRIPTOR(event_time));\n`;
  const pipeline = planSql(create + call('one') + call('two'), userFunctions([named('one', 'ONE'), named('two', 'TWO')]));
  assert.deepEqual(runPipeline(pipeline, { t: [row('14:00', 'A', 1)] }).outputs, { query_1: [['ONE']], query_2: [['TWO']] });
});

test('what is wrong with a declaration is said when it is made', () => {
  const refused = (make: () => unknown, pattern: RegExp): void => assert.throws(make, (error: unknown) => error instanceof TapewrightError && error.code === 'FUNCTION_INVALID' && (assert.match(error.message, pattern), true));
  const made = (change: Record<string, unknown>) => () => globalWindow({ name: 'w', input: { x: 'BIGINT', k: 'STRING' }, aggregates: { n: 'COUNT(*)' }, trigger: everyRows(2), ...change } as never);
  refused(made({ aggregates: { n: 'SUM(y)' } }), /the window w aggregates 'y', which is none of its input columns \(x, k\)/);
  refused(made({ aggregates: { n: 'SUM(k)' } }), /aggregates n wrongly: .*SUM takes a number, not STRING/);
  refused(made({ aggregates: { n: 'sum of x' } }), /write it as 'COUNT\(\*\)' or 'SUM\(column\)'/);
  refused(made({ aggregates: { window_end: 'COUNT(*)' } }), /which is a column of every window/);
  refused(made({ trigger: everyRows(0) }), /every 0 rows: it must be a whole number above 0/);
  refused(made({ trigger: onCondition('x', 'X') }), /on 'x', which is no BOOLEAN/);
  refused(made({ trigger: onCondition('z', 'Z') }), /looks at 'z', which is none of its input columns/);
  refused(made({ trigger: anyOf() }), /a trigger of no triggers/);
  refused(made({ trigger: { kind: 'often' } as unknown as TriggerDeclaration }), /a trigger that is none/);
  assert.throws(() => planSql(`${create}SELECT * FROM open_close(input => TABLE (SELECT exchange, event_time FROM t) PARTITION BY exchange);`, userFunctions([openClose])), /open_close reads a column 'price', which its table does not have/);
});

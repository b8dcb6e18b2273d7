/** `--from` and `--to`: a part of a day gives what the whole day gives in that part. */
import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import type { Cell } from '../laws/support/cells.js';
import { sameRows } from '../laws/support/compare.js';
import { showCase } from '../laws/support/law.js';
import { orderOf } from '../laws/support/order.js';
import { inputsOf, tableFields, type Query } from '../laws/support/query.js';
import { randomCases, type Case } from '../laws/support/random-pipelines.js';
import { run } from '../laws/support/run.js';
import { withJsonLines, withRun } from '../support/run-sql.js';
import type { RunParameters } from '../../src/runtime/options.js';

/** The column that holds a row's causing time: event time for row operators, the last instant of a window; rows of a session wait for its end too. */
const causeOf = (query: Query): string => ((query.kind === 'assign' && query.window.kind !== 'session') || query.kind === 'filter' || query.kind === 'project' ? causeOf(query.input)
  : query.kind === 'union' ? causeOf(query.inputs[0]!) : query.rowtime);

/** Not: results that go on changing from the first row on, and pairs of which one row may come after the part. */
const isOfParts = (query: Query): boolean => !['join', 'regular', 'group', 'rank'].includes(query.kind) && inputsOf(query).every(isOfParts);

const drawn: fc.Arbitrary<{ drawn: Case; from: number; length: number; rowsMost: number }> =
  fc.record({ drawn: randomCases({ disorder: 'none', apart: true }).filter(({ pipeline }) => pipeline.statements.every(({ query }) => isOfParts(query))), from: fc.nat(99), length: fc.integer({ min: 1, max: 99 }), rowsMost: fc.constantFrom(2, 7, 1000) });

/** Instants of the data, a part of the way through. */
function spanOf({ tables }: Case, from: number, length: number): { from: number; to: number } {
  const times = tables.flat().map((row) => row[tableFields.length - 1] as number);
  const [first, last] = [Math.min(...times), Math.max(...times)];
  const start = first + Math.floor(((last - first) * from) / 100);
  return { from: start, to: start + 1 + Math.floor(((last - first) * length) / 100) };
}

test('where no row is behind, outputs equal the full run\'s in [from, to)', () => {
  let compared = 0;
  fc.assert(fc.property(drawn, (one) => {
    if (one.drawn.tables.every((rows) => rows.length === 0)) return;
    const span = spanOf(one.drawn, one.from, one.length);
    const [whole, part] = [run(one.drawn), run(one.drawn, { span, rowsMost: one.rowsMost })];
    assert.equal(whole.behind, 0, 'no row is behind');
    whole.outputs.forEach((rows, output) => {
      const writers = one.drawn.pipeline.statements.filter((statement) => statement.output === output);
      const query = writers[0]!.query;
      const cause = query.fields.findIndex(({ name }) => name === causeOf(query));
      const within = (row: readonly Cell[]): boolean => (row[cause] as number) >= span.from && (row[cause] as number) < span.to;
      const found = part.outputs[output]!.filter((row) => (row[cause] as number) < span.to);
      try {
        sameRows(found, rows.filter(within), writers.length === 1 ? orderOf(query) : 'set');
      } catch (error) {
        throw new Error(`${showCase(one.drawn)}\n${JSON.stringify(span)} output ${output}: ${(error as Error).message}`, { cause: error });
      }
      compared += found.length;
      for (const row of part.outputs[output]!) assert.ok((row[cause] as number) >= span.from, 'nothing from before');
    });
    assert.deepEqual(part.late, []);
  }), { seed: 20260302, numRuns: 120 });
  assert.ok(compared > 100, `${compared} rows were compared`);
});

const table = `CREATE TABLE ticks (symbol STRING, price DOUBLE, event_time TIMESTAMP(3), WATERMARK FOR event_time AS event_time - INTERVAL '5' SECOND) WITH ('connector' = 'kafka');`;
const hop = `${table} SELECT window_end, COUNT(*) AS n FROM TABLE(HOP(TABLE ticks, DESCRIPTOR(event_time), INTERVAL '1' MINUTE, INTERVAL '2' MINUTE)) GROUP BY window_start, window_end;`;
const minute = 60_000;
/** A row every 10 seconds for 10 minutes. */
const rows = Array.from({ length: 60 }, (_, index) => ({ symbol: 'A', price: index, event_time: index * 10_000 }));

const windowsOf = (sql: string, parameters: Partial<RunParameters>, lines: readonly unknown[] = rows) => withJsonLines(lines, (path) => withRun(sql, { ticks: path }, async ({ result, query }) => ({
  result, windows: (await query('SELECT epoch_ms(window_end) AS ended, n FROM query_1')).map(({ ended, n }) => [Number(ended) / minute, Number(n)]),
}), parameters));

test('a window across --from is whole; those across --to fire with what they have, and the run says how many', async () => {
  const { result, windows } = await windowsOf(hop, { from: 3 * minute + 30_000, to: 6 * minute });
  assert.deepEqual(windows, [[4, 12], [5, 12], [6, 12], [7, 6]]);
  assert.deepEqual(result.remarks, ['One window ends after --to, and fired at the end of the data with what was there.']);
  const open = await windowsOf(hop, { from: 3 * minute + 30_000, to: 6 * minute, openEnd: true });
  assert.deepEqual(open.windows, [[4, 12], [5, 12]], 'the watermark is at 5:45');
  assert.deepEqual(open.result.remarks, []);
});

test('late rows from before --from do not count, those after it do', async () => {
  const late = [...rows.slice(0, 13), { symbol: 'A', price: 0, event_time: 1000 }, ...rows.slice(13, 40), { symbol: 'A', price: 0, event_time: 3 * minute + 1000 }, ...rows.slice(40)];
  const tumble = hop.replace("HOP(TABLE ticks, DESCRIPTOR(event_time), INTERVAL '1' MINUTE, INTERVAL '2' MINUTE)", "TUMBLE(TABLE ticks, DESCRIPTOR(event_time), INTERVAL '1' MINUTE)");
  assert.equal((await windowsOf(tumble, {}, late)).result.late, 2);
  const { result, windows } = await windowsOf(tumble, { from: 3 * minute }, late);
  assert.deepEqual([result.late, windows[0]], [1, [4, 6]]);
});

test('a span without a row is refused with the span of the data', async () => {
  for (const span of [{ from: 11 * minute }, { from: 10 * minute }, { to: 0 }, { from: -5 * minute, to: -minute }]) {
    await assert.rejects(windowsOf(hop, span), { code: 'SPAN_EMPTY', message: /^no row has an event time in \[.*\): those of ticks are of 1970-01-01 00:00:00\.000 to 1970-01-01 00:09:50\.000$/ });
  }
});

test('an unbounded frame reads from the start, and that is said', async () => {
  const over = `${table} SELECT event_time, COUNT(*) OVER (PARTITION BY symbol ORDER BY event_time RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS n FROM ticks;`;
  await withJsonLines(rows, (path) => withRun(over, { ticks: path }, async ({ result, query }) => {
    assert.equal(Number((await query('SELECT min(n) AS n FROM query_1'))[0]!['n']), 55);
    assert.match(result.remarks.join(), /--from reads from the start of the data/);
  }, { from: 9 * minute }));
});

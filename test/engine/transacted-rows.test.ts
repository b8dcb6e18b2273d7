/** Transactions that are fed at once are as those that are fed run by run of one table's rows. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { StepResult } from '../../src/engine/engine.js';
import { Engine } from '../../src/engine/engine.js';
import type { ScanBatch } from '../../src/engine/scan-batch.js';
import { slicesOf, transactedSlice, type TransactedRows } from '../../src/engine/transacted-rows.js';
import { sha256 } from '../../src/runtime/sha256.js';
import { planSql } from '../../src/sql/planner.js';

const table = (name: string) => `CREATE TABLE ${name} (k DOUBLE, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '1' SECOND) WITH ('connector' = 'kafka');\n`;
const counted = (from: string) => `SELECT window_start, COUNT(*), SUM(k) FROM TABLE(TUMBLE(TABLE ${from}, DESCRIPTOR(ts), INTERVAL '1' SECOND)) GROUP BY window_start, window_end;\n`;
const sql = `${['a', 'b', 'c', 'other'].map(table).join('')}CREATE VIEW united AS SELECT * FROM a UNION ALL SELECT * FROM c;\n${counted('united')}${counted('other')}
SELECT a.k, b.k, a.ts FROM a JOIN b ON a.k = b.k AND a.ts BETWEEN b.ts - INTERVAL '1' SECOND AND b.ts;\nSELECT k, CURRENT_TIMESTAMP FROM b;`;
const pipeline = planSql(sql);
const captured = [0, 1, 2];

interface Drawn {
  /** By transaction, its rows: of which table, and when. */
  readonly transactions: readonly (readonly { readonly table: number; readonly time: number; readonly key: number }[])[];
  /** After which of them something else happens: rows of the table that is none of the database's, or the step ends. */
  readonly between: readonly ('cut' | 'other' | 'step')[];
  /** Transactions that are read at once. */
  readonly read: number;
}

const drawn: fc.Arbitrary<Drawn> = fc.record({
  transactions: fc.array(fc.array(fc.record({ table: fc.nat(2), time: fc.integer({ min: 0, max: 9 }), key: fc.nat(2) }), { minLength: 1, maxLength: 6 }), { minLength: 1, maxLength: 12 })
    .map((list) => list.map((rows, index) => rows.map((row) => ({ ...row, time: 600 * index + 250 * row.time })))),
  between: fc.array(fc.constantFrom('cut', 'other', 'step'), { minLength: 12, maxLength: 12 }),
  read: fc.integer({ min: 1, max: 5 }),
});

const newEngine = (): Engine => new Engine(pipeline, { lane: 0, partitions: [1, 1, 1, 1], hash: sha256, withholdBefore: null, strict: false, captures: [captured] });

function scanned(engine: Engine, input: number, rows: readonly { readonly key: number; readonly time: number }[], position: number): ScanBatch {
  const columns = [rows.map(({ key }) => key), rows.map(({ time }) => time)].map((values) => ({ storage: 'real' as const, values: Float64Array.from(values), nulls: null }));
  return engine.scan(input, 0, { batch: { length: rows.length, columns }, position, positions: null, watermarks: null }).batch;
}

function rowsOf(engine: Engine, transactions: Drawn['transactions'], positions: number[]): TransactedRows {
  const tables = captured.filter((input) => transactions.some((rows) => rows.some((row) => row.table === input)));
  const all = transactions.flat();
  const batches = tables.map((input) => scanned(engine, input, all.filter((row) => row.table === input), positions[input]!));
  const next = new Map(tables.map((input) => [input, 0]));
  const row = all.map((each) => {
    const at = next.get(each.table)!;
    next.set(each.table, at + 1);
    positions[each.table]! += 1;
    return at;
  });
  let end = 0;
  return {
    batches, part: Int32Array.from(all, (each) => tables.indexOf(each.table)), row: Int32Array.from(row),
    ends: Int32Array.from(transactions, ({ length }) => (end += length)), times: Float64Array.from(transactions, (rows) => Math.max(...rows.map(({ time }) => time))),
  };
}

function run({ transactions, between, read }: Drawn, feed: (engine: Engine, rows: TransactedRows, first: number, end: number) => void): { readonly steps: readonly Pick<StepResult, 'record' | 'late' | 'deadLetters'>[]; readonly counts: Engine['counts'] } {
  const engine = newEngine();
  const positions = [0, 0, 0];
  const steps: StepResult[] = [];
  let others = 0;
  for (let from = 0; from < transactions.length; from += read) {
    const rows = rowsOf(engine, transactions.slice(from, from + read), positions);
    let first = 0;
    rows.ends.forEach((_, index) => {
      const what = between[(from + index) % between.length]!;
      // What is read at once is fed at once, but where something else comes.
      if (what === 'cut' && index + 1 < rows.ends.length) return;
      feed(engine, rows, first, index + 1);
      first = index + 1;
      if (what === 'step') steps.push(engine.close({ end: false }));
      if (what !== 'other') return;
      engine.feed({ batch: scanned(engine, 3, [{ key: 1, time: 600 * (from + index) }], others), from: 0, to: 1 });
      others += 1;
    });
  }
  steps.push(engine.close({ end: true }));
  // The digest is of all rows that came out, however many batches they came in.
  return { steps: steps.map(({ record, late, deadLetters }) => ({ record, late, deadLetters })), counts: engine.counts };
}

test('rows, records and refusals are the same, whatever comes between and wherever steps end', () => {
  let late = 0, refused = 0;
  fc.assert(fc.property(drawn, (of) => {
    const whole = run(of, (engine, rows, first, end) => engine.feedTransactions(rows, first, end));
    const pieces = run(of, (engine, rows, first, end) => { for (const slice of slicesOf(rows, first, end)) engine.feed(slice); });
    assert.deepEqual(whole, pieces);
    late += whole.counts.late;
    refused += whole.counts.behind;
  }), { numRuns: 200 });
  assert.ok(late > 20 && refused > 20, `${late} were late, ${refused} behind`);
});

test('a transaction moves the watermarks of tables that a chunk has no row of', () => {
  // Two rows of one table, read one after another, make two chunks: the second lets the window of another table go.
  const at = (table: number, time: number) => [{ table, time, key: 0 }];
  const of: Drawn = { transactions: [at(1, 0), at(0, 600), at(2, 1200), at(1, 2050)], between: [...Array<'cut'>(3).fill('cut'), 'step'], read: 2 };
  const steps = [
    run(of, (engine, rows, first, end) => engine.feedTransactions(rows, first, end)),
    run(of, (engine, rows, first, end) => { for (const slice of slicesOf(rows, first, end)) engine.feed(slice); }),
    run({ ...of, read: 1 }, (engine, rows, first, end) => engine.feedTransactions(rows, first, end)),
  ].map(({ steps: [first] }) => first!.record.outputRows);
  assert.deepEqual(steps, [[1, 0, 0, 2], [1, 0, 0, 2], [1, 0, 0, 2]]);
});

test('a slice says what it has of each batch, and pieces are runs of one', () => {
  const engine = newEngine();
  const at = (table: number) => ({ table, time: 0, key: 0 });
  const rows = rowsOf(engine, [[at(0), at(0), at(2)], [at(2)], [at(2), at(0)]], [0, 0, 0]);
  const { from, to, parts } = transactedSlice(rows, 1, 3);
  assert.deepEqual([from, to, parts.map(({ batch, from: begin, to: end }) => [batch.input, begin, end])], [3, 6, [[2, 1, 3], [0, 2, 3]]]);
  assert.deepEqual(slicesOf(rows, 0, 3).map(({ batch, from: begin, to: end, transaction }) => [batch.input, begin, end, transaction]), [
    [0, 0, 2, 'open'], [2, 0, 1, 'end'], [2, 1, 2, 'end'], [2, 2, 3, 'open'], [0, 2, 3, 'end'],
  ]);
});

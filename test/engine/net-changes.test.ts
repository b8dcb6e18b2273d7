/** What a database transaction comes to in outputs: one change of each key, and of upserts one row. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { cell } from '../../src/core/batch.js';
import { REMOVE, UPSERT } from '../../src/core/change.js';
import { Engine, type StepResult } from '../../src/engine/engine.js';
import { sourceColumns } from '../../src/runtime/source-columns.js';
import { sha256 } from '../../src/runtime/sha256.js';
import { batchOfRows, type RowValues } from '../../src/sources/row-columns.js';
import { planSql } from '../../src/sql/planner.js';

const pipeline = planSql(`
CREATE TABLE a (id INT, g STRING, v BIGINT, PRIMARY KEY (id) NOT ENFORCED) WITH ('connector' = 'kafka', 'topic' = 'db.a', 'format' = 'debezium-json');
CREATE TABLE rows_now (id INT, g STRING, v BIGINT, PRIMARY KEY (id) NOT ENFORCED) WITH ('connector' = 'print');
CREATE TABLE sums_now (g STRING, v BIGINT, PRIMARY KEY (g) NOT ENFORCED) WITH ('connector' = 'print');
INSERT INTO rows_now SELECT id, g, v FROM a;
INSERT INTO sums_now SELECT g, SUM(v) FROM a GROUP BY g HAVING SUM(v) <> 3;
SELECT g, SUM(v) FROM a GROUP BY g HAVING SUM(v) <> 3;
`);

interface Change {
  readonly id: number;
  readonly g: string;
  readonly v: number;
  readonly isRemoved: boolean;
}

const change: fc.Arbitrary<Change> = fc.record({ id: fc.nat(3), g: fc.constantFrom('x', 'y', 'z'), v: fc.nat(3), isRemoved: fc.boolean() });
/** Few changes are compared with each other, many are named. */
const transactions = fc.array(fc.oneof(fc.array(change, { minLength: 1, maxLength: 6 }), fc.array(change, { minLength: 17, maxLength: 30 })), { minLength: 1, maxLength: 6 });

/** Each transaction is a step. */
function run(drawn: readonly (readonly Change[])[]): readonly StepResult[] {
  const engine = new Engine(pipeline, { lane: 0, partitions: [1], hash: sha256, withholdBefore: null, strict: false, captures: [[0]], releasedBy: true });
  const columns = sourceColumns(pipeline, 0, engine.plan.columns[0]!);
  const rows = drawn.flat().map(({ isRemoved, ...values }) => columns.map(({ name, metadata }) =>
    ({ ...values, $change: isRemoved ? REMOVE : UPSERT, $unchanged: null } as Readonly<Record<string, number | string | null>>)[metadata ?? name]!));
  const { batch } = engine.scan(0, 0, { batch: batchOfRows(columns, rows as unknown as RowValues[]), position: 0, positions: null, watermarks: null });
  let end = 0;
  const transacted = {
    batches: [batch], part: new Int32Array(rows.length), row: Int32Array.from(rows, (_, row) => row),
    ends: Int32Array.from(drawn, ({ length }) => (end += length)), times: new Float64Array(drawn.length),
  };
  return drawn.map((_, index) => {
    engine.feedTransactions(transacted, index, index + 1);
    return engine.close({ end: false });
  });
}

test('law: an upsert tells each key once a transaction, and takes back those alone that are gone', () => {
  fc.assert(fc.property(transactions, (drawn) => {
    const tables = [new Map<string, string>(), new Map<string, string>(), new Map<string, string>()];
    for (const { outputs } of run(drawn)) {
      const told = tables.map(() => new Set<string>());
      for (const { table, batch, releasedBy } of outputs) {
        const isUpsert = pipeline.sinks[table]!.changes === 'upsert';
        let before = -1;
        for (let row = 0; row < batch.length; row += 1) {
          const cells = batch.columns.map((column) => String(cell(column, row)));
          const op = cells.pop()!, key = cells[0]!;
          assert.ok(!told[table]!.has(key) || (!isUpsert && op === '+U'), `${key} is told twice`);
          told[table]!.add(key);
          if (op[0] === '+') tables[table]!.set(key, cells.join());
          else assert.ok(tables[table]!.delete(key));
          // Changes go with the row that made them so, in its order.
          assert.ok(releasedBy!.positions[row]! >= before);
          before = releasedBy!.positions[row]!;
        }
      }
      // A table with a key, and a changelog, come to the same.
      assert.deepEqual([...tables[1]!].sort(), [...tables[2]!].sort());
    }
  }), { numRuns: 500 });
});

test('two changes of one row in a transaction are one upsert', () => {
  const at = (v: number): Change => ({ id: 1, g: 'x', v, isRemoved: false });
  const told = run([[at(5)], [at(6), at(7)]]).map(({ outputs }) => outputs.filter(({ table }) => table === 0).map(({ batch }) => batch.columns.map((column) => cell(column, 0))));
  assert.deepEqual(told, [[[1, 'x', 5, '+I']], [[1, 'x', 7, '+U']]]);
});

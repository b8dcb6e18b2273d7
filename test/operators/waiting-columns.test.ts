/** Columns of rows that wait: whatever form they come in, the rows that are kept are those that came. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Dictionary, cell, type Column } from '../../src/core/batch.js';
import { ByteReader, ByteWriter } from '../../src/core/bytes.js';
import { sqlType, type Int64 } from '../../src/core/types.js';
import { WaitingColumns } from '../../src/operators/waiting-columns.js';

const schema = [{ name: 's', type: sqlType('STRING') }, { name: 'n', type: sqlType('BIGINT') }];
const dictionaries = [new Dictionary(), new Dictionary()];

/** `form`: 0 and 1 for a dictionary, 2 for none. */
function texts(values: readonly (string | null)[], form: number): Column {
  const dictionary = dictionaries[form];
  return dictionary === undefined ? { storage: 'text', values, dictionary: null } : { storage: 'text', values: Int32Array.from(values, (text) => dictionary.intern(text)), dictionary };
}

function numbers(values: readonly (Int64 | null)[]): Column {
  const nulls = values.includes(null) ? Uint8Array.from(values, (value) => (value === null ? 1 : 0)) : null;
  const filled = values.map((value) => value ?? 0);
  const isExact = filled.some((value) => typeof value === 'bigint');
  return { storage: 'int64', values: isExact ? filled : Float64Array.from(filled as number[]), nulls };
}

test('law: rows are kept as they came, whether with dictionaries, NULLs, integers of any size, or from a checkpoint', () => {
  const row = fc.tuple(fc.constantFrom('a', 'b', 'c', null), fc.oneof({ weight: 8, arbitrary: fc.nat(9) }, { weight: 1, arbitrary: fc.constantFrom(null, 2n ** 60n) }));
  const move = fc.oneof(
    { weight: 4, arbitrary: fc.record({ kind: fc.constant('come' as const), rows: fc.array(row, { minLength: 1, maxLength: 6 }), form: fc.nat(2) }) },
    { weight: 3, arbitrary: fc.record({ kind: fc.constant('keep' as const), mask: fc.array(fc.boolean(), { minLength: 40, maxLength: 40 }) }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom('own' as const, 'restore' as const) }) },
  );
  fc.assert(fc.property(fc.array(move, { maxLength: 25 }), (moves) => {
    let columns = new WaitingColumns(schema);
    let expected: (readonly [string | null, Int64 | null])[] = [];
    for (const act of moves) {
      if (act.kind === 'come') {
        // One row too many on each side: what is appended is a part of a batch.
        const rows = [act.rows[0]!, ...act.rows, act.rows[0]!];
        columns.append({ length: rows.length, columns: [texts(rows.map(([text]) => text), act.form), numbers(rows.map(([, number]) => number))] }, 1, rows.length - 1);
        expected.push(...act.rows);
      } else if (act.kind === 'keep') {
        const kept = [...expected.keys()].filter((index) => act.mask[index % 40]);
        // As callers do, with room behind.
        columns.keep(Int32Array.from([...kept, 0]), kept.length);
        columns.shrink(kept.length);
        expected = kept.map((index) => expected[index]!);
      } else {
        columns.own();
        if (act.kind === 'restore') {
          const writer = new ByteWriter();
          columns.snapshot(writer, expected.length);
          columns = new WaitingColumns(schema);
          columns.restore(new ByteReader(writer.toBytes()), expected.length);
        }
      }
      const backwards = Int32Array.from(expected.keys()).reverse();
      const gathered = columns.gather(backwards, backwards.length);
      const found = Array.from(backwards, (_, k) => gathered.map((column) => cell(column, k)));
      assert.deepEqual(found.reverse(), expected.map((cells) => [...cells]));
    }
  }), { numRuns: 400 });
});

test('codes again once the rows of another dictionary have left', () => {
  const columns = new WaitingColumns(schema);
  columns.append({ length: 2, columns: [texts(['a', 'b'], 0), numbers([1, 2n ** 60n])] }, 0, 2);
  columns.append({ length: 2, columns: [texts(['c', null], 1), numbers([3, 4])] }, 0, 2);
  columns.own();
  columns.keep(Int32Array.of(2, 3), 2);
  const [text, number] = columns.gather(Int32Array.of(1, 0), 2);
  assert.equal((text as Column & { storage: 'text' }).dictionary, dictionaries[1]);
  assert.deepEqual([cell(text!, 0), cell(text!, 1)], [null, 'c']);
  assert.deepEqual(number, { storage: 'int64', values: Float64Array.of(4, 3), nulls: null });
});

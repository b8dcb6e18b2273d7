/** Law: what the corrections say, done to the held table, makes the other one; and hashes are equal exactly where the tables are. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import fc from 'fast-check';
import { decimalType, sqlType, timestampType } from '../../src/core/types.js';
import { compareRows, type Comparison, type Correction } from '../../src/reconcile/compare.js';
import { correctionText } from '../../src/reconcile/corrections.js';
import { SortedRows } from '../../src/reconcile/sorted-rows.js';
import type { TableShape } from '../../src/reconcile/table-state.js';
import type { RowValues } from '../../src/sources/row-columns.js';

const shape: TableShape = {
  name: 'positions', key: ['account', 'symbol'],
  columns: [
    { name: 'account', type: sqlType('BIGINT') }, { name: 'symbol', type: sqlType('STRING') }, { name: 'amount', type: decimalType(20, 4) },
    { name: 'price', type: sqlType('DOUBLE') }, { name: 'at', type: timestampType(6) },
  ],
};

const row = fc.tuple(
  fc.integer({ min: 0, max: 5 }), fc.constantFrom('A', 'B', 'A,1', ''), fc.option(fc.integer({ min: -3, max: 3 })), fc.option(fc.constantFrom(NaN, 0, 0.1, Infinity)), fc.option(fc.constantFrom(1, 2 ** 50, 9_007_199_254_740_993n)),
) as fc.Arbitrary<RowValues>;
const keyOf = (values: RowValues): string => `${values[0]!}/${values[1]!}`;
const rows = fc.uniqueArray(row, { selector: keyOf, maxLength: 12 });

async function compared(held: readonly RowValues[], actual: readonly RowValues[]): Promise<Comparison & { readonly all: readonly Correction[] }> {
  const folder = mkdtempSync(join(tmpdir(), 'tapewright-compare-'));
  const sides: SortedRows[] = [];
  try {
    for (const [from, all] of [['held', held], ['actual', actual]] as const) {
      // Some rows at a time, sorted a few at a time.
      async function* read(): AsyncGenerator<readonly RowValues[]> {
        for (let at = 0; at < all.length; at += 5) yield await Promise.resolve(all.slice(at, at + 5));
      }
      sides.push(await SortedRows.of(shape, { from, rows: read }, { folder, signal: null, onRows: () => undefined, pieceRows: 3 }));
    }
    const all: Correction[] = [];
    const result = await compareRows(sides[0]!, sides[1]!, (some) => Promise.resolve(void all.push(...some)), null);
    assert.deepEqual([result.corrections, result.first], [all.length, all.slice(0, 20)]);
    return { ...result, all };
  } finally {
    for (const side of sides) await side.close();
    rmSync(folder, { recursive: true });
  }
}

test('corrections make the held table the other one', async () => {
  await fc.assert(fc.asyncProperty(rows, rows, async (held, actual) => {
    const { all, equal, ...found } = await compared(held, actual);
    const corrected = new Map(held.map((each) => [keyOf(each), each]));
    for (const { kind, held: before, actual: after, columns } of all) {
      assert.equal(columns.length > 0, kind === 'different');
      if (after === null) corrected.delete(keyOf(before!));
      else corrected.set(keyOf(after), after);
    }
    const again = await compared([...corrected.values()].reverse(), actual);
    assert.equal(again.equal, true);
    assert.equal(again.held.hash, found.actual.hash);
    assert.equal(equal, all.length === 0);
    assert.equal(found.held.hash === found.actual.hash, equal, 'the hash tells what the comparison by key tells');
  }), { numRuns: 60 });
});

test('a correction says by key which columns differ', async () => {
  const held = [[1, 'A', 10_000, 0.5, null], [2, 'B', 0, NaN, null]] as unknown as RowValues[];
  const actual = [[2, 'B', 0, NaN, null], [1, 'A', 12_500, 0.5, 7n], [3, 'C', null, null, null]] as unknown as RowValues[];
  const { all } = await compared(held, actual);
  assert.deepEqual(all.map((correction) => correctionText(shape, correction)), ['different account=1, symbol="A": amount "1.0000" → "1.2500", at null → 7', 'missing   account=3, symbol="C"']);
});

test('two rows of one key cannot be told from each other', async () => {
  const twice = [[1, 'A', 1, null, null], [1, 'A', 2, null, null]] as unknown as RowValues[];
  await assert.rejects(compared(twice, []), /two rows of held have the same account, symbol/);
});

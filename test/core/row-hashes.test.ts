import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { rowHashCode } from '../../src/core/row-hash-code.js';
import { addOneByOne, addRowHashes } from '../../src/core/row-hashes.js';

/** Law: the code gives what one hash after the other gives, wherever rows lie and whatever lies around them. */
test('the sum of the hashes of rows is the same by either way', () => {
  fc.assert(fc.property(fc.array(fc.uint8Array({ maxLength: 70 }), { maxLength: 40 }), fc.nat(40), fc.uint8Array({ maxLength: 20 }), (rows, start, behind) => {
    const bytes = new Uint8Array(Buffer.concat([new Uint8Array(start).fill(0xee), ...rows, behind]));
    let end = start;
    const ends = Int32Array.from(rows, (row) => (end += row.length));
    const view = new DataView(bytes.buffer);
    const sums = [Float64Array.of(1, 2, 3, 4), Float64Array.of(1, 2, 3, 4)] as const;
    addRowHashes(view, start, ends, rows.length, sums[0]);
    addOneByOne(view, start, ends, rows.length, sums[1]);
    // Neither is carried: the words are brought below 2^32 from the last on.
    const total = (sum: Float64Array): bigint => BigInt.asUintN(128, sum.reduce((high, word) => (high << 32n) + BigInt(word), 0n));
    assert.equal(total(sums[0]), total(sums[1]));
  }), { numRuns: 500 });
});

test('many rows, and one of many bytes, are added up as well', () => {
  const bytes = new Uint8Array(9 * 2 ** 20).map((_, at) => at * 31);
  const view = new DataView(bytes.buffer);
  for (const [count, length] of [[1024, 200], [1, 2 ** 20 + 3], [2, 4 * 2 ** 20 + 5], [1024, 0]] as const) {
    const ends = Int32Array.from({ length: count }, (_, row) => 5 + (row + 1) * length);
    const sums = [new Float64Array(4), new Float64Array(4)] as const;
    addRowHashes(view, 5, ends, count, sums[0]);
    addOneByOne(view, 5, ends, count, sums[1]);
    const total = (sum: Float64Array): bigint => BigInt.asUintN(128, sum.reduce((high, word) => (high << 32n) + BigInt(word), 0n));
    assert.equal(total(sums[0]), total(sums[1]), `${count} rows of ${length} bytes`);
  }
});

test('the code is small, and a module', () => {
  const code = rowHashCode();
  assert.equal(Buffer.from(code.subarray(0, 8)).toString('hex'), '0061736d01000000');
  assert.ok(code.length < 1024);
});

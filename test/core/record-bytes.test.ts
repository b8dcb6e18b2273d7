/** Laws: bytes are copied and compared as one by one, wherever they lie in their buffers. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { areSameBytes, copyBytes } from '../../src/core/record-bytes.js';

const lengths = fc.oneof(fc.nat(12), fc.nat(70), fc.integer({ min: 250, max: 600 }));
const places = fc.record({ length: lengths, from: fc.nat(9), at: fc.nat(9), offset: fc.nat(5), seed: fc.nat(255) });

/** `count` bytes, none of them zero, in a buffer with others before them. */
function bytesIn(count: number, offset: number, seed: number): Uint8Array {
  const all = new Uint8Array(offset + count + 3);
  for (let byte = 0; byte < all.length; byte += 1) all[byte] = 1 + ((seed + 37 * byte) % 255);
  return all.subarray(offset, offset + count);
}

const viewOf = ({ buffer, byteOffset, length }: Uint8Array): DataView => new DataView(buffer, byteOffset, length);

test('bytes that are copied are those of the source, and nothing beside them changes', () => {
  fc.assert(fc.property(places, ({ length, from, at, offset, seed }) => {
    const source = bytesIn(from + length + 2, offset, seed), target = new Uint8Array(offset + at + length + 4);
    const expected = target.slice();
    expected.set(source.subarray(from, from + length), offset + at);
    assert.equal(copyBytes(viewOf(source), from, from + length, viewOf(target.subarray(offset)), at), at + length);
    assert.deepEqual(target, expected);
  }), { numRuns: 500 });
});

test('bytes are the same where each of them is', () => {
  fc.assert(fc.property(places, fc.nat(), ({ length, from, at, offset, seed }, other) => {
    const source = bytesIn(from + length + 2, offset, seed), target = bytesIn(at + length, 5 - offset, seed);
    target.set(source.subarray(from, from + length), at);
    const areSame = (): boolean => areSameBytes(viewOf(source), from, from + length, viewOf(target), at);
    assert.ok(areSame());
    if (length === 0) return;
    target[at + other % length]! ^= 1 << (other & 7);
    assert.ok(!areSame());
  }), { numRuns: 500 });
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { murmur2, partitionOf } from '../../src/core/murmur2.js';
import { murmur3 } from '../../src/core/murmur3.js';

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

function murmur3Hex(bytes: Uint8Array, before = 0): string {
  const padded = new Uint8Array(before + bytes.length + 3).fill(0xa5);
  padded.set(bytes, before);
  const out = new Int32Array(4);
  murmur3(new DataView(padded.buffer), before, before + bytes.length, out);
  return Array.from(out, (word) => (word >>> 0).toString(16).padStart(8, '0')).join('');
}

/** The same hash in 64-bit integers, word by word as its definition has it. */
function murmur3Plain(bytes: Uint8Array): string {
  const c1 = 0x87c37b91114253d5n;
  const c2 = 0x4cf5ad432745937fn;
  const u64 = (x: bigint): bigint => BigInt.asUintN(64, x);
  const rotate = (x: bigint, by: bigint): bigint => u64((x << by) | (x >> (64n - by)));
  const word = (from: number, to: number): bigint => {
    let value = 0n;
    for (let i = Math.min(to, bytes.length) - 1; i >= from; i--) value = (value << 8n) | BigInt(bytes[i]!);
    return value;
  };
  const first = (k: bigint): bigint => u64(rotate(u64(k * c1), 31n) * c2);
  const second = (k: bigint): bigint => u64(rotate(u64(k * c2), 33n) * c1);
  const mix = (x: bigint): bigint => {
    let k = u64((x ^ (x >> 33n)) * 0xff51afd7ed558ccdn);
    k = u64((k ^ (k >> 33n)) * 0xc4ceb9fe1a85ec53n);
    return k ^ (k >> 33n);
  };
  let h1 = 0n;
  let h2 = 0n;
  let at = 0;
  for (; at + 16 <= bytes.length; at += 16) {
    h1 = u64((rotate(h1 ^ first(word(at, at + 8)), 27n) + h2) * 5n + 0x52dce729n);
    h2 = u64((rotate(h2 ^ second(word(at + 8, at + 16)), 31n) + h1) * 5n + 0x38495ab5n);
  }
  h2 ^= second(word(at + 8, at + 16));
  h1 ^= first(word(at, at + 8));
  h1 ^= BigInt(bytes.length);
  h2 ^= BigInt(bytes.length);
  h1 = u64(h1 + h2);
  h2 = u64(h2 + h1);
  h1 = mix(h1);
  h2 = mix(h2);
  h1 = u64(h1 + h2);
  h2 = u64(h2 + h1);
  return h1.toString(16).padStart(16, '0') + h2.toString(16).padStart(16, '0');
}

test('law: MurmurHash3 x64-128 equals its definition in 64-bit integers', () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 100 }), fc.nat(7), (bytes, before) => {
    assert.equal(murmur3Hex(bytes, before), murmur3Plain(bytes));
  }));
});

test('MurmurHash3 x64-128: published values', () => {
  const published: Record<string, string> = {
    '': '00000000000000000000000000000000',
    'hello': 'cbd8a7b341bd9b025b1e906a48ae1d19',
    'hello, world': '342fac623a5ebc8e4cdcbc079642414d',
    '19 Jan 2038 at 3:14:07 AM': 'b89e5988b737affc664fc2950231b2cb',
    'The quick brown fox jumps over the lazy dog.': 'cd99481f9ee902c9695da1a38987b6e7',
  };
  for (const [text, hash] of Object.entries(published)) assert.equal(murmur3Hex(utf8(text)), hash);
});

test("murmur2: the values of Kafka's own tests and of its clients", () => {
  const published: Record<string, number> = {
    '21': -973932308,
    'foobar': -790332482,
    'a-little-bit-long-string': -985981536,
    'a-little-bit-longer-string': -1486304829,
    'lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8': -58897971,
    'abc': 479470107,
    '': 275646681,
    '1': -1993445489,
    '12': 126087238,
    '123': -267702483,
    '1234': -1614185708,
    '12345': -1188365604,
  };
  for (const [text, hash] of Object.entries(published)) assert.equal(murmur2(utf8(text)), hash, text);
});

test('a partition is the positive part of the hash, modulo', () => {
  assert.equal(partitionOf(utf8('21'), 16), (-973932308 & 0x7fffffff) % 16);
  assert.equal(partitionOf(utf8('abc'), 1), 0);
  fc.assert(fc.property(fc.uint8Array(), fc.integer({ min: 1, max: 500 }), (key, partitions) => {
    const partition = partitionOf(key, partitions);
    assert.ok(Number.isInteger(partition) && partition >= 0 && partition < partitions);
  }));
});

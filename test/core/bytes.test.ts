import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ByteReader, ByteWriter, bytesOfHex, decodeUtf8, encodeUtf8, hexOf, utf8Length } from '../../src/core/bytes.js';
import { TapewrightError } from '../../src/core/errors.js';
import { toInt64 } from '../../src/core/int64.js';

const text = fc.oneof(fc.string(), fc.string({ unit: 'binary' }), fc.array(fc.integer({ min: 0, max: 0xffff })).map((units) => String.fromCharCode(...units)));

test('law: UTF-8 as the platform has it, lone surrogates and broken bytes included', () => {
  fc.assert(fc.property(text, (value) => {
    const expected = new TextEncoder().encode(value);
    const bytes = new Uint8Array(utf8Length(value));
    assert.equal(encodeUtf8(value, bytes, 0), bytes.length);
    assert.deepEqual(bytes, expected);
    assert.equal(decodeUtf8(bytes, 0, bytes.length), new TextDecoder('utf-8', { ignoreBOM: true }).decode(expected));
  }), { numRuns: 500 });
  const broken = fc.oneof(fc.uint8Array(), fc.array(fc.constantFrom(0x41, 0x80, 0xbf, 0xc0, 0xc2, 0xe0, 0xa0, 0xed, 0x9f, 0xf0, 0x90, 0xf4, 0x8f, 0xf5, 0xff)).map((b) => Uint8Array.from(b)));
  fc.assert(fc.property(broken, (bytes) => {
    assert.equal(decodeUtf8(bytes, 0, bytes.length), new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes));
  }), { numRuns: 500 });
  const long = '€'.repeat(10_001);
  assert.equal(decodeUtf8(new TextEncoder().encode(long), 0, 30_003), long);
});

/** What can be written, with how it is written and read back. */
const value = fc.oneof(
  fc.integer({ min: 0, max: 255 }).map((v) => ({ v, write: (w: ByteWriter) => w.u8(v), read: (r: ByteReader): unknown => r.u8() })),
  fc.nat(0xffff_ffff).map((v) => ({ v, write: (w: ByteWriter) => w.u32(v), read: (r: ByteReader): unknown => r.u32() })),
  fc.nat(0xffff_ffff).map((v) => ({ v, write: (w: ByteWriter) => w.u32BE(v), read: (r: ByteReader): unknown => r.u32BE() })),
  fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map((v) => ({ v, write: (w: ByteWriter) => w.u64(v), read: (r: ByteReader): unknown => r.u64() })),
  fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map((v) => ({ v, write: (w: ByteWriter) => w.u64BE(v), read: (r: ByteReader): unknown => r.u64BE() })),
  fc.double().map((v) => ({ v, write: (w: ByteWriter) => w.f64(v), read: (r: ByteReader): unknown => r.f64() })),
  fc.double().map((v) => ({ v, write: (w: ByteWriter) => w.f64BE(v), read: (r: ByteReader): unknown => r.f64BE() })),
  fc.maxSafeNat().map((v) => ({ v, write: (w: ByteWriter) => w.varint(v), read: (r: ByteReader): unknown => r.varint() })),
  fc.bigInt().map((v) => ({ v, write: (w: ByteWriter) => w.bigint(v), read: (r: ByteReader): unknown => r.bigint() })),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n }).map(toInt64).map((v) => ({ v, write: (w: ByteWriter) => w.int64(v), read: (r: ByteReader): unknown => r.int64() })),
  fc.string({ unit: 'grapheme' }).map((v) => ({ v, write: (w: ByteWriter) => w.string(v), read: (r: ByteReader): unknown => r.string() })),
  fc.uint8Array().map((v) => ({ v, write: (w: ByteWriter) => w.bytes(v), read: (r: ByteReader): unknown => r.bytes() })),
  fc.float64Array().map((v) => ({ v, write: (w: ByteWriter) => w.float64Array(v), read: (r: ByteReader): unknown => r.float64Array() })),
  fc.int32Array().map((v) => ({ v, write: (w: ByteWriter) => w.int32Array(v), read: (r: ByteReader): unknown => r.int32Array() })),
);

test('law: what is written is read back, and a cut anywhere is found', () => {
  fc.assert(fc.property(fc.array(value, { minLength: 1, maxLength: 20 }), fc.nat(), (values, cut) => {
    const writer = new ByteWriter(1);
    for (const { write } of values) write(writer);
    const bytes = writer.toBytes();
    const reader = new ByteReader(bytes);
    for (const { v, read } of values) assert.deepEqual(read(reader), v);
    assert.equal(reader.remaining, 0);
    const short = new ByteReader(bytes.subarray(0, cut % bytes.length));
    assert.throws(() => values.forEach(({ read }) => read(short)),
      (error) => error instanceof TapewrightError && error.code === 'CHECKPOINT_MISMATCH');
  }));
});

test('hexadecimal there and back', () => {
  assert.equal(hexOf(Uint8Array.of(0, 15, 255)), '000fff');
  assert.deepEqual(bytesOfHex('000fff'), Uint8Array.of(0, 15, 255));
});

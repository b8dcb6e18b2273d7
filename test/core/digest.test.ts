import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { Dictionary, batchOf, type Batch, type Column } from '../../src/core/batch.js';
import { BlockChain } from '../../src/core/block-chain.js';
import { ByteReader, ByteWriter, hexOf } from '../../src/core/bytes.js';
import { OutputDigest, combineLanes, combineSets, encodeRows } from '../../src/core/digest.js';
import { TapewrightError } from '../../src/core/errors.js';
import { toBig, toInt64 } from '../../src/core/int64.js';
import { StepDigest } from '../../src/core/step-digest.js';
import { decimalType, sqlType, timestampType, type Int64, type Schema } from '../../src/core/types.js';

const sha256 = (...chunks: Uint8Array[]): Uint8Array => {
  const hash = createHash('sha256');
  for (const chunk of chunks) hash.update(chunk);
  return hash.digest();
};

const schema: Schema = [
  { name: 'at', type: timestampType(3) },
  { name: 'symbol', type: sqlType('STRING') },
  { name: 'price', type: sqlType('DOUBLE') },
  { name: 'volume', type: sqlType('BIGINT') },
  { name: 'fee', type: decimalType(30, 4) },
  { name: 'note', type: sqlType('STRING') },
  { name: 'raw', type: sqlType('BYTES') },
];

type Row = [number | null, string | null, number | null, Int64 | null, Int64 | null, string | null, string | null];

const row: fc.Arbitrary<Row> = fc.tuple(
  fc.option(fc.integer()),
  fc.option(fc.constantFrom('AAPL', 'MSFT', 'Ünï', '')),
  fc.option(fc.double()),
  fc.option(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(toInt64)),
  fc.option(fc.oneof(fc.maxSafeInteger().map((v) => v + 0), fc.bigInt({ min: -(10n ** 30n), max: 10n ** 30n }).map(toInt64))),
  fc.option(fc.string({ unit: 'binary' })),
  fc.option(fc.uint8Array({ maxLength: 40 }).map((bytes) => String.fromCharCode(...bytes))),
);

const nullsOf = (values: readonly unknown[]): Uint8Array | null =>
  values.includes(null) ? Uint8Array.from(values, (value) => (value === null ? 1 : 0)) : null;

function batchFrom(rows: readonly Row[], symbols: Dictionary): Batch {
  const column = <I extends number>(i: I): Row[I][] => rows.map((cells) => cells[i]);
  const real = (values: (number | null)[]): Column => ({ storage: 'real', values: Float64Array.from(values, (v) => v ?? 0), nulls: nullsOf(values) });
  // As a source does it: numbers while all values are safe integers.
  const integers = (values: (Int64 | null)[]): Column => ({
    storage: 'int64',
    values: values.every((v) => typeof v !== 'bigint') ? Float64Array.from(values, (v) => Number(v ?? 0)) : values.map((v) => v ?? 0),
    nulls: nullsOf(values),
  });
  return batchOf(rows.length, [
    real(column(0)),
    { storage: 'text', values: Int32Array.from(column(1), (text) => symbols.intern(text)), dictionary: symbols },
    real(column(2)),
    integers(column(3)),
    integers(column(4)),
    { storage: 'text', values: column(5), dictionary: null },
    { storage: 'text', values: column(6), dictionary: null },
  ]);
}

/** The bytes of a row as docs/digest.md has them, written one after another. */
function plainRow([at, symbol, price, volume, fee, note, raw]: Row): Buffer {
  const parts: Buffer[] = [Buffer.from([0])];
  const cell = (value: unknown, bytes: () => Buffer[]): void => {
    parts.push(Buffer.from([value === null ? 0 : 1]));
    if (value !== null) parts.push(...bytes());
  };
  const integer = (value: Int64, width: number): Buffer =>
    Buffer.from(BigInt.asUintN(width * 8, toBig(value)).toString(16).padStart(width * 2, '0'), 'hex');
  const double = (value: number): Buffer => {
    const bytes = Buffer.alloc(8);
    bytes.writeDoubleBE(value);
    return Number.isNaN(value) ? Buffer.from('7ff8000000000000', 'hex') : bytes;
  };
  const sized = (bytes: Buffer): Buffer[] => [integer(bytes.length, 4), bytes];
  cell(at, () => [integer(at!, 8)]);
  cell(symbol, () => sized(Buffer.from(symbol!)));
  cell(price, () => [double(price!)]);
  cell(volume, () => [integer(volume!, 8)]);
  cell(fee, () => [Buffer.from([4]), integer(fee!, 16)]);
  cell(note, () => sized(Buffer.from(note!)));
  cell(raw, () => sized(Buffer.from(raw!, 'latin1')));
  return Buffer.concat(parts);
}

test('law: rows are written as the format says', () => {
  fc.assert(fc.property(fc.array(row, { maxLength: 30 }), (rows) => {
    const writer = new ByteWriter(1);
    encodeRows(writer, batchFrom(rows, new Dictionary()), 0, rows.length, schema);
    assert.equal(hexOf(writer.written()), Buffer.concat(rows.map(plainRow)).toString('hex'));
  }), { numRuns: 300 });
});

/** Some thousand rows from a few drawn ones, so that blocks fill. */
const manyRows = fc.tuple(fc.array(row, { minLength: 1, maxLength: 12 }), fc.integer({ min: 0, max: 2600 }))
  .map(([rows, count]) => Array.from({ length: count }, (_, i) => rows[(i * i) % rows.length]!));

function digestOf(rows: readonly Row[], cuts: readonly number[], step: BlockChain | null = null): OutputDigest {
  const digest = new OutputDigest('trades', schema, sha256);
  let symbols = new Dictionary();
  const bounds = [0, ...cuts.map((cut) => cut % (rows.length + 1)).sort((a, b) => a - b), rows.length];
  for (let i = 1; i < bounds.length; i++) {
    if (i % 3 === 0) symbols = new Dictionary(); // codes mean something else from here on
    digest.append(batchFrom(rows.slice(bounds[i - 1], bounds[i]), symbols), step);
  }
  return digest;
}

test('law: digests do not depend on how rows were cut into batches', () => {
  fc.assert(fc.property(manyRows, fc.array(fc.nat(3000), { maxLength: 6 }), (rows, cuts) => {
    const whole = digestOf(rows, []);
    const steps = [new StepDigest(1, sha256), new StepDigest(1, sha256)];
    const other = digestOf(rows, cuts, steps[0]!.outputs[0]!);
    digestOf(rows, [], steps[1]!.outputs[0]!);
    assert.equal(other.digest(), whole.digest());
    assert.equal(other.setDigest(), whole.setDigest());
    assert.equal(other.rows, rows.length);
    assert.equal(steps[0]!.close(null, [], [], [[5]]), steps[1]!.close(null, [], [], [[5]]));
  }), { numRuns: 30 });
});

test('law: a digest restored in the middle of a block goes on as if nothing had happened', () => {
  fc.assert(fc.property(manyRows, fc.nat(), (rows, cut) => {
    const at = cut % (rows.length + 1);
    const writer = new ByteWriter();
    digestOf(rows.slice(0, at), []).snapshot(writer);
    const second = OutputDigest.restore(new ByteReader(writer.toBytes()), 'trades', schema, sha256);
    second.append(batchFrom(rows.slice(at), new Dictionary()));
    const whole = digestOf(rows, []);
    assert.equal(second.digest(), whole.digest());
    assert.equal(second.setDigest(), whole.setDigest());
    assert.equal(second.rows, rows.length);
  }), { numRuns: 30 });
});

test('law: the set digest knows no order and no lanes; the digest does', () => {
  const rows: Row[] = Array.from({ length: 2500 }, (_, i) => [i, `S${i % 7}`, i / 3, i, null, null, null]);
  const turned = [...rows].reverse();
  assert.equal(digestOf(rows, []).setDigest(), digestOf(turned, []).setDigest());
  assert.notEqual(digestOf(rows, []).digest(), digestOf(turned, []).digest());
  const lanes = [0, 1, 2].map((lane) => digestOf(rows.filter((_, i) => i % 3 === lane), []));
  assert.equal(combineSets(lanes.map((lane) => lane.setDigest())), digestOf(rows, []).setDigest());
  const combined = combineLanes(lanes.map((lane) => lane.digest()), sha256);
  assert.equal(combined, hexOf(sha256(...lanes.map((lane) => Buffer.from(lane.digest(), 'hex')))));
  assert.equal(combineLanes([lanes[0]!.digest()], sha256), lanes[0]!.digest());
});

test('a row of a changelog begins with its kind', () => {
  const kinds = (...given: number[]): string => {
    const digest = new OutputDigest('trades', schema, sha256);
    const { length, columns } = batchFrom(given.map((): Row => [0, 'A', 1, 0, 0, '', '']), new Dictionary());
    const values = Int32Array.from(given, (kind) => kind + 1);
    digest.append(batchOf(length, [...columns, { storage: 'text', values, dictionary: new Dictionary() }]), null, values);
    return digest.setDigest();
  };
  assert.equal(kinds(0, 3), kinds(3, 0));
  assert.equal(new Set([kinds(0), kinds(1), kinds(2), kinds(3)]).size, 4);
  assert.equal(kinds(0), digestOf([[0, 'A', 1, 0, 0, '', '']], []).setDigest());
});

test('a snapshot for another schema is refused', () => {
  const writer = new ByteWriter();
  digestOf([], []).snapshot(writer);
  const other: Schema = [...schema.slice(1), { name: 'at', type: timestampType(6) }];
  assert.throws(() => OutputDigest.restore(new ByteReader(writer.toBytes()), 'trades', other, sha256),
    (error) => error instanceof TapewrightError && error.code === 'CHECKPOINT_MISMATCH');
});

test('what a digest tells apart, and what not', () => {
  const price = (x: number | null): string => digestOf([[0, '', x, 0, 0, '', '']], []).digest();
  assert.notEqual(price(0), price(-0));
  assert.notEqual(price(0), price(null));
  const otherNan = new Float64Array(1);
  new BigUint64Array(otherNan.buffer)[0] = 0xfff8_0000_0000_0001n;
  assert.equal(price(NaN), price(otherNan[0]!));
});

test('the worked example of docs/digest.md', () => {
  const table: Schema = [{ name: 'symbol', type: sqlType('STRING') }, { name: 'vwap', type: sqlType('DOUBLE') }, { name: 'n', type: sqlType('BIGINT', false) }];
  const batch = batchOf(2, [
    { storage: 'text', values: ['AAPL', null], dictionary: null },
    { storage: 'real', values: Float64Array.of(101.25, 0), nulls: Uint8Array.of(0, 1) },
    { storage: 'int64', values: Float64Array.of(3, -1), nulls: null },
  ]);
  const writer = new ByteWriter();
  encodeRows(writer, batch, 0, 2, table);
  assert.equal(hexOf(writer.written()), '0001000000044141504c01405950000000000001000000000000000300000001ffffffffffffffff');
  const digest = new OutputDigest('bars', table, sha256);
  const steps = new StepDigest(1, sha256);
  assert.equal(digest.digest(), '23e510f679572e4cf3c7b32194074479ff26a68eca0c63881a1e9c800b122d14');
  digest.append(batch, steps.outputs[0]!);
  assert.equal(digest.digest(), '761018d005cbf65be34636214e7bbb1f6ebdfa5f620137bea3525b8a6b8a858d');
  assert.equal(digest.setDigest(), '78813c2e82d5435e2741ceae3b23292f');
  const first = steps.close(null, [], [], [[1_700_000_000_000, null], ['end']]);
  assert.equal(first, '9a95f61a6daf96cc278a6823a3861b822e35aa44c02285b4ca7b6f0b66f172b7');
  assert.equal(steps.close(first, [], [], []), '589b454435dc8ba59a0cebb978b2eafbab368f00a23823ba300220a150ee96c0');
});

test('every field of late rows and dead letters counts in a step', () => {
  const late = {
    input: 't', partition: 0, position: 7, eventTime: 5, watermark: 9, lane: 0, step: 3, statement: 0,
    operator: 'tumble', windowStart: 0, windowEnd: null, reason: 'fired', row: '{}',
  };
  const letter = {
    input: 't', partition: 0, position: 8, eventTime: null, lane: 0, step: 3, statement: 1,
    operator: 'project', expression: '1 / x', error: 'division by zero', key: null, value: '\xff',
  };
  const changes = [
    { late }, { late: { ...late, position: 8 } }, { late: { ...late, windowStart: null } }, { late: { ...late, reason: 'x' } },
    { letter }, { letter: { ...letter, error: 'x' } }, { letter: { ...letter, key: '' } }, { late, letter }, {},
  ];
  const digests = changes.map((change) =>
    new StepDigest(0, sha256).close(null, 'late' in change ? [change.late!] : [], 'letter' in change ? [change.letter!] : [], []));
  assert.equal(new Set(digests).size, changes.length);
});

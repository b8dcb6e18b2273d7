/** Record batches: what we write others read, what others write we read, and nothing aborted is seen. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { crc32c } from '@platformatic/wasm-utils';
import { createRecordsBatch, Reader, readRecordsBatches } from '@platformatic/kafka';
import { encodeBatch } from '../../src/live/batch-writer.js';
import type { LogMessage } from '../../src/live/log.js';
import { at, committedRecords, flags } from '../../src/live/record-batches.js';

const bytes = fc.option(fc.uint8Array({ maxLength: 300 }).map((value) => Buffer.from(value)));
const message: fc.Arbitrary<LogMessage> = fc.record({
  topic: fc.constant('t'), partition: fc.constant(0), key: bytes, value: bytes,
  headers: fc.dictionary(fc.string({ unit: 'binary', maxLength: 20 }), fc.string({ unit: 'binary', maxLength: 20 }), { maxKeys: 3 }),
});
const head = { producer: 7n, epoch: 3, sequence: 11, timestamp: 1_700_000_000_000 };

test('a batch that we write is read by others as it was meant', () => {
  fc.assert(fc.property(fc.array(message, { minLength: 1, maxLength: 200 }), (messages) => {
    const [batch] = readRecordsBatches(Reader.from(encodeBatch(messages, head)));
    assert.deepEqual([batch!.producerId, batch!.producerEpoch, batch!.firstSequence, batch!.attributes & flags.transactional], [7n, 3, 11, flags.transactional]);
    assert.deepEqual(batch!.records.map(({ key, value, headers }) => ({ key, value, headers: headers.map(([name, text]) => [name!.toString(), text!.toString()]) })),
      messages.map(({ key, value, headers }) => ({ key, value, headers: Object.entries(headers!).map(([name, text]) => [Buffer.from(name).toString(), Buffer.from(text).toString()]) })));
  }));
});

test('a batch that others write is read as it was meant, in every compression', () => {
  fc.assert(fc.property(fc.array(message, { minLength: 1, maxLength: 100 }), fc.constantFrom('none', 'gzip', 'snappy', 'lz4'), fc.nat(1_000_000), (messages, compression, base) => {
    const times = messages.map((_, index) => head.timestamp + ((index * 7919) % 100_003) - 50_000);
    const written = createRecordsBatch(messages.map((each, index) => ({ ...each, headers: undefined, timestamp: BigInt(times[index]!) })) as unknown as Parameters<typeof createRecordsBatch>[0], { compression }).buffer;
    written.writeBigInt64BE(BigInt(base), 0);
    const { records, next } = committedRecords(written, 0, []);
    assert.equal(next, base + messages.length);
    assert.deepEqual(records.map(({ offset, key, value, timestamp }) => ({ offset, key, value, timestamp })), messages.map(({ key, value }, index) => ({ offset: base + index, key, value, timestamp: times[index] })));
  }));
});

test('messages keep timestamps of their own', () => {
  fc.assert(fc.property(fc.array(fc.tuple(message, fc.option(fc.nat(2 ** 45), { nil: undefined })), { minLength: 1, maxLength: 50 }), (given) => {
    const batch = encodeBatch(given.map(([each, timestamp]) => ({ ...each, ...(timestamp === undefined ? {} : { timestamp }) })), head);
    const times = given.map(([, timestamp]) => timestamp ?? head.timestamp);
    assert.deepEqual(committedRecords(batch, 0, []).records.map(({ timestamp }) => timestamp), times);
    assert.equal(Number(batch.readBigInt64BE(at.maxTimestamp)), Math.max(...times));
    assert.equal(readRecordsBatches(Reader.from(batch))[0]!.records.length, given.length);
  }));
});

test('headers come back as they were written', () => {
  fc.assert(fc.property(fc.array(message, { minLength: 1, maxLength: 50 }), (messages) => {
    const { records } = committedRecords(encodeBatch(messages, head), 0, []);
    assert.deepEqual(records.map(({ headers }) => headers), messages.map(({ headers }) => Object.entries(headers!).map(([name, text]) => ({ name: Buffer.from(name).toString(), value: Buffer.from(text) }))));
  }));
});

/** What a log holds: batches of producers, each transaction's end after it. */
interface Written {
  readonly producer: number;
  readonly count: number;
  readonly fate: 'plain' | 'committed' | 'aborted';
}

function control(producer: bigint, commit: boolean): Buffer {
  const batch = encodeBatch([{ topic: 't', partition: 0, key: Buffer.from([0, 0, 0, commit ? 1 : 0]), value: Buffer.alloc(6) }], { ...head, producer });
  // Written uncompressed, as brokers do.
  const plain = Buffer.concat([batch.subarray(0, at.records), Buffer.from([2 * 16, 0, 0, 0, 8, 0, 0, 0, commit ? 1 : 0, 12, 0, 0, 0, 0, 0, 0, 0])]);
  plain.writeInt32BE(plain.length - at.leaderEpoch, at.length);
  plain.writeInt16BE(flags.transactional | flags.control, at.attributes);
  return plain;
}

test('from any offset on, exactly the committed records are seen, and positions move over the rest', () => {
  const history = fc.array(fc.record({ producer: fc.nat(2), count: fc.integer({ min: 1, max: 4 }), fate: fc.constantFrom<Written['fate']>('plain', 'committed', 'aborted') }), { minLength: 1, maxLength: 12 });
  fc.assert(fc.property(history, fc.nat(60), (written, chosen) => {
    const batches: Buffer[] = [], expected: number[] = [], aborted: { producer: bigint; first: number; end: number }[] = [];
    let end = 0;
    const append = (batch: Buffer, count: number): void => {
      batch.writeBigInt64BE(BigInt(end), 0);
      batches.push(batch);
      end += count;
    };
    for (const { producer, count, fate } of written) {
      const first = end;
      const batch = encodeBatch(Array.from({ length: count }, (_, index) => ({ topic: 't', partition: 0, key: null, value: Buffer.from(String(first + index)) })), { ...head, producer: BigInt(producer) });
      if (fate === 'plain') batch.writeInt16BE(batch.readInt16BE(at.attributes) & ~flags.transactional, at.attributes);
      append(batch, count);
      if (fate !== 'aborted') for (let offset = first; offset < first + count; offset += 1) expected.push(offset);
      if (fate === 'plain') continue;
      append(control(BigInt(producer), fate === 'committed'), 1);
      if (fate === 'aborted') aborted.push({ producer: BigInt(producer), first, end });
    }
    const from = chosen % (end + 1);
    // A broker answers from the batch that holds the offset on, with the aborts that end after it.
    while (batches.length > 0 && Number(batches[0]!.readBigInt64BE(0)) + batches[0]!.readInt32BE(at.lastDelta) < from) batches.shift();
    for (const batch of batches) batch.writeUInt32BE(crc32c(batch.subarray(at.attributes)), at.crc);
    const { records, next } = committedRecords(Buffer.concat([...batches, Buffer.from('cut short')]), from, aborted.filter((each) => each.end > from).reverse());
    assert.deepEqual(records.map(({ offset }) => offset), expected.filter((offset) => offset >= from));
    assert.equal(next, end);
  }), { numRuns: 500 });
});

test('a batch that was damaged is not taken for data', () => {
  const batch = encodeBatch([{ topic: 't', partition: 0, key: null, value: Buffer.from('price') }], head);
  batch[batch.length - 1]! ^= 1;
  assert.throws(() => committedRecords(batch, 0, []), /checksum/);
});

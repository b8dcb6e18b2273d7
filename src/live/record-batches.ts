/** Kafka's record batches (magic 2) as brokers keep them: what a reader of committed records may see of them. */
import { gunzipSync } from 'node:zlib';
import { crc32c, lz4Decompress, snappyDecompress } from '@platformatic/wasm-utils';
import { decompress as zstdDecompress } from 'fzstd';
import { TapewrightError } from '../core/errors.js';
import { RecordCursor } from './record-cursor.js';
import { StoredRecord } from './stored-record.js';

/** Where a batch's fields stand. */
export const at = { length: 8, leaderEpoch: 12, magic: 16, crc: 17, attributes: 21, lastDelta: 23, firstTimestamp: 27, maxTimestamp: 35, producer: 43, epoch: 51, sequence: 53, count: 57, records: 61 } as const;

/** Of `attributes`. */
export const flags = { compression: 0b111, appendTime: 0b1000, transactional: 0b1_0000, control: 0b10_0000 } as const;

/** As a fetch answers it: a transaction that ended by an abort, at or after what was asked for. */
export interface AbortedTransaction {
  readonly producer: bigint;
  readonly first: number;
}

export interface CommittedRecords {
  readonly records: StoredRecord[];
  /** The offset after the last whole batch, ends of transactions and aborted records included. */
  readonly next: number;
}

/**
 * Records from `from` on; neither those of aborted transactions nor the ends of transactions. A batch that was cut short
 * at the end is left for the next fetch.
 */
export function committedRecords(bytes: Buffer, from: number, aborted: readonly AbortedTransaction[]): CommittedRecords {
  const waiting = [...aborted].sort((a, b) => a.first - b.first);
  const abortedNow = new Set<bigint>();
  const records: StoredRecord[] = [];
  let next = from;
  for (let start = 0; bytes.length - start >= at.records;) {
    const end = start + at.leaderEpoch + bytes.readInt32BE(start + at.length);
    if (end > bytes.length) break;
    const batch = bytes.subarray(start, end);
    start = end;
    if (batch[at.magic] !== 2) throw new TapewrightError('KAFKA_REFUSED', `the topic holds messages of an old format (magic ${batch[at.magic]}) at offset ${next}; read them with --client kafkajs`);
    const base = Number(batch.readBigInt64BE(0));
    const last = base + batch.readInt32BE(at.lastDelta);
    if (last < from) continue;
    if (crc32c(batch.subarray(at.attributes)) !== batch.readUInt32BE(at.crc)) throw new TapewrightError('KAFKA_REFUSED', `the batch at offset ${base} has another checksum than it says: it was damaged on its way or on the broker's disk`, { offset: base });
    const attributes = batch.readInt16BE(at.attributes);
    const producer = batch.readBigInt64BE(at.producer);
    // A producer may abort many transactions within one answer, with committed ones between them.
    while (waiting[0] !== undefined && waiting[0].first <= last) abortedNow.add(waiting.shift()!.producer);
    if ((attributes & flags.control) !== 0) {
      if (endsByAbort(batch)) abortedNow.delete(producer);
    } else if ((attributes & flags.transactional) === 0 || !abortedNow.has(producer)) readRecords(batch, base, attributes, from, records);
    next = Math.max(next, last + 1);
  }
  return { records, next };
}

/** A control record's key: a version and 0 for an abort, 1 for a commit. */
function endsByAbort(batch: Buffer): boolean {
  const cursor = new RecordCursor(batch, at.records);
  cursor.varint();
  cursor.skip(1);
  cursor.varint();
  cursor.varint();
  const key = cursor.bytes();
  return key !== null && key.length >= 4 && key.readInt16BE(2) === 0;
}

function readRecords(batch: Buffer, base: number, attributes: number, from: number, into: StoredRecord[]): void {
  const bytes = uncompressed(batch.subarray(at.records), attributes & flags.compression);
  const cursor = new RecordCursor(bytes, 0);
  const first = Number(batch.readBigInt64BE(at.firstTimestamp));
  const appended = (attributes & flags.appendTime) === 0 ? null : Number(batch.readBigInt64BE(at.maxTimestamp));
  for (let count = batch.readInt32BE(at.count); count > 0; count -= 1) {
    const length = cursor.varint();
    const end = cursor.at + length;
    cursor.skip(1);
    const timestamp = appended ?? first + cursor.varint();
    if (appended !== null) cursor.varint();
    const offset = base + cursor.varint();
    if (offset >= from) {
      const keySize = cursor.varint(), keyAt = keySize < 0 ? -1 : cursor.at;
      cursor.skip(Math.max(0, keySize));
      const valueSize = cursor.varint(), valueAt = valueSize < 0 ? -1 : cursor.at;
      const valueEnd = valueAt < 0 ? -1 : valueAt + valueSize;
      // Few readers ask for headers: they are read then.
      into.push(new StoredRecord(offset, timestamp, bytes, keyAt, keyAt < 0 ? -1 : keyAt + keySize, bytes, valueAt, valueEnd, valueEnd < 0 ? cursor.at : valueEnd));
    }
    cursor.at = end;
  }
}

function uncompressed(bytes: Buffer, codec: number): Buffer {
  switch (codec) {
    case 0: return bytes;
    case 1: return gunzipSync(bytes);
    case 2: return snappy(bytes);
    case 3: return lz4Decompress(bytes);
    case 4: return Buffer.from(zstdDecompress(bytes));
    default: throw new TapewrightError('KAFKA_REFUSED', `the topic holds batches of an unknown compression (${codec})`);
  }
}

const snappyFrame = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0]);

/** Java's clients frame their blocks, others do not. */
function snappy(bytes: Buffer): Buffer {
  if (!bytes.subarray(0, 8).equals(snappyFrame)) return snappyDecompress(bytes);
  const blocks: Buffer[] = [];
  for (let from = 16; from < bytes.length;) {
    const length = bytes.readInt32BE(from);
    blocks.push(snappyDecompress(bytes.subarray(from + 4, from + 4 + length)));
    from += 4 + length;
  }
  return Buffer.concat(blocks);
}

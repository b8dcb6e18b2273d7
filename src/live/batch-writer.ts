/** Messages of one partition as a record batch of a transaction. */
import { crc32c, lz4Compress } from '@platformatic/wasm-utils';
import type { LogMessage } from './log.js';
import { at, flags } from './record-batches.js';

export interface BatchHead {
  readonly producer: bigint;
  readonly epoch: number;
  /** Of the first message, by partition: a broker that sees it again has it already. */
  readonly sequence: number;
  /** Epoch ms, of messages without their own. */
  readonly timestamp: number;
}

const lz4 = 3;

/** One batch, compressed. */
export function encodeBatch(messages: readonly LogMessage[], { producer, epoch, sequence, timestamp }: BatchHead): Buffer {
  const first = messages[0]!.timestamp ?? timestamp;
  const records = lz4Compress(encodeRecords(messages, first, timestamp));
  const batch = Buffer.allocUnsafe(at.records + records.length);
  batch.writeBigInt64BE(0n, 0);
  batch.writeInt32BE(batch.length - at.leaderEpoch, at.length);
  batch.writeInt32BE(-1, at.leaderEpoch);
  batch.writeInt8(2, at.magic);
  batch.writeInt16BE(flags.transactional | lz4, at.attributes);
  batch.writeInt32BE(messages.length - 1, at.lastDelta);
  batch.writeBigInt64BE(BigInt(first), at.firstTimestamp);
  batch.writeBigInt64BE(BigInt(messages.reduce((latest, { timestamp: own = timestamp }) => Math.max(latest, own), first)), at.maxTimestamp);
  batch.writeBigInt64BE(producer, at.producer);
  batch.writeInt16BE(epoch, at.epoch);
  batch.writeInt32BE(sequence, at.sequence);
  batch.writeInt32BE(messages.length, at.count);
  records.copy(batch, at.records);
  batch.writeUInt32BE(crc32c(batch.subarray(at.attributes)), at.crc);
  return batch;
}

/** Bytes that a message takes at the most, before compression. */
export function sizeOf({ key, value, headers }: LogMessage): number {
  let size = 40 + (key?.length ?? 0) + (value?.length ?? 0);
  for (const [name, text] of Object.entries(headers ?? {})) size += 10 + 3 * (name.length + text.length);
  return size;
}

/** `first`: the batch's timestamp; `timestamp`: of messages without their own. */
function encodeRecords(messages: readonly LogMessage[], first: number, timestamp: number): Buffer {
  const into = Buffer.allocUnsafe(messages.reduce((size, message) => size + sizeOf(message), 0));
  let to = 0;
  messages.forEach(({ key, value, headers, timestamp: own = timestamp }, delta) => {
    const named = Object.entries(headers ?? {}).map(([name, text]) => [Buffer.from(name), Buffer.from(text)] as const);
    // Attributes, one byte, are 0.
    const length = 1 + varintSize(own - first) + varintSize(delta) + bytesSize(key) + bytesSize(value) + varintSize(named.length)
      + named.reduce((size, [name, text]) => size + bytesSize(name) + bytesSize(text), 0);
    to = writeVarint(into, to, length);
    into[to++] = 0;
    to = writeVarint(into, to, own - first);
    to = writeVarint(into, to, delta);
    to = writeBytes(into, to, key);
    to = writeBytes(into, to, value);
    to = writeVarint(into, to, named.length);
    for (const [name, text] of named) to = writeBytes(into, writeBytes(into, to, name), text);
  });
  return into.subarray(0, to);
}

/** Lengths, counts, and milliseconds between messages: safe integers, also when doubled. */
const zigzag = (value: number): number => (value < 0 ? -2 * value - 1 : value * 2);

function varintSize(value: number): number {
  let size = 1;
  for (let left = zigzag(value); left >= 128; left = Math.floor(left / 128)) size += 1;
  return size;
}

const bytesSize = (bytes: Buffer | null): number => (bytes === null ? 1 : varintSize(bytes.length) + bytes.length);

function writeVarint(into: Buffer, to: number, value: number): number {
  let left = zigzag(value);
  for (; left >= 128; left = Math.floor(left / 128)) into[to++] = (left % 128) + 128;
  into[to++] = left;
  return to;
}

function writeBytes(into: Buffer, to: number, bytes: Buffer | null): number {
  const start = writeVarint(into, to, bytes === null ? -1 : bytes.length);
  if (bytes === null) return start;
  bytes.copy(into, start);
  return start + bytes.length;
}

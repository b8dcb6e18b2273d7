/** One message of an Arrow IPC stream as bytes: its length, its metadata, and buffers at multiples of 64. */
import { BufferRegion, FieldNode, Message, RecordBatch } from 'apache-arrow/ipc/metadata/message';

export interface EncodedMessage {
  readonly bytes: Uint8Array;
  /** Bytes before the body. */
  readonly metadata: number;
  readonly body: number;
}

/** What a column adds to a record batch. */
export interface ArrowBuffers {
  readonly nulls: number;
  /** Validity (empty: no NULL), offsets of texts, values. */
  readonly buffers: readonly Uint8Array[];
}

export function recordBatchMessage(rows: number, columns: readonly ArrowBuffers[]): EncodedMessage {
  const regions: BufferRegion[] = [];
  const pieces: Uint8Array[] = [];
  let at = 0;
  for (const bytes of columns.flatMap(({ buffers }) => buffers)) {
    regions.push(new BufferRegion(at, bytes.length));
    const padding = new Uint8Array(-bytes.length & 63);
    pieces.push(bytes, padding);
    at += bytes.length + padding.length;
  }
  const nodes = columns.map(({ nulls }) => new FieldNode(rows, nulls));
  return encodedMessage(Message.from(new RecordBatch(rows, nodes, regions, null), at), pieces, at);
}

export function encodedMessage(message: Message, pieces: readonly Uint8Array[] = [], body = 0): EncodedMessage {
  const encoded = Message.encode(message);
  const metadata = Math.ceil((encoded.length + 8) / 64) * 64;
  const head = Buffer.alloc(metadata);
  head.writeUInt32LE(0xffff_ffff, 0);
  head.writeInt32LE(metadata - 8, 4);
  head.set(encoded, 8);
  return { bytes: Buffer.concat([head, ...pieces]), metadata, body };
}

/** Ends a stream. */
export const endOfStream = Uint8Array.of(255, 255, 255, 255, 0, 0, 0, 0);

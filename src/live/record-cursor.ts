/** Kafka's encoding within a record. */
import type { LogHeader } from './log.js';

/** Reads a batch's variable-length integers, which are zigzag and at most 64 bits; those beyond 2^53 do not occur. */
export class RecordCursor {
  constructor(private readonly buffer: Buffer, public at: number) {}

  varint(): number {
    let byte = this.buffer[this.at++]!;
    if (byte < 128) return (byte >>> 1) ^ -(byte & 1);
    let value = byte & 127;
    for (let scale = 128; byte >= 128; scale *= 128) {
      byte = this.buffer[this.at++]!;
      value += (byte & 127) * scale;
    }
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }

  /** A view, not a copy. */
  bytes(): Buffer | null {
    const length = this.varint();
    if (length < 0) return null;
    const from = this.at;
    this.at += length;
    return this.buffer.subarray(from, this.at);
  }

  skip(count: number): void {
    this.at += count;
  }
}

/** The headers of a record whose count stands at `start`. */
export function headersAt(bytes: Buffer, start: number): LogHeader[] {
  const cursor = new RecordCursor(bytes, start);
  return Array.from({ length: cursor.varint() }, () => ({ name: cursor.bytes()?.toString('utf8') ?? '', value: cursor.bytes() }));
}

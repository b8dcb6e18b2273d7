/** A record where it lies in what the log answered: no view of its key or value is made until someone asks for one. */
import type { MessageBytes } from '../formats/message-format.js';
import type { LogHeader, LogRecord } from './log.js';
import { headersAt } from './record-cursor.js';

const none = Buffer.alloc(0);
const noHeaders: readonly LogHeader[] = [];

export class StoredRecord implements LogRecord, MessageBytes {
  /** Key and value are keyBytes[keyAt..keyEnd) and valueBytes[valueAt..valueEnd); those that are null begin and end at -1. */
  constructor(
    readonly offset: number, readonly timestamp: number,
    readonly keyBytes: Buffer, readonly keyAt: number, readonly keyEnd: number,
    readonly valueBytes: Buffer, readonly valueAt: number, readonly valueEnd: number,
    /** Where the count of headers stands behind the value, or the headers themselves. */
    private readonly stored: number | readonly LogHeader[] = noHeaders,
  ) {}

  static of(record: LogRecord): StoredRecord {
    if (record instanceof StoredRecord) return record;
    const { offset, timestamp, key, value, headers } = record;
    return new StoredRecord(offset, timestamp, key ?? none, key === null ? -1 : 0, key?.length ?? -1, value ?? none, value === null ? -1 : 0, value?.length ?? -1, headers);
  }

  get key(): Buffer | null {
    return this.keyAt < 0 ? null : this.keyBytes.subarray(this.keyAt, this.keyEnd);
  }

  get headers(): readonly LogHeader[] {
    return typeof this.stored === 'number' ? headersAt(this.valueBytes, this.stored) : this.stored;
  }

  get value(): Buffer | null {
    return this.valueAt < 0 ? null : this.valueBytes.subarray(this.valueAt, this.valueEnd);
  }
}

/** Bytes of key and value. */
export function recordBytes(record: LogRecord): number {
  if (record instanceof StoredRecord) return record.keyEnd - record.keyAt + record.valueEnd - record.valueAt;
  return (record.key?.length ?? 0) + (record.value?.length ?? 0);
}

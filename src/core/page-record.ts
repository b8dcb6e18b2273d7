/** A record of a page: hash of the key (u32), lengths of key and value (varints), key, value, up to the next unit. */
import { UNIT, type Page } from './page.js';
import { copyBytes, varintBytes, writeVarint } from './record-bytes.js';

const roundUp = (bytes: number): number => (bytes + UNIT - 1) & -UNIT;

/** Bytes of a record whose key and value have as many. */
export const recordSize = (key: number, value: number): number => roundUp(4 + varintBytes(key) + varintBytes(value) + key + value);

/** Bytes in a buffer. */
export class Span {
  bytes: DataView = new DataView(new ArrayBuffer(0));
  from = 0;
  to = 0;

  set(bytes: DataView, from: number, to: number): void {
    this.bytes = bytes;
    this.from = from;
    this.to = to;
  }
}

/** At byte `at`, where there is room for it. The value is bytes[from, to). */
export function writeRecord({ bytes: page, view }: Page, at: number, hash: number, key: Span, bytes: DataView, from: number, to: number): void {
  view.setInt32(at, hash, true);
  let end = writeVarint(page, writeVarint(page, at + 4, key.to - key.from), to - from);
  end = copyBytes(key.bytes, key.from, key.to, view, end);
  copyBytes(bytes, from, to, view, end);
}

/** Where a record has its parts. */
export class RecordHead {
  keyLength = 0;
  /** The key is before it. */
  valueAt = 0;
  valueLength = 0;
  /** Bytes of the whole record. */
  size = 0;

  /** Of the record at byte `at`. */
  read(page: Page, at: number): void {
    const { bytes } = page;
    const keyLength = bytes[at + 4]!, valueLength = bytes[at + 5]!;
    if (keyLength < 128 && valueLength < 128) {
      // Most records.
      this.keyLength = keyLength;
      this.valueLength = valueLength;
      this.valueAt = at + 6 + keyLength;
    } else {
      const reader = page.readerAt(at + 4);
      this.keyLength = reader.varint();
      this.valueLength = reader.varint();
      this.valueAt = reader.position + this.keyLength;
    }
    this.size = roundUp(this.valueAt + this.valueLength - at);
  }
}

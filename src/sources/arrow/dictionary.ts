/** Texts and bytes of an Arrow column or dictionary, as strings. */
import type { ColumnBuffers } from './file.js';
import type { ArrowColumn } from './schema.js';

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Reads the value at a row; null for NULL. Throws an Error for what is not UTF-8, or lies outside its buffer. */
export type TextAt = (row: number) => string | null;

export function textAt({ layout, type }: ArrowColumn, { buffers, validity }: ColumnBuffers): TextAt {
  const bytesAt = bytesReader(layout, buffers);
  const decode = type === 'BLOB' ? (bytes: Uint8Array) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1') : (bytes: Uint8Array) => utf8.decode(bytes);
  return (row) => (validity !== null && (validity[row >> 3]! & (1 << (row & 7))) === 0 ? null : decode(bytesAt(row)));
}

function bytesReader(layout: ArrowColumn['layout'], buffers: readonly Uint8Array[]): (row: number) => Uint8Array {
  switch (layout.kind) {
    case 'fixed': return (row) => within(buffers[0]!, row * layout.bytes, (row + 1) * layout.bytes);
    case 'views': return viewReader(buffers);
    default: {
      const [offsets, data] = [buffers[0]!, buffers[1]!];
      if (layout.kind === 'offsets' && layout.bytes === 8) {
        const longs = new BigInt64Array(offsets.buffer, offsets.byteOffset, offsets.length >> 3);
        return (row) => within(data, Number(longs[row]), Number(longs[row + 1]));
      }
      const ints = new Int32Array(offsets.buffer, offsets.byteOffset, offsets.length >> 2);
      return (row) => within(data, ints[row]!, ints[row + 1]!);
    }
  }
}

/** A view is a length, then up to 12 bytes; or 4 bytes of a prefix, the number of a buffer, and the place there. */
function viewReader([views, ...data]: readonly Uint8Array[]): (row: number) => Uint8Array {
  const words = new Int32Array(views!.buffer, views!.byteOffset, views!.length >> 2);
  return (row) => {
    const length = words[row * 4]!;
    if (length <= 12) return within(views!, row * 16 + 4, row * 16 + 4 + length);
    const [buffer, at] = [data[words[row * 4 + 2]!], words[row * 4 + 3]!];
    if (buffer === undefined) throw new Error('a text lies in a buffer that is not there');
    return within(buffer, at, at + length);
  };
}

function within(data: Uint8Array, from: number, to: number): Uint8Array {
  if (!(from >= 0 && from <= to && to <= data.length)) throw new Error('a text lies outside its buffer');
  return data.subarray(from, to);
}

/** A dictionary's values; null among them is NULL. */
export class Strings {
  constructor(readonly values: readonly (string | null)[]) {}

  static of(column: ArrowColumn, buffers: ColumnBuffers): Strings {
    const at = textAt(column, buffers);
    return new Strings(Array.from({ length: buffers.length }, (_, row) => at(row)));
  }

  concat(more: Strings): Strings {
    return new Strings([...this.values, ...more.values]);
  }
}

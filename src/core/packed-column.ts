/** The cells of a batch's column on their way into bytes of state and out again: how the column is kept is asked once a batch. */
import type { ByteReader, ByteWriter } from './bytes.js';
import type { Column } from './batch.js';
import type { ColumnBuilder } from './column-builder.js';
import { packedTags, readPacked, writePacked, writePackedNumber, writePackedText } from './packed.js';
import type { Int64 } from './types.js';

export class PackedColumn {
  /** Of texts: codes into `#texts`, or none where those are the rows' own. */
  #codes: Int32Array | null = null;
  #texts: readonly (string | null)[] | null = null;
  #reals: Float64Array | null = null;
  #exact: readonly Int64[] | null = null;
  #nulls: Uint8Array | null = null;

  /** The column of the next batch. */
  take(column: Column): void {
    this.#codes = this.#texts = this.#reals = this.#exact = this.#nulls = null;
    if (column.storage === 'text') {
      this.#texts = column.dictionary === null ? column.values : column.dictionary.strings;
      if (column.dictionary !== null) this.#codes = column.values;
      return;
    }
    this.#nulls = column.nulls;
    if (column.values instanceof Float64Array) this.#reals = column.values;
    else this.#exact = column.values;
  }

  write(writer: ByteWriter, row: number): void {
    if (this.#nulls !== null && this.#nulls[row] !== 0) writePacked(writer, null);
    else if (this.#reals !== null) writePackedNumber(writer, this.#reals[row]!);
    else if (this.#exact !== null) writePacked(writer, this.#exact[row]!);
    else {
      const text = this.#textAt(row);
      if (text === null) writePacked(writer, null);
      else writePackedText(writer, text);
    }
  }

  appendTo(builder: ColumnBuilder, row: number): void {
    if (this.#nulls !== null && this.#nulls[row] !== 0) builder.appendNull();
    else if (this.#reals !== null) builder.appendNumber(this.#reals[row]!);
    else if (this.#exact !== null) builder.append(this.#exact[row]!);
    else builder.appendText(this.#textAt(row));
  }

  #textAt(row: number): string | null {
    return this.#codes === null ? this.#texts![row]! : this.#texts![this.#codes[row]!]!;
  }
}

/** Appends what `write` wrote. */
export function appendPacked(builder: ColumnBuilder, reader: ByteReader): void {
  if (builder.storage === 'text') {
    builder.appendText(readPacked(reader) as string | null);
    return;
  }
  const { buffer, position } = reader;
  switch (buffer[position]) {
    case packedTags.byte:
      reader.moveTo(position + 2);
      builder.appendNumber(buffer[position + 1]!);
      return;
    case packedTags.short:
      reader.moveTo(position + 3);
      builder.appendNumber(buffer[position + 1]! | (buffer[position + 2]! << 8));
      return;
    default:
      builder.append(readPacked(reader));
  }
}

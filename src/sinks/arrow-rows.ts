/** Batches as Arrow's record batches: for streams that grow while rows come. */
import { Message } from 'apache-arrow/ipc/metadata/message';
import { Field as ArrowField, Schema as ArrowSchema } from 'apache-arrow/schema';
import { cell, type Batch, type Column } from '../core/batch.js';
import type { Field, Schema } from '../core/types.js';
import { arrowKind } from './arrow-column.js';
import { encodedMessage, recordBatchMessage, type ArrowBuffers } from './arrow-message.js';
import { duckType, type DuckType } from './duck-type.js';

/** Throws SQL_UNSUPPORTED for a type that files cannot hold. */
export class ArrowRows {
  readonly #types: readonly DuckType[];

  constructor(private readonly schema: Schema) {
    this.#types = schema.map(duckType);
  }

  /** What a stream begins with. */
  head(): Uint8Array {
    return encodedMessage(Message.from(new ArrowSchema(this.schema.map((field) => new ArrowField(field.name, kindOf(field).type, true))))).bytes;
  }

  batch({ length, columns }: Batch): Uint8Array {
    return recordBatchMessage(length, columns.map((column, index) => buffersOf(column, length, this.#types[index]!))).bytes;
  }
}

const kindOf = (field: Field) => arrowKind(field.name, duckType(field).name.replace(', ', ',').replace('TIMESTAMPTZ', 'TIMESTAMP WITH TIME ZONE'));

function buffersOf(column: Column, length: number, { layout, scale, name }: DuckType): ArrowBuffers {
  const values = Array.from({ length }, (_, row) => cell(column, row));
  const { nulls, validity } = validityOf(values);
  if (layout === 'text' || layout === 'blob') return { nulls, buffers: [validity, ...texts(values, layout === 'blob' ? 'latin1' : 'utf8')] };
  if (layout === 'u8') return { nulls, buffers: [validity, bits(values)] };
  return { nulls, buffers: [validity, bytesOf(name.startsWith('DECIMAL') ? wide(values) : numbers(values, layout, scale))] };
}

type Cell = ReturnType<typeof cell>;

function validityOf(values: readonly Cell[]): { readonly nulls: number; readonly validity: Uint8Array } {
  const nulls = values.reduce<number>((count, value) => (value === null ? count + 1 : count), 0);
  return { nulls, validity: nulls === 0 ? new Uint8Array(0) : bits(values.map((value) => (value === null ? 0 : 1))) };
}

function bits(values: readonly Cell[]): Uint8Array {
  const packed = new Uint8Array((values.length + 7) >> 3);
  values.forEach((value, row) => {
    if (value !== null && value !== 0) packed[row >> 3]! |= 1 << (row & 7);
  });
  return packed;
}

function texts(values: readonly Cell[], encoding: 'utf8' | 'latin1'): Uint8Array[] {
  const offsets = new Int32Array(values.length + 1);
  const pieces = values.map((value) => Buffer.from((value as string | null) ?? '', encoding));
  pieces.forEach((piece, row) => { offsets[row + 1] = offsets[row]! + piece.length; });
  return [bytesOf(offsets), Buffer.concat(pieces)];
}

function wide(values: readonly Cell[]): BigInt64Array {
  const halves = new BigInt64Array(values.length * 2);
  values.forEach((value, row) => {
    const whole = BigInt(value ?? 0);
    halves[row * 2] = BigInt.asIntN(64, whole);
    halves[row * 2 + 1] = whole >> 64n;
  });
  return halves;
}

const arrays = { i8: Int8Array, i16: Int16Array, i32: Int32Array, f32: Float32Array, f64: Float64Array } as const;

function numbers(values: readonly Cell[], layout: DuckType['layout'], scale: number): ArrayBufferView {
  if (layout === 'i64') return BigInt64Array.from(values, (value) => BigInt(value ?? 0) * BigInt(scale));
  const held = new arrays[layout as keyof typeof arrays](values.length);
  values.forEach((value, row) => { held[row] = Number(value ?? 0); });
  return held;
}

const bytesOf = ({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array => new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength);

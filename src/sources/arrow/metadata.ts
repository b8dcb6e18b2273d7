/** Arrow's metadata: messages, footers and schemas (its FlatBuffers, fields by their numbers in the format's definition). */
import { FlatTable } from './flatbuffer.js';
import { columnOf, type ArrowColumn, type Reading } from './schema.js';

export interface Schema {
  readonly columns: readonly ArrowColumn[];
  /** Of dictionaries, by their number: the values as if they were a column. */
  readonly dictionaries: ReadonlyMap<number, ArrowColumn>;
}

export interface BatchHeader {
  readonly length: number;
  readonly nodes: readonly { readonly length: number; readonly nullCount: number }[];
  readonly buffers: readonly { readonly offset: number; readonly length: number }[];
  /** As Arrow numbers them; null: none. */
  readonly packing: number | null;
  readonly variadicCounts: readonly number[];
}

export type Message = { readonly bodyLength: number } & (
  | { readonly kind: 'schema'; readonly schema: Schema }
  | { readonly kind: 'batch'; readonly batch: BatchHeader }
  | { readonly kind: 'dictionary'; readonly id: number; readonly isDelta: boolean; readonly batch: BatchHeader }
  | { readonly kind: 'other' });

/** Throws an Error for damage, and for what is not read at all. */
export function readMessage(bytes: Uint8Array): Message {
  const message = FlatTable.root(bytes);
  const bodyLength = message.long(3), header = message.table(2);
  switch (header === null ? 0 : message.byte(1, 0)) {
    case 1: return { kind: 'schema', bodyLength, schema: schemaOf(header!) };
    case 2: return { kind: 'dictionary', bodyLength, id: header!.long(0), isDelta: header!.byte(2, 0) !== 0, batch: batchOf(header!.table(1)) };
    case 3: return { kind: 'batch', bodyLength, batch: batchOf(header) };
    default: return { kind: 'other', bodyLength };
  }
}

export interface Footer {
  readonly schema: Schema;
  /** Where the messages lie. */
  readonly dictionaries: readonly number[];
  readonly batches: readonly number[];
}

export function readFooter(bytes: Uint8Array): Footer {
  const footer = FlatTable.root(bytes);
  const schema = footer.table(1);
  if (schema === null) throw new RangeError('there is no schema');
  const blocks = (field: number): number[] => footer.structs(field, 24, [0]).map(([offset]) => offset!);
  return { schema: schemaOf(schema), dictionaries: blocks(2), batches: blocks(3) };
}

function schemaOf(schema: FlatTable): Schema {
  if (schema.short(0, 0) !== 0) throw new Error('its numbers are big-endian; write it on a machine whose numbers are not');
  const reading: Reading = { dictionaries: new Map(), columns: 0 };
  return { columns: schema.tables(1).map((field) => columnOf(field, reading)), dictionaries: reading.dictionaries };
}

/** As Arrow has it. */
const rowsMax = 2 ** 31 - 1;

function batchOf(batch: FlatTable | null): BatchHeader {
  if (batch === null) throw new RangeError('a batch has no header');
  const packing = batch.table(3), length = batch.long(0);
  if (length > rowsMax) throw new RangeError(`${length} rows are in no batch`);
  return {
    length, packing: packing === null ? null : packing.byte(0, 0),
    nodes: batch.structs(1, 16, [0, 8]).map(([length, nullCount]) => ({ length: length!, nullCount: nullCount! })),
    buffers: batch.structs(2, 16, [0, 8]).map(([offset, length]) => ({ offset: offset!, length: length! })),
    variadicCounts: batch.structs(4, 8, [0]).map(([count]) => count!),
  };
}

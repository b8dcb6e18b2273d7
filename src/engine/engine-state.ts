/** The state of an engine as checkpoints hold it. */
import { ByteReader, ByteWriter } from '../core/bytes.js';
import { TapewrightError } from '../core/errors.js';
import type { Operator, TwoInputOperator } from '../operators/operator.js';

/** Between two steps. */
export interface EngineState {
  /** Binary, versioned. The shell adds a checksum and the plan's hash. */
  readonly body: Uint8Array;
  /** The part that is kept in pages: each never changes, and is the same array for as long as the engine keeps it. */
  readonly pages: readonly Uint8Array[];
}

export function inOnePiece({ body, pages }: EngineState): Uint8Array {
  const writer = new ByteWriter(body.length + 1024);
  writer.bytes(body);
  writer.varint(pages.length);
  for (const page of pages) writer.bytes(page);
  return writer.toBytes();
}

/** What `inOnePiece` was given. */
export function inParts(bytes: Uint8Array): EngineState {
  const reader = new ByteReader(bytes);
  const body = reader.bytes();
  return { body, pages: Array.from({ length: reader.varint() }, () => reader.bytes()) };
}

/** Writes what each operator keeps; returns their pages, in the same order. */
export function writeOperators(writer: ByteWriter, operators: readonly (Operator | TwoInputOperator)[]): Uint8Array[] {
  const pages: Uint8Array[] = [];
  for (const operator of operators) {
    const state = new ByteWriter(4096);
    const own = operator.snapshot(state) ?? [];
    writer.string(operator.name);
    writer.bytes(state.written());
    writer.varint(own.length);
    for (const page of own) pages.push(page);
  }
  return pages;
}

/** Throws CHECKPOINT_MISMATCH where the plan has other operators. */
export function readOperators(reader: ByteReader, pages: readonly Uint8Array[], operators: readonly (Operator | TwoInputOperator)[]): void {
  let first = 0;
  for (const operator of operators) {
    const name = reader.string();
    if (name !== operator.name) throw new TapewrightError('CHECKPOINT_MISMATCH', `the checkpoint holds ${name} where the plan has ${operator.name}`);
    const state = new ByteReader(reader.bytes());
    const count = reader.varint();
    operator.restore(state, pages.slice(first, first + count));
    first += count;
  }
}

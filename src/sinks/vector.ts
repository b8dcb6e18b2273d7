/** Bytes into DuckDB's vectors. */
import duckdb from '@duckdb/node-bindings';

export const chunkRows = duckdb.vector_size();

/** Writes rows from..to of a block's column into a vector of to - from rows. */
export type ChunkWriter = (vector: duckdb.Vector, from: number, to: number) => void;

export function copy(vector: duckdb.Vector, bytes: ArrayBufferView): void {
  duckdb.copy_data_to_vector(vector, 0, bytes.buffer as ArrayBuffer, bytes.byteOffset, bytes.byteLength);
}

export function writeValidity(vector: duckdb.Vector, isValid: (row: number) => boolean, from: number, to: number): void {
  const bits = new Uint8Array(((to - from + 63) >> 6) * 8).fill(255);
  for (let row = from; row < to; row += 1) if (!isValid(row)) bits[(row - from) >> 3]! &= ~(1 << ((row - from) & 7));
  duckdb.vector_ensure_validity_writable(vector);
  duckdb.copy_data_to_vector_validity(vector, 0, bits.buffer, 0, bits.byteLength);
}

/** Batches as the engine sees them, from what a reader hands over: no work a row, but for columns beyond ±2^53. */
import { batchOf, Dictionary, type Column } from '../core/batch.js';
import { storageOf, type Int64, type SqlType } from '../core/types.js';
import type { RawBatch, RawColumn } from './reader.js';
import type { SourceBatch, SourceColumn } from './source.js';

export class Assembler {
  readonly #types: readonly SqlType[];
  readonly #dictionaries: Dictionary[];

  constructor(columns: readonly SourceColumn[]) {
    this.#types = columns.map((column) => column.type);
    this.#dictionaries = columns.map(() => new Dictionary());
  }

  assemble(raw: RawBatch): SourceBatch {
    const columns = raw.columns.map((column, index) => this.#column(column, index));
    const { position, positions, watermarks, peaks, lent, rejected } = raw;
    return { batch: batchOf(raw.length, columns), position, positions, watermarks, peaks, lent, rejected };
  }

  #column(raw: RawColumn, index: number): Column {
    if (raw.kind === 'text') {
      if (raw.restart) this.#dictionaries[index] = new Dictionary();
      const dictionary = this.#dictionaries[index]!;
      if (raw.ascii == null) dictionary.add(raw.added);
      else dictionary.addAscii(raw.ascii);
      return { storage: 'text', values: raw.codes, dictionary };
    }
    if (raw.kind === 'wide') return { storage: 'int64', values: Array.from(raw.values as readonly bigint[], canonical), nulls: raw.nulls };
    return { storage: storageOf(this.#types[index]!) === 'int64' ? 'int64' : 'real', values: raw.values, nulls: raw.nulls };
  }
}

const safeMax = BigInt(Number.MAX_SAFE_INTEGER);

function canonical(value: bigint): Int64 {
  return value <= safeMax && value >= -safeMax ? Number(value) : value;
}

/** Messages of a topic as columns; what cannot be decoded is kept with the reason. */
import { cellsOf, type Cells } from '../formats/message-cells.js';
import type { MessageFormat, MessagePart, ReadEnd } from '../formats/message-format.js';
import { Assembler } from '../sources/assemble.js';
import type { SourceBatch, SourceColumn } from '../sources/source.js';
import type { LogRecord } from './log.js';
import type { MetadataReader } from './metadata.js';
import { StoredRecord } from './stored-record.js';

export interface RejectedMessage {
  readonly offset: number;
  readonly column: string | null;
  readonly error: string;
  /** Bytes as latin1, as dead letters have them. */
  readonly key: string | null;
  readonly value: string | null;
}

export interface Decoded {
  readonly batch: SourceBatch;
  readonly rejected: readonly RejectedMessage[];
}

/** Columns that one format reads from one part of a message. */
export interface DecoderPart {
  readonly format: MessageFormat;
  readonly part: MessagePart;
  /** Which of the decoder's columns they are. */
  readonly columns: readonly number[];
}

export interface DecoderPlan {
  readonly parts: readonly DecoderPart[];
  /** Columns that say what Kafka knows of a message. */
  readonly metadata: readonly { readonly column: number; readonly read: MetadataReader }[];
}

export class Decoder {
  readonly #assembler: Assembler;
  readonly #cells: readonly Cells[];
  readonly #parts: readonly (DecoderPart & { readonly cells: readonly Cells[] })[];
  readonly #metadata: DecoderPlan['metadata'];

  /** `plan`: a format that reads all columns from the value, or more than that. */
  constructor(private readonly columns: readonly SourceColumn[], plan: MessageFormat | DecoderPlan) {
    this.#assembler = new Assembler(columns);
    this.#cells = cellsOf(columns.map(({ type }) => type));
    const { parts, metadata } = 'parts' in plan ? plan : { parts: [{ format: plan, part: 'value', columns: columns.map((_, column) => column) }] as const, metadata: [] };
    this.#parts = parts.map((part) => ({ ...part, cells: part.columns.map((column) => this.#cells[column]!) }));
    this.#metadata = metadata;
  }

  /** How many of the records, from the first on, can be decoded by now; the next one needs what is being fetched. */
  ready(records: readonly LogRecord[]): number {
    const stored = records.map(StoredRecord.of);
    return Math.min(...this.#parts.map(({ format }) => format.ready(stored)));
  }

  /** Throws REGISTRY_UNREACHABLE. `partition`: of the topic. */
  async decode(given: readonly LogRecord[], partition = 0): Promise<Decoded> {
    const records = given.map(StoredRecord.of);
    for (const cells of this.#cells) cells.begin(records.length);
    const positions = new Float64Array(records.length);
    const rejected: RejectedMessage[] = [];
    const end: ReadEnd = { index: 0, row: 0, failure: null, column: -1 };
    for (let from = 0; from < records.length;) {
      const first = end.row;
      const failed = this.#read(records, from, end);
      for (let index = from; index < end.index; index += 1) this.#place(records[index]!, partition, first + index - from, positions);
      from = end.index;
      if (failed === null) {
        if (from < records.length) for (const { format } of this.#parts) await format.prepare(records.slice(from));
        continue;
      }
      from += 1;
      rejected.push(rejection(records[end.index]!, failed, end, this.columns));
      for (const cells of this.#cells) cells.clear(end.row);
    }
    const columns = this.#cells.map((cells) => cells.take(end.row));
    const batch = this.#assembler.assemble({ length: end.row, position: positions[0] ?? 0, positions: positions.subarray(0, end.row), watermarks: null, columns, rejected: [] });
    return { batch, rejected };
  }

  /** Rows from records[from] on, up to the first that cannot be read; null: there is none, or it needs what is not prepared. */
  #read(records: readonly StoredRecord[], from: number, end: ReadEnd): DecoderPart | null {
    end.failure = null;
    end.column = -1;
    const [first] = this.#parts;
    if (this.#parts.length === 1) {
      first!.format.read(records, from, records.length, first!.cells, end);
      return end.failure === null ? null : first!;
    }
    // Several parts fill a row together.
    for (let index = from; index < records.length; index += 1) {
      const { row } = end;
      for (const part of this.#parts) {
        end.row = row;
        part.format.read(records, index, index + 1, part.cells, end);
        if (end.index === index) {
          end.row = row;
          return end.failure === null ? null : part;
        }
      }
      end.row = row + 1;
    }
    end.index = records.length;
    return null;
  }

  #place(record: LogRecord, partition: number, row: number, positions: Float64Array): void {
    positions[row] = record.offset;
    for (const { column, read } of this.#metadata) this.#cells[column]!.set(row, read(record, partition));
  }
}

function rejection({ offset, key, value }: LogRecord, { part, columns: of }: DecoderPart, { failure, column }: ReadEnd, columns: readonly SourceColumn[]): RejectedMessage {
  const isTombstone = part === 'value' && value === null;
  return {
    offset, column: isTombstone || column < 0 ? null : columns[of[column]!]!.name,
    error: isTombstone ? 'a tombstone, where every message is a row' : `${part === 'key' ? "the message's key: " : ''}${failure!}`,
    key: key?.toString('latin1') ?? null, value: value?.toString('latin1') ?? null,
  };
}

/** Records of topics out of Parquet files, straight as the bytes that they are: no JSON line is made of them. */
import { assert } from '../../core/errors.js';
import type { RecordBatch } from '../capture-records.js';
import { BatchMemory } from './batch-memory.js';
import { columnFill, type ColumnFill } from './column-fill.js';
import { PayloadFill } from './payload-fill.js';
import { numberWire, RecordGroups, type RecordColumns } from './record-groups.js';

/** A batch has fewer rows where their values have so many bytes. */
const rowsMax = 8192;
const valueBytes = 1 << 21;

const numbers = ['partition', 'offset', 'timestamp'] as const, payloads = ['key', 'value', 'headers'] as const;

export class RecordReader {
  readonly #memory = new BatchMemory();
  readonly #topics = columnFill({ kind: 'text' }, rowsMax, this.#memory);
  #topicNames: readonly string[] = [];
  readonly #numbers: ReadonlyMap<string, ColumnFill>;
  readonly #payloads: ReadonlyMap<string, PayloadFill>;
  #groupRows = 0;
  #groupAt = 0;
  #lent: RecordBatch | null = null;

  private constructor(private readonly groups: RecordGroups) {
    const { columns } = groups;
    this.#numbers = new Map(numbers.flatMap((name) => (columns[name] === null ? [] : [[name, columnFill(numberWire(columns[name].type), rowsMax, this.#memory)]])));
    this.#payloads = new Map(payloads.flatMap((name) => (columns[name] === null ? [] : [[name, new PayloadFill(name, columns[name].type === 'BLOB', rowsMax)]])));
  }

  /** Null where DuckDB has to read the files, or to say what is wrong with them. */
  static async open(files: readonly string[]): Promise<RecordReader | null> {
    const groups = await RecordGroups.open(files, ['topic', ...numbers, ...payloads]);
    return groups === null ? null : new RecordReader(groups);
  }

  /** The next records; null at their end. A batch is written over by the next. Throws DATASET_CORRUPT with the place. */
  async next(): Promise<RecordBatch | null> {
    this.#takeBack();
    if (this.#groupAt === this.#groupRows) {
      const group = await this.groups.next();
      if (group === null) return null;
      this.#groupRows = group.rows;
      this.#groupAt = 0;
      const enter = (fill: ColumnFill | PayloadFill, name: keyof RecordColumns): void => fill.enter(group.pages.get(name)!);
      enter(this.#topics, 'topic');
      for (const [name, fill] of [...this.#numbers, ...this.#payloads]) enter(fill, name as keyof RecordColumns);
    }
    try {
      const batch = this.#lent = this.#read(Math.min(rowsMax, this.#groupRows - this.#groupAt));
      this.#groupAt += batch.length;
      return batch;
    } catch (cause) {
      return this.groups.failed(this.#groupAt, cause);
    }
  }

  #read(rows: number): RecordBatch {
    for (const fill of this.#payloads.values()) fill.begin();
    const length = this.#payloads.get('value')!.fill(rows, valueBytes);
    this.#topics.fill(length, 0);
    for (const fill of this.#numbers.values()) fill.fill(length, 0);
    for (const [name, fill] of this.#payloads) if (name !== 'value') fill.fill(length, Infinity);
    const number = (name: string): Float64Array | null => numbersOf(this.#numbers.get(name), length);
    return {
      length, topics: this.#topicsOf(length), topicNames: this.#topicNames, partitions: number('partition'), offsets: number('offset'), timestamps: number('timestamp'),
      keys: this.#payloads.get('key')?.take() ?? null, values: this.#payloads.get('value')!.take(), headers: this.#payloads.get('headers')?.take() ?? null,
    };
  }

  #topicsOf(length: number): Int32Array {
    const column = this.#topics.take();
    assert(column.kind === 'text', 'topics are texts');
    if (column.restart) this.#topicNames = [];
    if (column.added.length > 0) this.#topicNames = [...this.#topicNames, ...column.added];
    // Codes of texts begin at 1: 0 is NULL.
    for (let row = 0; row < length; row += 1) column.codes[row]! -= 1;
    return column.codes;
  }

  #takeBack(): void {
    if (this.#lent === null) return;
    const { topics, partitions, offsets, timestamps } = this.#lent;
    this.#lent = null;
    this.#memory.takeBack([topics, partitions, offsets, timestamps].filter((column) => column !== null).map(({ buffer }) => buffer as ArrayBuffer));
  }

  async close(): Promise<void> {
    for (const fill of this.#payloads.values()) fill.leave();
    await this.groups.close();
  }
}

/** NaN where a record does not say it. Beyond ±2^53 the nearest double, as JSON is read. */
function numbersOf(fill: ColumnFill | undefined, length: number): Float64Array | null {
  const column = fill?.take();
  if (column === undefined) return null;
  assert(column.kind !== 'text', 'numbers are no texts');
  const { nulls } = column;
  const values = column.kind === 'wide' ? Float64Array.from(column.values, Number) : column.values;
  if (nulls !== null) for (let row = 0; row < length; row += 1) if (nulls[row] !== 0) values[row] = NaN;
  return values;
}

/** Which topics are recorded in Parquet files, by their columns topic and partition alone. */
import { assert } from '../../core/errors.js';
import type { RawColumn } from '../reader.js';
import { BatchMemory } from './batch-memory.js';
import { columnFill } from './column-fill.js';
import { numberWire, RecordGroups } from './record-groups.js';

const rowsMax = 8192;

/** The topics in the order of their first records, with their partitions; null where DuckDB has to read the files. Throws DATASET_CORRUPT. */
export async function recordTopics(files: readonly string[]): Promise<ReadonlyMap<string, number> | null> {
  const groups = await RecordGroups.open(files, ['topic', 'partition']);
  if (groups === null) return null;
  const memory = new BatchMemory(), topics = new Topics();
  const { partition } = groups.columns;
  const names = columnFill({ kind: 'text' }, rowsMax, memory), numbers = partition === null ? null : columnFill(numberWire(partition.type), rowsMax, memory);
  try {
    for (let group = await groups.next(); group !== null; group = await groups.next()) {
      names.enter(group.pages.get('topic')!);
      numbers?.enter(group.pages.get('partition')!);
      for (let row = 0, rows = 0; row < group.rows; row += rows) {
        rows = Math.min(rowsMax, group.rows - row);
        try {
          names.fill(rows, 0);
          numbers?.fill(rows, 0);
        } catch (cause) {
          groups.failed(row, cause);
        }
        const [name, number] = [names.take(), numbers?.take() ?? null];
        topics.note(name, number, rows);
        memory.takeBack([name, number].flatMap((column) => (column?.kind === 'text' ? [column.codes.buffer] : column?.kind === 'number' ? [column.values.buffer] : [])) as ArrayBuffer[]);
      }
    }
  } finally {
    await groups.close();
  }
  return topics.partitions;
}

interface Topic {
  readonly name: string;
  partitions: number;
}

class Topics {
  readonly #topics = new Map<string, Topic>();
  /** By code, from 1 on. */
  #coded: Topic[] = [];

  note(names: RawColumn, numbers: RawColumn | null, rows: number): void {
    assert(names.kind === 'text' && numbers?.kind !== 'text', 'topics are texts, partitions are not');
    if (names.restart) this.#coded = [];
    for (const name of names.added) {
      const topic = this.#topics.get(name) ?? { name, partitions: 1 };
      this.#topics.set(name, topic);
      this.#coded.push(topic);
    }
    if (numbers === null) return;
    const { values, nulls } = numbers;
    for (let row = 0; row < rows; row += 1) {
      const code = names.codes[row]!;
      if (code === 0 || (nulls !== null && nulls[row] !== 0)) continue;
      const count = Number(values[row]!) + 1, topic = this.#coded[code - 1]!;
      if (count > topic.partitions) topic.partitions = count;
    }
  }

  get partitions(): ReadonlyMap<string, number> {
    return new Map([...this.#topics.values()].map(({ name, partitions }) => [name, partitions]));
  }
}

/** Which topics are recorded in Parquet files, by their columns topic and partition alone. */
import { assert } from '../../core/errors.js';
import { BatchMemory } from './batch-memory.js';
import { columnFill } from './column-fill.js';
import { numberWire, RecordGroups } from './record-groups.js';

const rowsMax = 8192;

/** The topics in the order of their first records, with their partitions; null where DuckDB has to read the files. Throws DATASET_CORRUPT. */
export async function recordTopics(files: readonly string[]): Promise<ReadonlyMap<string, number> | null> {
  const groups = await RecordGroups.open(files, ['topic', 'partition']);
  if (groups === null) return null;
  const memory = new BatchMemory();
  const { partition } = groups.columns;
  const topicFill = columnFill({ kind: 'text' }, rowsMax, memory), partitionFill = partition === null ? null : columnFill(numberWire(partition.type), rowsMax, memory);
  /** By code, and by name. */
  let known: { readonly name: string; partitions: number }[] = [];
  const topics = new Map<string, { readonly name: string; partitions: number }>();
  try {
    for (let group = await groups.next(); group !== null; group = await groups.next()) {
      topicFill.enter(group.pages.get('topic')!);
      partitionFill?.enter(group.pages.get('partition')!);
      for (let row = 0; row < group.rows;) {
        const rows = Math.min(rowsMax, group.rows - row);
        try {
          topicFill.fill(rows, 0);
          partitionFill?.fill(rows, 0);
        } catch (cause) {
          groups.failed(row, cause);
        }
        row += rows;
        const names = topicFill.take(), numbers = partitionFill?.take();
        assert(names.kind === 'text' && numbers?.kind !== 'text', 'topics are texts, partitions are not');
        if (names.restart) known = [];
        for (const name of names.added) {
          const topic = topics.get(name) ?? { name, partitions: 1 };
          topics.set(name, topic);
          known.push(topic);
        }
        for (let at = 0; at < rows; at += 1) {
          const code = names.codes[at]!;
          if (code === 0 || numbers === undefined || (numbers.nulls !== null && numbers.nulls[at] !== 0)) continue;
          const count = Number(numbers.values[at]!) + 1, topic = known[code - 1]!;
          if (count > topic.partitions) topic.partitions = count;
        }
        memory.takeBack([names.codes, ...(numbers?.kind === 'number' ? [numbers.values] : [])].map(({ buffer }) => buffer as ArrayBuffer));
      }
    }
  } finally {
    await groups.close();
  }
  return new Map([...topics.values()].map(({ name, partitions }) => [name, partitions]));
}

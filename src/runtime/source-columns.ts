/** What is read of a table. */
import { rawSchema } from '../engine/physical.js';
import type { Pipeline } from '../plan/plan.js';
import type { SourceColumn } from '../sources/source.js';

/** The columns to read: all that the plan uses, the lane's key among them, since it is a key of every operator. */
export function sourceColumns(pipeline: Pipeline, input: number, read: readonly number[]): SourceColumn[] {
  const table = pipeline.sources[input]!;
  const raw = rawSchema(table);
  const time = table.watermark === null ? null : table.columns[table.watermark.column]!.expression;
  return read.map((column) => {
    const eventTime = time !== null && time.kind === 'column' && time.index === column;
    const metadata = table.changeFormat === undefined ? undefined : table.metadata[column - table.physical.length]?.key;
    return { name: raw[column]!.name, type: raw[column]!.type, eventTime, ...(metadata === undefined ? {} : { metadata }) };
  });
}

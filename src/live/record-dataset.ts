/** What a recording says of itself: its dataset.yaml. */
import { join } from 'node:path';
import { stringify } from 'yaml';
import { typeName, type Schema } from '../core/types.js';
import { loadDataset } from '../datasets/dataset.js';
import { fingerprintOf } from '../sources/files.js';
import { writeAside } from '../stores/files.js';

/** Event times in [from, to), epoch ms. */
export interface EventSpan {
  readonly from: number;
  readonly to: number;
}

export interface RecordedDataset {
  readonly name: string;
  /** The folder. */
  readonly path: string;
  readonly topic: string;
  readonly rows: number;
  readonly span: EventSpan;
  readonly schema: Schema;
  /** Parquet files, in order. */
  readonly files: readonly string[];
}

/** Writes dataset.yaml and gives the fingerprint of the files. Their order, and that of their rows, is that of arrival. */
export async function writeDataset({ name, path, topic, rows, span, schema, files }: RecordedDataset): Promise<string> {
  const fingerprint = await fingerprintOf(files);
  const iso = (millis: number): string => new Date(millis).toISOString();
  const file = join(path, 'dataset.yaml');
  await writeAside(file, stringify({
    name, description: `Topic ${topic} as it was recorded: rows lie in the order of their arrival (arrival), with partition, offset and time of their messages.`,
    origin: `Recorded from the Kafka topic ${topic}.`, licence: 'unknown', files: 'rows-*.parquet', format: 'parquet',
    schema: Object.fromEntries(schema.map((field) => [field.name, typeName(field.type)])),
    span: { from: iso(span.from), to: iso(span.to) }, rows, fingerprint,
  }, { lineWidth: 118 }));
  await loadDataset(file);
  return fingerprint;
}

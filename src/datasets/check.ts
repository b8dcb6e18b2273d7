/** Whether a dataset is what its dataset.yaml says: every row is read back, as a run would read it. */
import type { Column } from '../core/batch.js';
import { openSource } from '../sources/open.js';
import type { SourceBatch } from '../sources/source.js';
import type { Dataset } from './dataset.js';
import { labelProblems } from './label-check.js';
import { datasetDigest, resolveDataset, type ResolveOptions } from './resolve.js';

export interface DatasetCheck {
  readonly dataset: string;
  readonly rows: number;
  /** Of the rows as read, or of the files' bytes. */
  readonly fingerprint: string;
  /** What is wrong, a sentence each; none: nothing. */
  readonly problems: readonly string[];
}

/** Makes a generated dataset first if need be. Throws DATASET_MISSING and DATASET_CORRUPT where nothing can be read. */
export async function checkDataset(dataset: Dataset, options: ResolveOptions = {}): Promise<DatasetCheck> {
  const { binding, fingerprint: expected, rows: rowsExpected, labels } = await resolveDataset(dataset, options);
  const columns = dataset.schema.map(({ name, type }) => ({ name, type, eventTime: name === 'event_time' }));
  const source = await openSource(binding, columns, { table: dataset.name });
  try {
    // Of generated lines the fingerprint is that of their bytes, as of files.
    const digest = dataset.data.kind === 'generator' && binding.format === 'parquet' ? datasetDigest(dataset.data.name, dataset.schema) : null;
    // A generator's rows may be too few to have a row of every symbol that something is put into.
    const symbolAt = dataset.data.kind === 'generator' ? -1 : columns.findIndex(({ name, type }) => name === 'symbol' && type.kind === 'STRING');
    const symbols = new Set<string>();
    let rows = 0;
    let rejected = 0;
    let next: SourceBatch | null;
    while ((next = await source.next()) !== null) {
      digest?.append(next.batch);
      if (labels !== null && symbolAt >= 0) collect(next.batch.columns[symbolAt]!, symbols);
      rows += next.batch.length;
      rejected += next.rejected.length;
    }
    const fingerprint = digest === null ? await source.fingerprint() : digest.digest();
    const problems = [
      ...(rejected === 0 ? [] : [`${rejected} rows cannot be read as the schema says`]),
      ...(rowsExpected === null || rows + rejected === rowsExpected ? [] : [`it has ${rows + rejected} rows, not ${rowsExpected}`]),
      ...(expected === null || fingerprint === expected ? [] : [`its fingerprint is ${fingerprint}, not ${expected}`]),
      ...(labels === null ? [] : await labelProblems(labels, dataset, symbolAt < 0 ? null : symbols)),
    ];
    return { dataset: dataset.name, rows, fingerprint, problems };
  } finally {
    await source.close();
  }
}

/** A dictionary holds a column's strings of all batches so far. */
function collect(column: Column, symbols: Set<string>): void {
  if (column.storage !== 'text') return;
  for (const text of column.dictionary?.strings ?? column.values) if (typeof text === 'string') symbols.add(text);
}

/** Whether a dataset is what its dataset.yaml says: every row is read back, as a run would read it. */
import { openSource } from '../sources/open.js';
import type { SourceBatch } from '../sources/source.js';
import type { Dataset } from './dataset.js';
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
  const { binding, fingerprint: expected, rows: rowsExpected } = await resolveDataset(dataset, options);
  const columns = dataset.schema.map(({ name, type }) => ({ name, type, eventTime: name === 'event_time' }));
  const source = await openSource(binding, columns, { table: dataset.name });
  try {
    const digest = dataset.data.kind === 'generator' ? datasetDigest(dataset.data.name, dataset.schema) : null;
    let rows = 0;
    let rejected = 0;
    let next: SourceBatch | null;
    while ((next = await source.next()) !== null) {
      digest?.append(next.batch);
      rows += next.batch.length;
      rejected += next.rejected.length;
    }
    const fingerprint = digest === null ? await source.fingerprint() : digest.digest();
    const problems = [
      ...(rejected === 0 ? [] : [`${rejected} rows cannot be read as the schema says`]),
      ...(rowsExpected === null || rows + rejected === rowsExpected ? [] : [`it has ${rows + rejected} rows, not ${rowsExpected}`]),
      ...(expected === null || fingerprint === expected ? [] : [`its fingerprint is ${fingerprint}, not ${expected}`]),
    ];
    return { dataset: dataset.name, rows, fingerprint, problems };
  } finally {
    await source.close();
  }
}

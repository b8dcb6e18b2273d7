/** Why two runs differ, as far as their manifests and journals tell: what was asked, the data, the code. */
import { filesOf, fingerprintOf } from '../sources/files.js';
import { TapewrightError } from '../core/errors.js';
import { fileDigest } from '../stores/files.js';
import type { DatasetRecord, Manifest } from '../stores/manifest.js';
import type { Cause } from './options.js';
import { sliceText, type StepDifference } from './verify-journal.js';

/** A table whose data are not those of the other run. */
export interface ChangedData {
  readonly table: string;
  readonly path: string;
  readonly expected: string;
  readonly actual: string;
}

export function changedData(expected: Manifest, actual: Manifest): ChangedData | null {
  for (const [table, record] of Object.entries(expected.datasets)) {
    const other = actual.datasets[table];
    if (other === undefined || record.fingerprint === null || other.fingerprint === null || record.fingerprint === other.fingerprint) continue;
    return { table, path: other.binding.path, expected: record.fingerprint, actual: other.fingerprint };
  }
  return null;
}

/** Bound files that are not as the run read them, found without reading rows: for data that cannot be read any more. */
export async function changedFilesOf(manifest: Manifest): Promise<ChangedData | null> {
  for (const [table, record] of Object.entries(manifest.datasets)) {
    if (record.generated || record.fingerprint === null) continue;
    const actual = await currentFingerprint(record);
    if (actual !== record.fingerprint) return { table, path: record.binding.path, expected: record.fingerprint, actual };
  }
  return null;
}

async function currentFingerprint({ binding }: DatasetRecord): Promise<string> {
  try {
    return await fingerprintOf(await filesOf(binding));
  } catch (error) {
    // A file whose ends are damaged still has bytes.
    if (error instanceof TapewrightError && error.code === 'DATASET_CORRUPT' && typeof error.details.path === 'string') return fileDigest(error.details.path);
    throw error;
  }
}

/** Parameters that may change what comes out; how rows are cut, paced and checkpointed does not. */
const deciding = ['key', 'lanes', 'from', 'to', 'openEnd', 'strict', 'maxAhead'] as const;

/** What the two runs were asked that differs, in words; null when nothing does. */
export function changedConfiguration(expected: Manifest, actual: Manifest): string | null {
  const sql = ({ texts }: Manifest): string => texts.sql.map(({ text }) => text).join('\n');
  if (sql(expected) !== sql(actual)) return 'the SQL differs';
  const modules = ({ texts }: Manifest): string => JSON.stringify((texts.modules ?? []).map(({ text }) => text));
  if (modules(expected) !== modules(actual)) return 'the functions that the SQL calls differ';
  for (const name of deciding) {
    const [one, other] = [JSON.stringify(expected.parameters[name]), JSON.stringify(actual.parameters[name])];
    if (one !== other) return `the parameter ${name} is ${one} in one and ${other} in the other`;
  }
  return changedMapping(expected, actual);
}

/** A table whose columns are read in another way. */
export function changedMapping(expected: Manifest, actual: Manifest): string | null {
  const mapping = (record: DatasetRecord | undefined): string => {
    if (record === undefined) return 'nothing';
    const { format, select, order } = record.binding;
    return JSON.stringify({ format, order, select: Object.entries(select).sort(([a], [b]) => (a < b ? -1 : 1)) });
  };
  for (const table of new Set([...Object.keys(expected.datasets), ...Object.keys(actual.datasets)])) {
    const [one, other] = [mapping(expected.datasets[table]), mapping(actual.datasets[table])];
    if (one !== other) return `the columns of ${table} are read as ${one} in one and as ${other} in the other`;
  }
  return null;
}

/** What a differing step means, when neither what was asked nor the bound data explain it. */
export function causeOfStep({ aspect }: StepDifference, sameCode: boolean, slight: boolean): Cause {
  switch (aspect) {
    case 'missing': case 'positions': return 'order';
    case 'rows': return 'data';
    case 'now': return 'clock';
    case 'watermarks': return sameCode ? 'clock' : 'code';
    case 'digest': return sameCode && slight ? 'numeric' : 'code';
  }
}

const timeText = (time: number): string => (Number.isFinite(time) ? `${new Date(time).toISOString()} (${time})` : 'before any row');

/** The step's difference for people: a clause, and what either side has. */
export function stepText(difference: StepDifference, inputs: readonly string[]): { readonly clause: string; readonly expected: string; readonly actual: string } {
  const { expected, actual, slice, aspect } = difference;
  const rowsText = (one: typeof slice extends null ? never : NonNullable<typeof slice>['expected']): string =>
    (one === null ? 'none' : `${one.rows} rows with checksum ${one.checksum}`);
  switch (aspect) {
    case 'missing': {
      const text = (record: typeof expected): string => (record === null ? 'no such step' : `step ${record.seq}${record.end ? ', the end of history' : ''}`);
      return { clause: 'the steps do not follow each other in the same way', expected: text(expected), actual: text(actual) };
    }
    case 'positions':
      return slice === null
        ? { clause: 'rows of several inputs alternate in another way', expected: JSON.stringify(expected!.order), actual: JSON.stringify(actual!.order) }
        : { clause: 'rows enter in another order', expected: sliceText(slice.expected, inputs), actual: sliceText(slice.actual, inputs) };
    case 'rows':
      return { clause: `the ${sliceText(slice!.actual, inputs)} hold other values`, expected: rowsText(slice!.expected), actual: rowsText(slice!.actual) };
    case 'now':
      return { clause: 'the clock stood elsewhere', expected: timeText(expected!.now), actual: timeText(actual!.now) };
    case 'watermarks':
      return { clause: 'the watermarks differ', expected: JSON.stringify(expected!.watermarks), actual: JSON.stringify(actual!.watermarks) };
    case 'digest':
      return { clause: 'the same rows gave other results', expected: expected!.digest, actual: actual!.digest };
  }
}

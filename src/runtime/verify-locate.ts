/** Where the outputs of two runs part: the first row and field, in the step that differs first when one is known. */
import { TapewrightError } from '../core/errors.js';
import type { Bundle } from '../stores/bundle.js';
import type { OutputRecord } from '../stores/manifest.js';
import type { StepDifference } from './verify-journal.js';
import { firstDifferingRow, type RowDifference } from './verify-outputs.js';

export interface LocatedRow extends Omit<RowDifference, 'unreadable'> {
  readonly output: string;
  readonly lane: number | null;
}

/** A Parquet file of a bundle. @throws BUNDLE_INVALID. */
export async function outputFile(bundle: Bundle, path: string): Promise<string> {
  const file = await bundle.innerFile(path);
  if (file === null) throw new TapewrightError('BUNDLE_INVALID', `${path} is missing from ${bundle.directory}; use an intact copy of the bundle`, { path });
  return file;
}

/**
 * The first row that differs in an output whose digest does; late rows and dead letters when a step differs and no
 * output does. `asSets`: only the order-free digests count, and no row is named. Null: nothing differs.
 */
export async function locateRow(expected: Bundle, actual: Bundle, step: StepDifference | null, spill: string, asSets = false): Promise<LocatedRow | null> {
  const found: { row: LocatedRow; inStep: boolean }[] = [];
  const names = [...new Set([...Object.keys(expected.manifest.outputs), ...Object.keys(actual.manifest.outputs)])];
  for (const output of names) {
    const [one, other] = [expected.manifest.outputs[output], actual.manifest.outputs[output]];
    const row = await differingOutput(expected, actual, output, one, other, spill, asSets);
    if (row === null) continue;
    // A row of the step that differs first is the first in time; else the first in the order of tables is.
    const table = Object.keys(actual.manifest.outputs).indexOf(output);
    found.push({ row, inStep: step === null || liesIn(step, table, row.row, other) });
    if (found.at(-1)!.inStep) return row;
  }
  if (found.length > 0 || step === null || asSets) return found[0]?.row ?? null;
  return (await differingFile(expected, actual, 'late', 'late.parquet', spill)) ?? differingFile(expected, actual, 'dead_letters', 'dead-letters.parquet', spill);
}

async function differingOutput(
  expected: Bundle, actual: Bundle, output: string, one: OutputRecord | undefined, other: OutputRecord | undefined, spill: string, asSets: boolean,
): Promise<LocatedRow | null> {
  const whole = { row: null, field: null, lane: null, slight: false, output };
  if (one === undefined || other === undefined) {
    const text = (record: OutputRecord | undefined): string => (record === undefined ? 'no such output' : `${record.rows} rows`);
    return { ...whole, expected: text(one), actual: text(other) };
  }
  if (asSets) return one.setDigest === other.setDigest ? null : { ...whole, expected: one.setDigest, actual: other.setDigest };
  if (one.digest === other.digest) return null;
  const row = await differingFile(expected, actual, output, `outputs/${output}.parquet`, spill);
  if (row === null) return { ...whole, expected: one.digest, actual: other.digest };
  const at = row.row;
  const lane = at === null ? null : other.lanes.findIndex(({ from, to }) => at >= from && at < to);
  return { ...row, lane: lane === -1 ? null : lane };
}

async function differingFile(expected: Bundle, actual: Bundle, output: string, path: string, spill: string): Promise<LocatedRow | null> {
  const [one, other] = [await expected.innerFile(path), await actual.innerFile(path)];
  if (one === null || other === null) return null;
  const found = await firstDifferingRow(one, other, { spill });
  if (found === null) return null;
  const { row, field, slight } = found;
  const unreadable = found.unreadable?.reason ?? null;
  return { row, field, slight, output, lane: null, expected: found.expected ?? unreadable, actual: found.actual };
}

/** Whether a row of an output's file was put out by the step. */
function liesIn({ lane, expected, actual, outputRowsBefore }: StepDifference, table: number, row: number | null, output: OutputRecord | undefined): boolean {
  if (row === null || table < 0) return false;
  const at = row - (output?.lanes[lane]?.from ?? 0);
  const after = Math.max(expected?.outputRows[table] ?? 0, actual?.outputRows[table] ?? 0);
  return at >= (outputRowsBefore[table] ?? 0) && at < after;
}

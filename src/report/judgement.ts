/** What a scenario expects of its run, each with what the run gave. */
import { TapewrightError } from '../core/errors.js';
import type { Expectations, OutputExpectation } from '../runtime/options.js';
import { quoteName } from '../sources/quote.js';
import type { Manifest } from '../stores/manifest.js';
import type { Query } from './summary.js';

export interface Judgement {
  /** What is counted: rows of an output, perhaps under a condition; late or rejected rows. */
  readonly of: string;
  readonly where: string | null;
  /** `at least 6`. */
  readonly expected: string;
  /** Rows; null when the condition could not be asked. */
  readonly actual: number | null;
  readonly met: boolean;
}

export async function judge(expect: Expectations, { outputs, late, rejected }: Pick<Manifest, 'outputs' | 'late' | 'rejected'>, query: Query): Promise<Judgement[]> {
  const found: Judgement[] = [];
  for (const expectation of expect.outputs) {
    const { table, where } = expectation;
    const actual = where === null ? (outputs[table]?.standing ?? outputs[table]?.rows ?? null) : await countWhere(query, table, where);
    found.push(judged(table, where, expectation, actual));
  }
  for (const [of, maxRows, actual] of [['late rows', expect.lateMax, late], ['rejected rows', expect.rejectedMax, rejected]] as const) {
    if (maxRows !== null) found.push(judged(of, null, { minRows: null, maxRows }, actual));
  }
  return found;
}

function judged(of: string, where: string | null, { minRows, maxRows }: Pick<OutputExpectation, 'minRows' | 'maxRows'>, actual: number | null): Judgement {
  const expected = minRows === maxRows ? `${minRows}` : minRows === null ? `at most ${maxRows}` : maxRows === null ? `at least ${minRows}` : `${minRows} to ${maxRows}`;
  const met = actual !== null && actual >= (minRows ?? 0) && actual <= (maxRows ?? Infinity);
  return { of, where, expected, actual, met };
}

/** A condition that cannot be asked is one that is not met: the run stands nevertheless. */
async function countWhere(query: Query, table: string, where: string): Promise<number | null> {
  try {
    return Number((await query(`SELECT count(*) FROM ${quoteName(table)} WHERE ${where}`)).rows[0]![0]);
  } catch (error) {
    if (error instanceof TapewrightError && (error.code === 'SQL_INVALID' || error.code === 'USAGE')) return null;
    throw error;
  }
}

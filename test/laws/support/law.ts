/** How a law is tried: so many draws from a fixed seed, and a failure that says how to draw it again. */
import fc from 'fast-check';
import { typeText } from './cells.js';
import { sqlOf, tableFields, tableName } from './query.js';
import type { Case } from './random-pipelines.js';
import { textOf } from './cells.js';

/** LAWS_RUNS multiplies the number of draws; LAWS_SEED and LAWS_PATH draw a failure again. */
const factor = Number(process.env['LAWS_RUNS'] ?? 1);
export const seed = Number(process.env['LAWS_SEED'] ?? 20130101);

export const runsOf = (usual: number): number => Math.max(1, Math.round(usual * factor));

/** `file` is the test's own, for the command. */
export function law<T>(file: string, arbitrary: fc.Arbitrary<T>, usual: number, holds: (drawn: T) => void, show: (drawn: T) => string): void {
  const path = process.env['LAWS_PATH'];
  const details = fc.check(fc.property(arbitrary, holds), { seed, numRuns: runsOf(usual), ...(path === undefined ? {} : { path, endOnFailure: true }) });
  if (!details.failed) return;
  const { counterexample, counterexamplePath, errorInstance, numRuns, numShrinks } = details;
  const shown = counterexample === null ? '' : show(counterexample[0]);
  throw new Error(
    `the law fails after ${numRuns} draws (and ${numShrinks} smaller ones).\n`
    + `Again: LAWS_SEED=${seed} LAWS_PATH=${counterexamplePath} node --test dist/test/laws/${file}.test.js\n\n${shown}\n\n${errorInstance instanceof Error ? errorInstance.stack : String(errorInstance)}\n`,
    { cause: errorInstance },
  );
}

/** A drawn case as an engineer would write it down. */
export function showCase({ pipeline, tables }: Case): string {
  const header = tableFields.map((field) => `${field.name} ${typeText(field)}`).join(', ');
  const data = tables.flatMap((rows, table) => (rows.length === 0 ? [] : [`${tableName(table)}: ${header}`, ...rows.map((row) => `  ${row.map(textOf).join(', ')}`)]));
  return [sqlOf(pipeline), ...data].join('\n');
}

/** How a law is tried: so many draws from a fixed seed, and a failure that says how to draw it again. */
import { AssertionError } from 'node:assert';
import test from 'node:test';
import fc from 'fast-check';
import { textOf, typeText } from './cells.js';
import { sqlOf, tableFields, tableName } from './query.js';
import type { Case } from './random-pipelines.js';
import { Tally } from './tally.js';

/** A property of the engine over random pipelines and data. */
export interface Law<Drawn extends { readonly drawn: Case } = { readonly drawn: Case }> {
  readonly name: string;
  readonly says: string;
  readonly arbitrary: fc.Arbitrary<Drawn>;
  /** Throws where it does not hold. */
  readonly holds: (drawn: Drawn) => void;
  /** Draws that are usual; LAWS_RUNS multiplies them. */
  readonly runs: number;
}

const factor = Number(process.env['LAWS_RUNS'] ?? 1);
/** LAWS_SEED and LAWS_PATH draw a failure again. Each law draws from a seed of its own. */
export const seedOf = (name: string): number => Number(process.env['LAWS_SEED'] ?? 20130101 + [...name].reduce((sum, letter) => sum * 31 + letter.charCodeAt(0), 0));
const path = process.env['LAWS_PATH'];

export const runsOf = (usual: number): number => Math.max(1, Math.round(usual * factor));

/** Tries a law in a test of its own; `after` is given what was drawn. */
export function tryLaw<Drawn extends { readonly drawn: Case }>(law: Law<Drawn>, after: (tally: Tally) => void = () => undefined): void {
  test(`${law.name}: ${law.says}`, (context) => {
    const tally = new Tally();
    const property = fc.property(law.arbitrary, (drawn) => {
      tally.count(drawn.drawn);
      law.holds(drawn);
    });
    const details = fc.check(property, { seed: seedOf(law.name), numRuns: runsOf(law.runs), ...(path === undefined ? {} : { path, endOnFailure: true }) });
    if (details.failed) throw failure(law, details);
    for (const line of tally.lines()) context.diagnostic(line);
    if (path === undefined && factor >= 1) after(tally);
  });
}

/** After how many draws a law fails; null: it holds in all. Looks for no smaller case. A crash is no failure of a law: it is thrown. */
export function failsAfter<Drawn extends { readonly drawn: Case }>(law: Law<Drawn>): number | null {
  const { failed, numRuns, errorInstance } = fc.check(fc.property(law.arbitrary, law.holds), { seed: seedOf(law.name), numRuns: runsOf(law.runs), endOnFailure: true });
  if (failed && !(errorInstance instanceof AssertionError)) throw errorInstance;
  return failed ? numRuns : null;
}

function failure<Drawn extends { readonly drawn: Case }>(law: Law<Drawn>, details: fc.RunDetails<[Drawn]>): Error {
  const { counterexample, counterexamplePath, errorInstance, numRuns, numShrinks } = details;
  const { drawn, ...rest } = counterexample![0];
  const more = Object.keys(rest).length === 0 ? '' : `${JSON.stringify(rest)}\n`;
  return new Error(
    `the law fails after ${numRuns} draws (and ${numShrinks} smaller ones).\n`
    + `Again: LAWS_SEED=${seedOf(law.name)} LAWS_PATH=${counterexamplePath} node --test dist/test/laws/${law.name}.test.js\n\n`
    + `${more}${showCase(drawn)}\n\n${errorInstance instanceof Error ? errorInstance.stack : String(errorInstance)}\n`,
  );
}

/** A drawn case as an engineer would write it down. */
export function showCase({ pipeline, tables }: Case): string {
  const header = tableFields.map((field) => `${field.name} ${typeText(field)}`).join(', ');
  const data = tables.flatMap((rows, table) => (rows.length === 0 ? [] : [`${tableName(table)}: ${header}`, ...rows.map((row) => `  ${row.map(textOf).join(', ')}`)]));
  return [sqlOf(pipeline), ...data].join('\n');
}

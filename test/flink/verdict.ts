/** What is to be said of one statement after both engines have run it. */
import { compareChanges } from './changelog.js';
import { areExact, isEqual, type Comparison } from './compare.js';
import type { JobOutput, Trial } from './job.js';
import { knownDifference } from './known.js';
import type { OutputColumn } from './statement.js';
import { isApproximate, isNear, type Value } from './value.js';
import type { Change } from './theirs.js';

export type Verdict =
  | { readonly kind: 'equal'; readonly rows: number }
  /** Flink differs, for a reason that is listed: by name, with the number of rows. */
  | { readonly kind: 'known'; readonly reasons: readonly string[]; readonly rows: number }
  /** Flink does not take the statement. */
  | { readonly kind: 'refused'; readonly reason: string }
  | { readonly kind: 'different'; readonly output: number; readonly comparison: Comparison };

export interface Results {
  readonly outputs: readonly JobOutput[];
  readonly ours: readonly (readonly Change[])[];
  readonly theirs: readonly (readonly Change[])[];
  /** Rows that an expression refused here. */
  readonly deadLetters: number;
}

export function judge(trial: Trial, { outputs, ours, theirs, deadLetters }: Results): Verdict {
  const reasons: string[] = [];
  let rows = 0;
  for (const [output, { columns }] of outputs.entries()) {
    const computed = columns.map((column) => isComputed(trial, column));
    const comparison = compareChanges(ours[output]!, theirs[output]!, computed, trial.drawn, columns.map(({ name }) => name));
    rows += ours[output]!.length;
    if (isEqual(comparison)) continue;
    const reason = reasonOf(trial, output, comparison, deadLetters);
    if (reason === null) return { kind: 'different', output, comparison };
    reasons.push(...reason);
  }
  return reasons.length === 0 ? { kind: 'equal', rows } : { kind: 'known', reasons: [...new Set(reasons)], rows };
}

/** Names of the listed differences that explain this one; null: it is a new one. */
function reasonOf(trial: Trial, output: number, comparison: Comparison, deadLetters: number): string[] | null {
  const { oursOnly, theirsOnly, inexact } = comparison;
  const all = trial.drawn.exact?.(trial.world)[output];
  const exact = all !== undefined && areExact([...oursOnly, ...inexact.map(({ ours }) => ours)], all);
  if (exact && oursOnly.length + theirsOnly.length === 0) return inexact.flatMap(({ ours, theirs }) => inexactColumns(trial, output, ours, theirs));
  const known = knownDifference(trial, comparison, deadLetters, exact);
  return known === null ? null : [known];
}

/** `STDDEV_POP of DOUBLE OVER is NaN` and the like: which aggregates are wrong, and how. */
function inexactColumns(trial: Trial, output: number, ours: readonly Value[], theirs: readonly Value[]): string[] {
  return trial.drawn.outputs[output]!.flatMap(({ name, type }, column) => {
    const [exact, found] = [ours[column]!, theirs[column]!];
    if (exact === found || (typeof exact === 'number' && typeof found === 'number' && isNear(exact, found))) return [];
    const how = Number.isNaN(found) ? 'is NaN' : found === Infinity || found === -Infinity ? 'is infinite' : 'is off';
    const call = callOf(trial, name);
    return [`${call?.[1] ?? 'a value'} of ${type.replace(/\(.*/, '')}${call?.[2] === undefined ? '' : ' OVER'} ${how}`];
  });
}

/** The call that makes a column: its function, and ` OVER w`. */
function callOf({ drawn }: Trial, name: string): RegExpExecArray | null {
  const text = [...drawn.views, ...drawn.inserts.map(({ select }) => select)].join('\n');
  return new RegExp(`\\b([A-Z_]+)\\((?:[^()]|\\((?:[^()]|\\([^()]*\\))*\\))*\\)(?: FILTER \\((?:[^()]|\\([^()]*\\))*\\))?( OVER w)? AS ${name}\\b`).exec(text);
}

/** Doubles; and the moments of integers and decimals, which Flink rounds on the way: they are compared like all else, but rows are not told apart by them. */
const isComputed = (trial: Trial, { name, type }: OutputColumn): boolean => isApproximate(type) || /^(VAR|STDDEV)_/.test(callOf(trial, name)?.[1] ?? '');

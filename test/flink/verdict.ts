/** What is to be said of one statement after both engines have run it. */
import { areExact, compareRows, isEqual, type Comparison } from './compare.js';
import type { JobOutput, Trial } from './job.js';
import { knownDifference } from './known.js';
import { isNear, type Value } from './value.js';
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
    const rowsOf = (changes: readonly Change[]): readonly (readonly Value[])[] => changes.map(({ op, row }) => (trial.drawn.updates === null ? row : [op, ...row]));
    const types = [...(trial.drawn.updates === null ? [] : ['STRING']), ...columns.map(({ type }) => type)];
    const comparison = compareRows(rowsOf(ours[output]!), rowsOf(theirs[output]!), types);
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
  const reasons: string[] = [];
  if (inexact.length > 0) {
    const exact = trial.drawn.exact?.(trial.world)[output];
    if (exact === undefined || !areExact(inexact.map(({ ours }) => ours), exact)) return null;
    reasons.push(...inexact.flatMap(({ ours, theirs }) => inexactColumns(trial, output, ours, theirs)));
  }
  if (oursOnly.length + theirsOnly.length > 0) {
    const known = knownDifference(trial, comparison, deadLetters);
    if (known === null) return null;
    reasons.push(known);
  }
  return reasons;
}

/** `STDDEV_POP is NaN` and the like: which aggregates are wrong, and how. */
function inexactColumns(trial: Trial, output: number, ours: readonly Value[], theirs: readonly Value[]): string[] {
  const text = [...trial.drawn.views, ...trial.drawn.inserts.map(({ select }) => select)].join('\n');
  return trial.drawn.outputs[output]!.flatMap(({ name }, column) => {
    const [exact, found] = [ours[column], theirs[column]];
    if (typeof exact !== 'number' || typeof found !== 'number' || isNear(exact, found)) return [];
    const call = new RegExp(`\\b([A-Z_]+)\\((?:[^()]|\\([^()]*\\))*\\)(?: FILTER \\((?:[^()]|\\([^()]*\\))*\\))?( OVER w)? AS ${name}\\b`).exec(text);
    const how = Number.isNaN(found) ? 'is NaN' : Number.isFinite(found) ? 'is off' : 'is infinite';
    return [`${call?.[1] ?? 'a double'}${call?.[2] === undefined ? '' : ' OVER'} ${how}`];
  });
}

/** Differences that are meant, beside rounding: each is explained under its name in docs/flink-differences.md. */
import type { Comparison } from './compare.js';
import type { Trial } from './job.js';
import { textsOf } from './job.js';
import type { Value } from './value.js';

interface Known {
  readonly name: string;
  /** Whether it is this one. `exact`: every row that is only here is as rational arithmetic has it. */
  readonly is: (difference: { readonly trial: Trial; readonly text: string; readonly comparison: Comparison; readonly deadLetters: number; readonly exact: boolean }) => boolean;
}

const differences: readonly Known[] = [
  // What the refused rows would have added to may be missing as well, but nothing may be more.
  { name: 'Failing expressions', is: ({ comparison, deadLetters, exact }) => deadLetters > 0 && comparison.oursOnly.length === 0 && (comparison.inexact.length === 0 || exact) },
  {
    name: 'Clean-up timers of bounded OVER',
    is: ({ trial, text, exact }) => exact && /RANGE BETWEEN INTERVAL/.test(text) && trial.drawn.tables.some((table) => trial.world[table]!.late),
  },
  {
    name: 'Values of rounded values',
    is: ({ text, comparison, exact }) => exact && comparison.oursOnly.length === comparison.theirsOnly.length && /\b(VAR|STDDEV)_/.test(text),
  },
  {
    name: 'NULL keys of temporal joins',
    is: ({ trial, text, comparison }) => {
      const key = /FOR SYSTEM_TIME AS OF l\.event_time AS r ON l\.(\w+) = /.exec(text);
      if (key === null) return false;
      const column = trial.drawn.outputs[0]!.findIndex(({ name }) => name === `l_${key[1]!}`);
      return [...comparison.oursOnly, ...comparison.theirsOnly].every((row) => row[column] === null);
    },
  },
  {
    name: 'Padded rows of interval joins',
    is: ({ trial, text, exact }) => exact && trial.drawn.kind === 'pipelines' && /\b(LEFT|RIGHT) JOIN [^;]*? BETWEEN /.test(text),
  },
  { name: 'Top-1 by an ascending column', is: ({ trial, text, comparison }) => trial.drawn.kind === 'ranks' && comparison.oursOnly.length === 0 && /ORDER BY (?!event_time)[^)]*\)(?: AS rn FROM .* (?:WHERE|QUALIFY) rn| ?) <= 1\b/.test(text) },
  { name: 'Greedy quantifiers with an upper bound', is: ({ trial, text }) => trial.drawn.kind === 'match' && /PATTERN \([^)]*\{\d*,\d+\}(?!\?)[^)]*[A-Z]/.test(text) },
  { name: 'MIN and MAX beside NaN', is: ({ trial, comparison }) => comparison.inexact.length > 0 && comparison.oursOnly.length + comparison.theirsOnly.length === 0 && comparison.inexact.every((pair) => differsByNaN(trial, pair)) },
];

export const knownNames = differences.map(({ name }) => name);

/** The name of the difference that this is; null: none of them. */
export function knownDifference(trial: Trial, comparison: Comparison, deadLetters: number, exact: boolean): string | null {
  const text = textsOf(trial).join('\n');
  return differences.find(({ is }) => is({ trial, text, comparison, deadLetters, exact }))?.name ?? null;
}

/** Only extremes of doubles differ, and one of the two has NaN for it or passed over one. */
function differsByNaN({ drawn, world }: Trial, { ours, theirs }: Comparison['inexact'][number]): boolean {
  const hasNaN = drawn.tables.some((table) => world[table]!.rows.some((row) => row.some(Number.isNaN)));
  const shift = ours.length - drawn.outputs[0]!.length;
  return hasNaN && ours.every((value, column) => isSame(value, theirs[column]!) || isExtreme(drawn.inserts[0]!.select, drawn.outputs[0]![column - shift]?.name));
}

const isSame = (a: Value, b: Value): boolean => Object.is(a, b) || a === b;

const isExtreme = (select: string, name: string | undefined): boolean => name !== undefined && new RegExp(`\\b(MIN|MAX)\\(price\\)(?: FILTER \\((?:[^()]|\\([^()]*\\))*\\))? AS ${name}\\b`).test(select);

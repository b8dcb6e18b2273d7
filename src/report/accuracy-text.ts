/** Accuracies as a table for people: one run alone, or several side by side, type by type. */
import { alignedTable } from './aligned-table.js';
import type { Accuracy, TypeAccuracy } from './accuracy.js';

export interface NamedAccuracy extends Pick<Accuracy, 'types' | 'outputs' | 'toleranceMs' | 'notJudged'> {
  readonly directory: string;
}

const names = ['labels', 'found', 'recall', 'alerts', 'matched', 'precision', 'delay: median', 'p90', 'most'] as const;

export function accuracyText(runs: readonly NamedAccuracy[]): string {
  const several = runs.length > 1;
  const types = [...new Set(runs.flatMap((run) => run.types.map(({ type }) => type)))].sort((a, b) => (a < b ? -1 : 1));
  const rows = types.flatMap((type) => runs.map((run, index) => {
    const found = run.types.find((one) => one.type === type);
    return [index === 0 ? type : '', ...(several ? [run.directory] : []), ...(found === undefined ? names.map(() => '–') : cells(found))];
  }));
  const left = several ? ['type', 'run'] : ['type'];
  const notes = runs.flatMap(({ directory, outputs, toleranceMs, notJudged }) => [
    `${several ? `${directory}: alerts` : 'Alerts'} of ${outputs.join(', ') || 'no output'}, up to ${millisText(toleranceMs)} after a label's end.`,
    ...(notJudged.length === 0 ? [] : [`${several ? `${directory}: not` : 'Not'} judged, since no label is of their type: ${notJudged.map(({ type, alerts }) => `${alerts} ${type}`).join(', ')}.`]),
  ]);
  return [rows.length === 0 ? 'There are no labels in this span.' : alignedTable([...left, ...names], rows, left.length), '', ...notes].join('\n');
}

function cells({ labels, found, recall, alerts, matched, precision, delayMs }: TypeAccuracy): string[] {
  const delays = delayMs === null ? ['–', '–', '–'] : [delayMs.median, delayMs.p90, delayMs.max].map(millisText);
  return [String(labels), String(found), ratioText(recall), String(alerts), String(matched), ratioText(precision), ...delays];
}

export const ratioText = (value: number | null): string => (value === null ? '–' : value.toFixed(3));

/** `0 ms`, `999 ms`, `1.250 s`, `2 min 05 s`. */
export function millisText(millis: number): string {
  if (millis < 1_000) return `${millis} ms`;
  if (millis < 60_000) return `${(millis / 1_000).toFixed(3)} s`;
  const seconds = Math.round(millis / 1_000);
  return `${Math.floor(seconds / 60)} min ${String(seconds % 60).padStart(2, '0')} s`;
}

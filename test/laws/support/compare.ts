/** Runs compared: what must be equal in which law. */
import assert from 'node:assert/strict';
import { textOf, type Cell } from './cells.js';
import type { Run } from './run.js';

export const rowText = (row: readonly Cell[]): string => row.map(textOf).join(' | ');

export const textsOf = (rows: readonly (readonly Cell[])[]): string[] => rows.map(rowText);

/** Outputs as sequences, late rows and dead letters; with `steps` also in which step, and the records with their digests. */
export function sameRun(found: Run, expected: Run, steps: boolean): void {
  assert.deepEqual(found.outputs.map(textsOf), expected.outputs.map(textsOf), 'outputs');
  // Between steps of other lengths, what could not be read stands elsewhere among the rest.
  const stepless = (rows: readonly { readonly step: number }[]) => (steps ? rows : rows.map((row) => JSON.stringify({ ...row, step: 0 })).sort());
  assert.deepEqual(stepless(found.late), stepless(expected.late), 'late rows');
  assert.deepEqual(stepless(found.deadLetters), stepless(expected.deadLetters), 'dead letters');
  assert.deepEqual(found.digests, expected.digests, 'digests');
  if (steps) assert.deepEqual(found.records, expected.records, 'step records');
}

export function sameRows(found: readonly (readonly Cell[])[], expected: readonly (readonly Cell[])[], as: 'sequence' | 'set'): void {
  const [left, right] = [textsOf(found), textsOf(expected)];
  if (as === 'set') assert.deepEqual(left.sort(), right.sort(), 'rows as sets');
  else assert.deepEqual(left, right, 'rows as sequences');
}

/** The rows, as texts in order, that a changelog adds up to. Its last cells say what each row does. */
export function tableOf(changes: readonly (readonly Cell[])[]): string[] {
  const counts = new Map<string, number>();
  for (const change of changes) {
    const text = rowText(change.slice(0, -1));
    counts.set(text, (counts.get(text) ?? 0) + (change.at(-1) === '+I' || change.at(-1) === '+U' ? 1 : -1));
  }
  assert.ok([...counts.values()].every((count) => count >= 0), 'what is taken back is there');
  return [...counts].flatMap(([text, count]) => new Array<string>(count).fill(text)).sort();
}

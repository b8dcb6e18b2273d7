/** Two journals step by step: the first step that differs, and in what. */
import type { Slice, StepRecord } from '../core/step.js';
import { readJournal } from '../stores/journal.js';

/** What differs first in a step, in the order in which one follows from the other. */
export type StepAspect = 'missing' | 'positions' | 'rows' | 'now' | 'watermarks' | 'digest';

export interface StepDifference {
  readonly lane: number;
  readonly seq: number;
  readonly aspect: StepAspect;
  /** Null where that journal has no such step. */
  readonly expected: StepRecord | null;
  readonly actual: StepRecord | null;
  /** Cumulative rows of each output before the step, in table order; empty before the first. */
  readonly outputRowsBefore: readonly number[];
  /** The first slice that differs, for `positions` and `rows`. */
  readonly slice: { readonly expected: Slice | null; readonly actual: Slice | null } | null;
}

/** One lane of both journals, as far as they were read. */
interface LaneComparison {
  readonly expected: StepRecord[];
  readonly actual: StepRecord[];
  outputRows: readonly number[];
  difference: StepDifference | null;
}

/**
 * The first step that differs: the least seq, then the least lane. Null when all are equal. Lanes are compared apart,
 * since how they interleave in the file means nothing. @throws BUNDLE_INVALID for a journal that cannot be read.
 */
export async function firstDifferingStep(expectedPath: string, actualPath: string): Promise<StepDifference | null> {
  const lanes = new Map<number, LaneComparison>();
  const sides = [['expected', readJournal(expectedPath)], ['actual', readJournal(actualPath)]] as const;
  const open = new Set(sides);
  // In turn, so that no more is held than the two journals are apart.
  while (open.size > 0) {
    for (const side of [...open]) {
      const [name, entries] = side;
      const next = await entries.next();
      if (next.done === true) open.delete(side);
      else take(lanes, name, next.value.record);
    }
  }
  return [...lanes].map(([lane, comparison]) => comparison.difference ?? leftOver(lane, comparison))
    .filter((difference) => difference !== null)
    .sort((a, b) => a.seq - b.seq || a.lane - b.lane)[0] ?? null;
}

function take(lanes: Map<number, LaneComparison>, side: 'expected' | 'actual', record: StepRecord): void {
  let lane = lanes.get(record.lane);
  if (lane === undefined) lanes.set(record.lane, lane = { expected: [], actual: [], outputRows: [], difference: null });
  if (lane.difference !== null) return;
  lane[side].push(record);
  if (lane.expected.length === 0 || lane.actual.length === 0) return;
  const expected = lane.expected.shift()!;
  const actual = lane.actual.shift()!;
  const found = aspectOf(expected, actual);
  if (found !== null) lane.difference = { lane: actual.lane, seq: actual.seq, ...found, expected, actual, outputRowsBefore: lane.outputRows };
  lane.outputRows = actual.outputRows;
}

function leftOver(lane: number, { expected, actual, outputRows }: LaneComparison): StepDifference | null {
  const one = expected[0] ?? actual[0];
  if (one === undefined) return null;
  return { lane, seq: one.seq, aspect: 'missing', expected: expected[0] ?? null, actual: actual[0] ?? null, outputRowsBefore: outputRows, slice: null };
}

const sameList = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);

function aspectOf(expected: StepRecord, actual: StepRecord): Pick<StepDifference, 'aspect' | 'slice'> | null {
  if (expected.seq !== actual.seq || expected.end !== actual.end) return { aspect: 'missing', slice: null };
  const slice = differingSlice(expected.slices, actual.slices, ['input', 'partition', 'from', 'to']);
  if (slice !== null) return { aspect: 'positions', slice };
  if (!sameList(expected.order, actual.order)) return { aspect: 'positions', slice: null };
  const rows = differingSlice(expected.slices, actual.slices, ['rows', 'checksum']);
  if (rows !== null) return { aspect: 'rows', slice: rows };
  if (expected.now !== actual.now) return { aspect: 'now', slice: null };
  if (!sameList(expected.watermarks, actual.watermarks)) return { aspect: 'watermarks', slice: null };
  return expected.digest === actual.digest && sameList(expected.outputRows, actual.outputRows) ? null : { aspect: 'digest', slice: null };
}

function differingSlice(expected: readonly Slice[], actual: readonly Slice[], members: readonly (keyof Slice)[]): StepDifference['slice'] {
  for (let index = 0; index < Math.max(expected.length, actual.length); index += 1) {
    const [one, other] = [expected[index] ?? null, actual[index] ?? null];
    if (one === null || other === null || members.some((member) => one[member] !== other[member])) return { expected: one, actual: other };
  }
  return null;
}

/** A step's slices for people: `rows 0 to 4,095 of ticks`. */
export function sliceText(slice: Slice | null, inputs: readonly string[]): string {
  if (slice === null) return 'none';
  const partition = slice.partition === 0 ? '' : `, partition ${slice.partition}`;
  return `rows ${slice.from} to ${slice.to - 1} of ${inputs[slice.input] ?? `input ${slice.input}`}${partition}`;
}

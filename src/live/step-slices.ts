/** What a step took in, as its record in the journal topic names it: by offsets, in the order in which it came. */
import type { Slice, StepRecord } from '../core/step.js';
import { isCaptured, type LaneInput } from './rerun.js';

/** Rows of an input partition, or records of a captured topic, that were taken in at once. */
export interface Taking {
  readonly input: number;
  readonly partition: number;
  readonly count: number;
}

export interface StepPositions {
  readonly inputs: readonly LaneInput[];
  /** By input and partition. */
  readonly before: readonly (readonly number[])[];
  readonly after: readonly (readonly number[])[];
}

const noChecksum = '0'.repeat(16);

/** The slices and their order; `takings`: all of the step. */
export function slicesOf({ slices, order }: StepRecord, takings: readonly Taking[], positions: StepPositions): Pick<StepRecord, 'slices' | 'order'> {
  if (!positions.inputs.some(isCaptured)) return { slices: covering(slices, positions), order };
  return inTurns(slices, takings, positions);
}

/** From where the step found each partition to where it left it, rows that could not be used among them. */
function covering(slices: readonly Slice[], { before, after }: StepPositions): Slice[] {
  const covered = slices.map((slice) => ({ ...slice, from: before[slice.input]![slice.partition]!, to: after[slice.input]![slice.partition]! }));
  after.forEach((offsets, input) => offsets.forEach((to, partition) => {
    const from = before[input]![partition]!;
    if (to > from && !covered.some((slice) => slice.input === input && slice.partition === partition)) covered.push({ input, partition, from, to, rows: 0, checksum: noChecksum });
  }));
  return covered;
}

/**
 * Where captured topics take part each of their turns stands by itself: when a transaction gets whole, and is given,
 * follows from them. The rows that a captured topic counts are its records.
 */
function inTurns(made: readonly Slice[], takings: readonly Taking[], { inputs, before, after }: StepPositions): Pick<StepRecord, 'slices' | 'order'> {
  const slices: Slice[] = [];
  const order: number[] = [];
  for (const { input, partition, count } of takings) {
    let index = slices.findIndex((slice) => slice.input === input && slice.partition === partition);
    if (index < 0) {
      const own = isCaptured(inputs[input]!) ? undefined : made.find((slice) => slice.input === input && slice.partition === partition);
      index = slices.push({ input, partition, from: before[input]![partition]!, to: after[input]![partition]!, rows: 0, checksum: own?.checksum ?? noChecksum }) - 1;
    }
    slices[index] = { ...slices[index]!, rows: slices[index]!.rows + count };
    order.push(index, count);
  }
  return { slices, order };
}

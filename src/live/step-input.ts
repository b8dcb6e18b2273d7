/** A step of a lane while it is put together. */
import type { SliceRows } from '../engine/scan-batch.js';
import type { Piece, Rejection } from './rerun.js';
import type { Taking } from './step-slices.js';

/** What goes into a step. */
export interface StepInput {
  readonly pieces: Piece[];
  readonly takings: Taking[];
  readonly fed: SliceRows[];
  readonly rejected: Rejection[];
  /** Inputs of which nothing more was to be had. */
  readonly caughtUp: readonly number[];
  isBegun: boolean;
}

export const noInput = (): StepInput => ({ pieces: [], takings: [], fed: [], rejected: [], caughtUp: [], isBegun: false });

export const copyOf = (positions: readonly (readonly number[])[]): number[][] => positions.map((offsets) => [...offsets]);

/** Its records before `stop`. */
export function upTo(piece: Piece, stop: number): Piece {
  const { records } = piece;
  return records[records.length - 1]!.offset < stop ? piece : { ...piece, records: records.filter(({ offset }) => offset < stop) };
}

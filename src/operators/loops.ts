/**
 * Row loops made once per accumulator. Each is its own function, so the engine's inline caches see one class only:
 * with a shared loop every call of `add` is megamorphic. The text is fixed; nothing of the user's reaches it.
 */
import type { Accumulator } from './accumulator.js';
import type { Cells } from './cells.js';

/** Adds rows from..to to their slots. */
export type AddLoop = (cells: Cells, slots: Int32Array, from: number, to: number) => void;

const makeAddLoop = () => new Function('accumulator', `
  return (cells, slots, from, to) => {
    for (let row = from; row < to; row += 1) accumulator.add(cells, slots[row], row);
  };`) as (accumulator: Accumulator) => AddLoop;

export function addLoop(accumulator: Accumulator): AddLoop {
  const loop = makeAddLoop()(accumulator);
  if (accumulator.addAll === undefined) return loop;
  return (cells, slots, from, to) => {
    if (accumulator.takesAll) accumulator.addAll!(cells, slots, from, to);
    else loop(cells, slots, from, to);
  };
}

/** Tape codes beside pool rows: ≥ 0 adds that pool row, < 0 takes row ~code out. */
export const EMIT = 0x7fffffff;
export const REPEAT = 0x7ffffffe;

/** Plays a tape: `codes[k]` happens to slot `slots[k]`; `emit` writes a result, `repeat` the last one again. */
export type TapeLoop = (cells: Cells, slots: Int32Array, codes: Int32Array, length: number) => void;

const makeTapeLoop = () => new Function('accumulator', 'emit', 'repeat', `
  return (cells, slots, codes, length) => {
    for (let k = 0; k < length; k += 1) {
      const code = codes[k];
      if (code < 0) accumulator.retract(cells, slots[k], ~code);
      else if (code < ${REPEAT}) accumulator.add(cells, slots[k], code);
      else if (code === ${EMIT}) emit(cells, slots[k]);
      else repeat();
    }
  };`) as (accumulator: Accumulator, emit: (cells: Cells, slot: number) => void, repeat: () => void) => TapeLoop;

export const tapeLoop = (accumulator: Accumulator, emit: (cells: Cells, slot: number) => void, repeat: () => void): TapeLoop =>
  makeTapeLoop()(accumulator, emit, repeat);

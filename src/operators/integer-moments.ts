/**
 * Exact first and second moments of integers and unscaled decimals, for VAR_* and STDDEV_*, whose results are of the
 * argument's kind: integers cut off toward zero, decimals rounded half up. State: [count, sum…, sum of squares…].
 */
import { INTEGER_STRIDE, addInteger, integerSum, mergeInteger, subtractInteger } from '../core/exact-integer.js';
import { multiplyInt64 } from '../core/int64.js';
import type { Int64 } from '../core/types.js';
import { ArgumentReader, type Accumulator } from './accumulator.js';
import type { Cells } from './cells.js';

const SQUARES = 1 + INTEGER_STRIDE;

export class IntegerMomentsAccumulator extends ArgumentReader implements Accumulator {
  readonly realWidth = 1 + 2 * INTEGER_STRIDE;
  readonly objectWidth = 0;

  add(cells: Cells, slot: number, row: number): void {
    if (this.takes(row)) this.addValue(cells, slot, this.values[row], 1);
  }

  retract(cells: Cells, slot: number, row: number): void {
    if (this.takes(row)) this.addValue(cells, slot, this.values[row], -1);
  }

  merge(cells: Cells, slot: number, from: Cells, fromSlot: number): void {
    const at = slot * cells.realWidth + this.realAt;
    const other = fromSlot * from.realWidth + this.realAt;
    cells.reals[at]! += from.reals[other]!;
    for (const part of [1, SQUARES]) mergeInteger(cells.reals, at + part, cells.spills, at + part, from.reals, other + part, from.spills, other + part);
  }

  addValue(cells: Cells, slot: number, value: unknown, sign: number): void {
    const at = slot * cells.realWidth + this.realAt;
    const change = sign > 0 ? addInteger : subtractInteger;
    const whole = value as Int64;
    cells.reals[at]! += sign;
    change(cells.reals, at + 1, whole, cells.spills, at + 1);
    change(cells.reals, at + SQUARES, multiplyInt64(whole, whole), cells.spills, at + SQUARES);
  }

  count(cells: Cells, slot: number): number {
    return cells.reals[slot * cells.realWidth + this.realAt]!;
  }

  /** The exact variance as a fraction. `sample` needs a count of at least 2. */
  variance(cells: Cells, slot: number, sample: boolean): { readonly numerator: bigint; readonly denominator: bigint } {
    const at = slot * cells.realWidth + this.realAt;
    const count = BigInt(cells.reals[at]!);
    const sum = BigInt(integerSum(cells.reals, at + 1, cells.spills, at + 1));
    const squares = BigInt(integerSum(cells.reals, at + SQUARES, cells.spills, at + SQUARES));
    return { numerator: count * squares - sum * sum, denominator: count * (sample ? count - 1n : count) };
  }
}

/** The greatest integer whose square is at most `value`, which is not negative. */
export function integerRoot(value: bigint): bigint {
  if (value < 2n) return value;
  // From above, Newton's steps fall until they reach the root.
  let root = 1n << BigInt(value.toString(16).length * 2);
  for (;;) {
    const next = (root + value / root) >> 1n;
    if (next >= root) return root;
    root = next;
  }
}

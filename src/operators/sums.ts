/** Counting, summing and moments: exact, order-independent, and retractable without drift. */
import { SUM_STRIDE, addExact, mergeExact, roundedMean, roundedSum, subtractExact } from '../core/exact-sum.js';
import { INTEGER_STRIDE, addInteger, integerSum, mergeInteger, subtractInteger } from '../core/exact-integer.js';
import { MOMENTS_STRIDE, addMoments, mergeMoments, momentsMean, momentsSum, roundedDeviation, roundedVariance, subtractMoments } from '../core/moments.js';
import type { Int64 } from '../core/types.js';
import { ArgumentReader, type Accumulator } from './accumulator.js';
import type { Cells } from './cells.js';

/** Rows, or rows whose argument is not NULL. State: [count]. */
export class CountAccumulator extends ArgumentReader implements Accumulator {
  readonly realWidth = 1;
  readonly objectWidth = 0;

  add(cells: Cells, slot: number, row: number): void {
    if (this.takes(row)) cells.reals[slot * cells.realWidth + this.realAt]! += 1;
  }

  addAll({ reals, realWidth }: Cells, slots: Int32Array, from: number, to: number): void {
    const { realAt } = this;
    for (let row = from; row < to; row += 1) reals[slots[row]! * realWidth + realAt]! += 1;
  }

  retract(cells: Cells, slot: number, row: number): void {
    if (this.takes(row)) cells.reals[slot * cells.realWidth + this.realAt]! -= 1;
  }

  merge(cells: Cells, slot: number, from: Cells, fromSlot: number): void {
    cells.reals[slot * cells.realWidth + this.realAt]! += from.reals[fromSlot * from.realWidth + this.realAt]!;
  }

  addValue(cells: Cells, slot: number, _value: unknown, sign: number): void {
    cells.reals[slot * cells.realWidth + this.realAt]! += sign;
  }

  count(cells: Cells, slot: number): number {
    return cells.reals[slot * cells.realWidth + this.realAt]!;
  }
}

/** The exact sum of doubles. State: [count, sum…]. */
export class RealSumAccumulator extends ArgumentReader implements Accumulator {
  readonly realWidth = 1 + SUM_STRIDE;
  readonly objectWidth = 0;

  add(cells: Cells, slot: number, row: number): void {
    if (!this.takes(row)) return;
    const at = slot * cells.realWidth + this.realAt;
    const reals = cells.reals;
    reals[at]! += 1;
    addExact(reals, at + 1, (this.values as Float64Array)[row]!, cells.spills, at + 1);
  }

  addAll({ reals, realWidth, spills }: Cells, slots: Int32Array, from: number, to: number): void {
    const { realAt } = this;
    const values = this.values as Float64Array;
    for (let row = from; row < to; row += 1) {
      const at = slots[row]! * realWidth + realAt;
      reals[at]! += 1;
      addExact(reals, at + 1, values[row]!, spills, at + 1);
    }
  }

  retract(cells: Cells, slot: number, row: number): void {
    if (!this.takes(row)) return;
    const at = slot * cells.realWidth + this.realAt;
    const reals = cells.reals;
    reals[at]! -= 1;
    subtractExact(reals, at + 1, (this.values as Float64Array)[row]!, cells.spills, at + 1);
  }

  merge(cells: Cells, slot: number, from: Cells, fromSlot: number): void {
    const at = slot * cells.realWidth + this.realAt;
    const other = fromSlot * from.realWidth + this.realAt;
    cells.reals[at]! += from.reals[other]!;
    mergeExact(cells.reals, at + 1, cells.spills, at + 1, from.reals, other + 1, from.spills, other + 1);
  }

  addValue(cells: Cells, slot: number, value: unknown, sign: number): void {
    const at = slot * cells.realWidth + this.realAt;
    cells.reals[at]! += sign;
    if (sign > 0) addExact(cells.reals, at + 1, value as number, cells.spills, at + 1);
    else subtractExact(cells.reals, at + 1, value as number, cells.spills, at + 1);
  }

  count(cells: Cells, slot: number): number {
    return cells.reals[slot * cells.realWidth + this.realAt]!;
  }

  sum(cells: Cells, slot: number): number {
    const at = slot * cells.realWidth + this.realAt + 1;
    return roundedSum(cells.reals, at, cells.spills, at);
  }

  mean(cells: Cells, slot: number): number {
    const at = slot * cells.realWidth + this.realAt + 1;
    return roundedMean(cells.reals, at, cells.spills, at, cells.reals[at - 1]!);
  }
}

/** Exact sums of x and x². State: [count, moments…]. Serves SUM and AVG of the same column as well. */
export class MomentsAccumulator extends ArgumentReader implements Accumulator {
  readonly realWidth = 1 + MOMENTS_STRIDE;
  readonly objectWidth = 0;

  add(cells: Cells, slot: number, row: number): void {
    if (!this.takes(row)) return;
    const at = slot * cells.realWidth + this.realAt;
    const reals = cells.reals;
    reals[at]! += 1;
    addMoments(reals, at + 1, (this.values as Float64Array)[row]!, cells.spills, at + 1);
  }

  retract(cells: Cells, slot: number, row: number): void {
    if (!this.takes(row)) return;
    const at = slot * cells.realWidth + this.realAt;
    const reals = cells.reals;
    reals[at]! -= 1;
    subtractMoments(reals, at + 1, (this.values as Float64Array)[row]!, cells.spills, at + 1);
  }

  merge(cells: Cells, slot: number, from: Cells, fromSlot: number): void {
    const at = slot * cells.realWidth + this.realAt;
    const other = fromSlot * from.realWidth + this.realAt;
    cells.reals[at]! += from.reals[other]!;
    mergeMoments(cells.reals, at + 1, cells.spills, at + 1, from.reals, other + 1, from.spills, other + 1);
  }

  addValue(cells: Cells, slot: number, value: unknown, sign: number): void {
    const at = slot * cells.realWidth + this.realAt;
    cells.reals[at]! += sign;
    if (sign > 0) addMoments(cells.reals, at + 1, value as number, cells.spills, at + 1);
    else subtractMoments(cells.reals, at + 1, value as number, cells.spills, at + 1);
  }

  count(cells: Cells, slot: number): number {
    return cells.reals[slot * cells.realWidth + this.realAt]!;
  }

  sum(cells: Cells, slot: number): number {
    const at = slot * cells.realWidth + this.realAt + 1;
    return momentsSum(cells.reals, at, cells.spills, at);
  }

  mean(cells: Cells, slot: number): number {
    const at = slot * cells.realWidth + this.realAt + 1;
    return momentsMean(cells.reals, at, cells.spills, at, cells.reals[at - 1]!);
  }

  variance(cells: Cells, slot: number, sample: boolean): number {
    const at = slot * cells.realWidth + this.realAt + 1;
    return roundedVariance(cells.reals, at, cells.spills, at, cells.reals[at - 1]!, sample);
  }

  deviation(cells: Cells, slot: number, sample: boolean): number {
    const at = slot * cells.realWidth + this.realAt + 1;
    return roundedDeviation(cells.reals, at, cells.spills, at, cells.reals[at - 1]!, sample);
  }
}

/** The exact sum of integers or unscaled decimals, of any size. State: [count, sum…]. */
export class IntegerSumAccumulator extends ArgumentReader implements Accumulator {
  readonly realWidth = 1 + INTEGER_STRIDE;
  readonly objectWidth = 0;

  add(cells: Cells, slot: number, row: number): void {
    if (!this.takes(row)) return;
    const at = slot * cells.realWidth + this.realAt;
    cells.reals[at]! += 1;
    addInteger(cells.reals, at + 1, this.values[row] as Int64, cells.spills, at + 1);
  }

  addAll({ reals, realWidth, spills }: Cells, slots: Int32Array, from: number, to: number): void {
    const { realAt } = this;
    const values = this.values as Float64Array;
    for (let row = from; row < to; row += 1) {
      const at = slots[row]! * realWidth + realAt;
      reals[at]! += 1;
      addInteger(reals, at + 1, values[row]!, spills, at + 1);
    }
  }

  retract(cells: Cells, slot: number, row: number): void {
    if (!this.takes(row)) return;
    const at = slot * cells.realWidth + this.realAt;
    cells.reals[at]! -= 1;
    subtractInteger(cells.reals, at + 1, this.values[row] as Int64, cells.spills, at + 1);
  }

  merge(cells: Cells, slot: number, from: Cells, fromSlot: number): void {
    const at = slot * cells.realWidth + this.realAt;
    const other = fromSlot * from.realWidth + this.realAt;
    cells.reals[at]! += from.reals[other]!;
    mergeInteger(cells.reals, at + 1, cells.spills, at + 1, from.reals, other + 1, from.spills, other + 1);
  }

  addValue(cells: Cells, slot: number, value: unknown, sign: number): void {
    const at = slot * cells.realWidth + this.realAt;
    cells.reals[at]! += sign;
    if (sign > 0) addInteger(cells.reals, at + 1, value as Int64, cells.spills, at + 1);
    else subtractInteger(cells.reals, at + 1, value as Int64, cells.spills, at + 1);
  }

  count(cells: Cells, slot: number): number {
    return cells.reals[slot * cells.realWidth + this.realAt]!;
  }

  sum(cells: Cells, slot: number): Int64 {
    const at = slot * cells.realWidth + this.realAt + 1;
    return integerSum(cells.reals, at, cells.spills, at);
  }
}

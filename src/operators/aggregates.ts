/** From the plan's aggregate calls to accumulators and the results read from them. */
import { assert } from '../core/errors.js';
import type { Column } from '../core/batch.js';
import type { ColumnBuilder } from '../core/column-builder.js';
import { faults } from '../core/faults.js';
import { inInt64Range, toInt64 } from '../core/int64.js';
import { storageOf, type Int64, type Schema, type SqlType } from '../core/types.js';
import type { AggregateCall } from '../plan/plan.js';
import type { Accumulator } from './accumulator.js';
import type { Cells } from './cells.js';
import { DistinctAccumulator } from './distinct.js';
import { EdgeAccumulator, ExtremeAccumulator, LagAccumulator, RealEdgeAccumulator, RealExtremeAccumulator, SlidingAccumulator, type Value } from './extremes.js';
import { IntegerMomentsAccumulator, integerRoot } from './integer-moments.js';
import { RetractableEdgeAccumulator, RetractableExtremeAccumulator } from './retractable.js';
import { UserAccumulator } from './user-aggregate.js';
import { CountAccumulator, IntegerSumAccumulator, MomentsAccumulator, RealSumAccumulator } from './sums.js';

/** Writes one aggregate's result for a slot; returns why it could not, in which case nothing was written. */
export type ResultWriter = (cells: Cells, slot: number, out: ColumnBuilder) => string | null;

export interface AggregateResult {
  /** Index of the accumulator that the result is read from. */
  readonly accumulator: number;
  readonly write: ResultWriter;
}

export interface AggregatePlan {
  readonly accumulators: readonly Accumulator[];
  /** Input column and filter column of each accumulator. */
  readonly inputs: readonly { readonly argument: number | null; readonly filter: number | null; readonly defaultColumn: number | null; readonly more: readonly number[] }[];
  readonly results: readonly AggregateResult[];
  readonly realWidth: number;
  readonly objectWidth: number;
}

/** How rows leave: never (windows, unbounded frames), oldest first (bounded frames), or any of them (groups of rows that change). */
export type Leaving = 'never' | 'oldest-first' | 'any';

export function planAggregates(calls: readonly AggregateCall[], input: Schema, leaving: Leaving): AggregatePlan {
  const accumulators: Accumulator[] = [];
  const inputs: { argument: number | null; filter: number | null; defaultColumn: number | null; more: readonly number[] }[] = [];
  const known = new Map<string, number>();
  const moments = new Set(calls.filter((call) => family(call, input) === 'moments').map(momentsKey));
  const results = calls.map((call) => {
    let kind = family(call, input);
    // SUM and AVG read the moments of the same rows where these are kept anyway.
    if (kind === 'real-sum' && moments.has(momentsKey(call))) kind = 'moments';
    const distinct = call.distinct && kind !== 'extreme' && kind !== 'edge';
    const variant = kind === 'user' ? `${call.user!.name} ${call.more!.join()}` : kind === 'extreme' || kind === 'edge' ? call.name : kind === 'lag' ? `${call.offset ?? 1}:${call.defaultColumn ?? ''}` : '';
    const key = `${kind}|${variant}|${call.argument}|${call.filter}|${distinct}`;
    let index = known.get(key);
    if (index === undefined) {
      index = accumulators.length;
      known.set(key, index);
      accumulators.push(makeAccumulator(kind, call, input, distinct, leaving));
      inputs.push({ argument: call.argument, filter: call.filter, defaultColumn: call.defaultColumn ?? null, more: call.more ?? [] });
    }
    const argumentType = call.argument === null ? null : input[call.argument]!.type;
    const accumulator = accumulators[index]!;
    const inner = accumulator instanceof DistinctAccumulator ? (accumulator.inner as Accumulator) : accumulator;
    return { accumulator: index, write: writerOf(call, argumentType, inner) };
  });
  let realWidth = 0;
  let objectWidth = 0;
  for (const accumulator of accumulators) {
    accumulator.place(realWidth, objectWidth);
    realWidth += accumulator.realWidth;
    objectWidth += accumulator.objectWidth;
  }
  return { accumulators, inputs, results, realWidth, objectWidth };
}

export function bindAggregates(plan: AggregatePlan, columns: readonly Column[], time: Float64Array): void {
  plan.accumulators.forEach((accumulator, index) => {
    const { argument, filter, defaultColumn, more } = plan.inputs[index]!;
    accumulator.bind(argument === null ? null : columns[argument]!, filter === null ? null : columns[filter]!, time);
    if (defaultColumn !== null && accumulator instanceof LagAccumulator) accumulator.bindDefault(columns[defaultColumn]!);
    if (accumulator instanceof UserAccumulator) accumulator.bindArguments([argument!, ...more].map((column) => columns[column]!));
  });
}

type Family = 'count' | 'real-sum' | 'integer-sum' | 'moments' | 'integer-moments' | 'extreme' | 'edge' | 'lag' | 'user';

const momentsKey = (call: AggregateCall) => `${call.argument}|${call.filter}|${call.distinct}`;
const isReal = (type: SqlType) => type.kind === 'DOUBLE' || type.kind === 'FLOAT';

function family(call: AggregateCall, input: Schema): Family {
  switch (call.name) {
    case 'COUNT': return 'count';
    case 'SUM': case 'AVG': return isReal(input[call.argument!]!.type) ? 'real-sum' : 'integer-sum';
    case 'VAR_POP': case 'VAR_SAMP': case 'STDDEV_POP': case 'STDDEV_SAMP': return isReal(input[call.argument!]!.type) ? 'moments' : 'integer-moments';
    case 'MIN': case 'MAX': return 'extreme';
    case 'FIRST_VALUE': case 'LAST_VALUE': return 'edge';
    case 'LAG': return 'lag';
    case 'USER': return 'user';
  }
}

function makeAccumulator(kind: Family, call: AggregateCall, input: Schema, distinct: boolean, leaving: Leaving): Accumulator {
  const sign = call.name === 'MAX' || call.name === 'LAST_VALUE' ? 1 : -1;
  switch (kind) {
    case 'count': return distinct ? new DistinctAccumulator(new CountAccumulator()) : new CountAccumulator();
    case 'real-sum': return distinct ? new DistinctAccumulator(new RealSumAccumulator()) : new RealSumAccumulator();
    case 'integer-sum': return distinct ? new DistinctAccumulator(new IntegerSumAccumulator()) : new IntegerSumAccumulator();
    case 'moments': return distinct ? new DistinctAccumulator(new MomentsAccumulator()) : new MomentsAccumulator();
    case 'integer-moments': return distinct ? new DistinctAccumulator(new IntegerMomentsAccumulator()) : new IntegerMomentsAccumulator();
    case 'lag': return new LagAccumulator(call.offset ?? 1);
    case 'user': return new UserAccumulator(call.user!, [call.argument!, ...call.more!].map((column) => input[column]!.type), leaving);
    case 'edge':
      if (leaving === 'any') return new RetractableEdgeAccumulator(sign);
      if (leaving === 'oldest-first') return new SlidingAccumulator(sign === 1 ? 'last' : 'first');
      return storageOf(input[call.argument!]!.type) === 'real' ? new RealEdgeAccumulator(sign) : new EdgeAccumulator(sign);
    case 'extreme': {
      if (leaving === 'any') return new RetractableExtremeAccumulator(sign);
      if (leaving === 'oldest-first') return new SlidingAccumulator(sign === 1 ? 'max' : 'min');
      return storageOf(input[call.argument!]!.type) === 'real' ? new RealExtremeAccumulator(sign) : new ExtremeAccumulator(sign);
    }
  }
}

function writerOf(call: AggregateCall, argumentType: SqlType | null, accumulator: Accumulator): ResultWriter {
  if (accumulator instanceof CountAccumulator) {
    return (cells, slot, out) => (out.appendNumber(accumulator.count(cells, slot)), null);
  }
  if (accumulator instanceof RealSumAccumulator) return realWriter(call, accumulator);
  if (accumulator instanceof MomentsAccumulator) {
    return call.name === 'SUM' || call.name === 'AVG' ? realWriter(call, accumulator) : momentsWriter(call, accumulator);
  }
  if (accumulator instanceof IntegerMomentsAccumulator) return integerMomentsWriter(call, argumentType!, accumulator);
  if (accumulator instanceof IntegerSumAccumulator) {
    assert(argumentType !== null, 'a sum has an argument');
    return call.name === 'SUM' ? integerSumWriter(call, accumulator) : integerMeanWriter(call, argumentType, accumulator);
  }
  if (accumulator instanceof UserAccumulator) return (cells, slot, out) => accumulator.write(cells, slot, out);
  const values = accumulator as Accumulator & { value(cells: Cells, slot: number): Value | null };
  return (cells, slot, out) => (out.append(values.value(cells, slot)), null);
}

function realWriter(call: AggregateCall, accumulator: RealSumAccumulator | MomentsAccumulator): ResultWriter {
  const single = call.type.kind === 'FLOAT';
  const mean = call.name === 'AVG';
  return (cells, slot, out) => {
    if (accumulator.count(cells, slot) === 0) out.appendNull();
    else {
      const value = mean ? accumulator.mean(cells, slot) : accumulator.sum(cells, slot);
      out.appendNumber(single ? Math.fround(value) : value);
    }
    return null;
  };
}

function momentsWriter(call: AggregateCall, accumulator: MomentsAccumulator): ResultWriter {
  const sample = call.name.endsWith('SAMP');
  const root = call.name.startsWith('STDDEV');
  const single = call.type.kind === 'FLOAT';
  return (cells, slot, out) => {
    if (accumulator.count(cells, slot) < (sample ? 2 : 1)) out.appendNull();
    else {
      const value = faults.varianceBySquares ? spreadBySquares(accumulator, cells, slot, sample, root)
        : root ? accumulator.deviation(cells, slot, sample) : accumulator.variance(cells, slot, sample);
      out.appendNumber(single ? Math.fround(value) : value);
    }
    return null;
  };
}

/** The planted bug `varianceBySquares`: what subtracting two large sums leaves. */
function spreadBySquares(accumulator: MomentsAccumulator, cells: Cells, slot: number, sample: boolean, root: boolean): number {
  const count = accumulator.count(cells, slot);
  const sum = accumulator.sum(cells, slot);
  const squares = accumulator.variance(cells, slot, false) * count + (sum * sum) / count;
  const variance = (squares - (sum * sum) / count) / (sample ? count - 1 : count);
  return root ? Math.sqrt(variance) : variance;
}

const integerBits: Partial<Record<SqlType['kind'], bigint>> = { TINYINT: 7n, SMALLINT: 15n, INT: 31n };

function fits(type: SqlType, value: number | bigint): boolean {
  const bits = integerBits[type.kind];
  if (bits === undefined) return inInt64Range(value);
  return value >= -(1n << bits) && value < 1n << bits;
}

const decimalLimit = 10n ** 38n;

/** Flink: a decimal result that does not fit is NULL. */
function appendDecimal(out: ColumnBuilder, value: Int64): void {
  if (typeof value === 'bigint' && (value >= decimalLimit || value <= -decimalLimit)) out.appendNull();
  else out.append(typeof value === 'bigint' ? toInt64(value) : value);
}

function integerSumWriter(call: AggregateCall, accumulator: IntegerSumAccumulator): ResultWriter {
  const decimal = call.type.kind === 'DECIMAL';
  return (cells, slot, out) => {
    if (accumulator.count(cells, slot) === 0) out.appendNull();
    else {
      const exact = accumulator.sum(cells, slot);
      const sum = faults.integersRounded ? toInt64(BigInt(Number(exact))) : exact;
      if (decimal) appendDecimal(out, sum);
      else if (fits(call.type, sum)) out.append(sum);
      else return `the sum ${sum} does not fit ${call.type.kind}`;
    }
    return null;
  };
}

function integerMeanWriter(call: AggregateCall, argumentType: SqlType, accumulator: IntegerSumAccumulator): ResultWriter {
  const decimal = argumentType.kind === 'DECIMAL';
  const shift = decimal ? 10n ** BigInt((call.type.scale ?? 0) - (argumentType.scale ?? 0)) : 1n;
  return (cells, slot, out) => {
    const count = accumulator.count(cells, slot);
    if (count === 0) out.appendNull();
    else {
      const sum = accumulator.sum(cells, slot);
      if (!decimal && faults.averageRounds) out.append(toInt64(divideHalfUp(BigInt(sum), BigInt(count))));
      else if (!decimal) out.append(typeof sum === 'number' ? Math.trunc(sum / count) + 0 : toInt64(sum / BigInt(count)));
      else appendDecimal(out, divideHalfUp(BigInt(sum) * shift, BigInt(count)));
    }
    return null;
  };
}

/** Of integers cut off toward zero, as in Flink; of decimals rounded half up at the result's scale, which is at least the argument's. */
function integerMomentsWriter(call: AggregateCall, argumentType: SqlType, accumulator: IntegerMomentsAccumulator): ResultWriter {
  const sample = call.name.endsWith('SAMP');
  const root = call.name.startsWith('STDDEV');
  const decimal = argumentType.kind === 'DECIMAL';
  // An unscaled decimal is its value times 10^scale, so the variance of those is in units of 10^(-2 · scale).
  const unit = 10n ** BigInt(2 * (argumentType.scale ?? 0));
  const scale = 10n ** BigInt(call.type.scale ?? 0);
  return (cells, slot, out) => {
    if (accumulator.count(cells, slot) < (sample ? 2 : 1)) {
      out.appendNull();
      return null;
    }
    const { numerator, denominator } = accumulator.variance(cells, slot, sample);
    let value: bigint;
    if (!decimal) value = root ? integerRoot(numerator / denominator) : numerator / denominator;
    else if (root) value = (integerRoot((4n * numerator * scale * scale) / (denominator * unit)) + 1n) >> 1n;
    else value = divideHalfUp(numerator * scale, denominator * unit);
    if (decimal) appendDecimal(out, value);
    else if (!fits(call.type, value)) return `the result ${value} does not fit ${call.type.kind}`;
    else out.append(toInt64(value));
    return null;
  };
}

function divideHalfUp(numerator: bigint, denominator: bigint): bigint {
  const doubled = 2n * (numerator < 0n ? -numerator : numerator) + denominator;
  const quotient = doubled / (2n * denominator);
  return numerator < 0n ? -quotient : quotient;
}

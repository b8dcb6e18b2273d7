/** What an aggregate of given rows is, computed from all of them at once. */
import { compareCells, textOf, type Cell, type Field } from './cells.js';
import { Refused, type Aggregate } from './query.js';
import { mixOf } from './user-code.js';
import { halfUp, nearest, rootOf, unitsOf, varianceOf } from './rational.js';

/** The exact variance whose root a deviation must be near to, in squared counts of 2^-1074. */
export class Root {
  constructor(readonly numerator: bigint, readonly denominator: bigint) {}
}

export type Value = Cell | Root;

/** A row of a window or frame: its event time, and the aggregate's argument. Rows stand in the order of arrival. */
export interface Sample {
  readonly time: number;
  readonly value: Cell;
}

/** Throws `Refused` where an integer overflows. COUNT(*) is given any value that is not NULL. */
export function aggregateOf({ name, distinct, argument, offset, result }: Aggregate, samples: readonly Sample[]): Value {
  const present = samples.filter(({ value }) => value !== null);
  switch (name) {
    case 'COUNT': return BigInt(distinct ? distinctOf(present).length : present.length);
    case 'FIRST_VALUE': return present.reduce<Sample | null>((first, sample) => (first === null || sample.time < first.time ? sample : first), null)?.value ?? null;
    case 'LAST_VALUE': return present.reduce<Sample | null>((last, sample) => (last === null || sample.time >= last.time ? sample : last), null)?.value ?? null;
    case 'LAG': return samples.length > offset ? samples[samples.length - 1 - offset]!.value : null;
    case 'LAW_MIX': return mixOf(present.map(({ value }) => value as bigint));
    case 'MIN': return extremeOf(present, -1);
    case 'MAX': return extremeOf(present, 1);
    default: {
      const values = (distinct ? distinctOf(present) : present).map(({ value }) => value!);
      if (values.length === 0) return null;
      if (argument!.field.kind === 'DOUBLE') return ofReals(name, values as number[]);
      const value = ofIntegers(name, values as bigint[], argument!.field, result);
      // A decimal with more than 38 digits is NULL.
      return result.kind === 'DECIMAL' && value !== null && (value as bigint) / 10n ** 38n !== 0n ? null : value;
    }
  }
}

function distinctOf(samples: readonly Sample[]): readonly Sample[] {
  return [...new Map(samples.map((sample) => [textOf(sample.value), sample])).values()];
}

/** NaN above all, −0 below +0. */
function extremeOf(samples: readonly Sample[], sign: 1 | -1): Cell {
  const rank = (value: Cell): number => (Number.isNaN(value) ? 1 : 0);
  const order = (a: Cell, b: Cell): number => rank(a) - rank(b) || compareCells(a, b) || Number(Object.is(b, -0)) - Number(Object.is(a, -0));
  const values = samples.map(({ value }) => value);
  return values.reduce<Cell>((best, value) => (best === null || order(value, best) * sign > 0 ? value : best), null);
}

function ofReals(name: Aggregate['name'], values: readonly number[]): Value {
  const spreads = name.startsWith('VAR') || name.startsWith('STDDEV');
  const sample = name.endsWith('SAMP');
  if (spreads && sample && values.length < 2) return null;
  if (values.some((value) => !Number.isFinite(value))) {
    const isMixed = values.some(Number.isNaN) || (values.includes(Infinity) && values.includes(-Infinity));
    return spreads || isMixed ? NaN : values.includes(Infinity) ? Infinity : -Infinity;
  }
  const units = values.map(unitsOf);
  const sum = units.reduce((total, value) => total + value, 0n);
  if (name === 'SUM') return nearest(sum, 1n);
  if (name === 'AVG') return nearest(sum, BigInt(values.length));
  const { numerator, denominator } = varianceOf(units, sample);
  return name.startsWith('VAR') ? nearest(numerator, denominator << 1074n) : new Root(numerator, denominator);
}

const ranges = { INT: 31n, BIGINT: 63n } as const;

function ofIntegers(name: Aggregate['name'], values: readonly bigint[], argument: Field, result: Field): Cell {
  const sum = values.reduce((total, value) => total + value, 0n);
  const sample = name.endsWith('SAMP');
  const count = BigInt(values.length);
  // A decimal result has more digits after the point than its argument.
  const shift = 10n ** BigInt((result.scale ?? 0) - (argument.scale ?? 0));
  if (name === 'SUM') return argument.kind === 'DECIMAL' ? sum : inRange(sum, argument.kind as 'INT' | 'BIGINT');
  if (name === 'AVG') return argument.kind === 'DECIMAL' ? halfUp(sum * shift, count) : sum / count;
  if (sample && values.length < 2) return null;
  return spreadOf(name, values, argument, result);
}

/** Integers are cut off toward zero; decimals are rounded half up at the result's scale. */
function spreadOf(name: Aggregate['name'], values: readonly bigint[], argument: Field, result: Field): Cell {
  const { numerator, denominator } = varianceOf(values, name.endsWith('SAMP'));
  const root = name.startsWith('STDDEV');
  if (argument.kind !== 'DECIMAL') {
    const cut = root ? rootOf(numerator / denominator) : numerator / denominator;
    return inRange(cut, argument.kind as 'INT' | 'BIGINT');
  }
  // value = unscaled · 10^-s, so its variance is in units of 10^-2s.
  const [own, wanted] = [BigInt(argument.scale!), BigInt(result.scale!)];
  if (!root) return halfUp(numerator * 10n ** wanted, denominator * 10n ** (2n * own));
  const doubled = rootOf((4n * numerator * 10n ** (2n * wanted)) / (denominator * 10n ** (2n * own)));
  return (doubled + 1n) / 2n;
}

function inRange(value: bigint, kind: 'INT' | 'BIGINT'): bigint {
  const bits = ranges[kind];
  if (value < -(1n << bits) || value >= 1n << bits) throw new Refused('overflow');
  return value;
}

/** Functions of numbers: ABS, SIGN, ROUND, FLOOR, GREATEST and the like. */
import { decimalType, sqlType, typeName } from '../core/types.js';
import type { Int64, SqlType } from '../core/types.js';
import { literal } from '../plan/expression.js';
import type { Expression } from '../plan/expression.js';
import { coerce, unify } from './casts.js';
import { decimalFromText, decimalText, rounder, wholeNumber } from './decimals.js';
import { callOf, calling, failure, inline } from './kernel.js';
import type { CallSite, FunctionTable, Kernel, ScalarFunction } from './kernel.js';
import { resolveTimeRounding, timeRoundingKernel } from './time-rounding.js';
import { invalid, isApproximate, isInteger, isNullType, isNumeric } from './typing.js';

export function numericArgument(site: CallSite, arg: Expression): Expression {
  if (isNullType(arg.type)) return coerce(arg, sqlType('DOUBLE'), site.place);
  if (!isNumeric(arg.type)) throw invalid(site.place, `${site.name} takes a number, not ${typeName(arg.type, false)}; CAST it`);
  return arg;
}

function integerArgument(site: CallSite, arg: Expression): Expression {
  if (!isInteger(arg.type) && !isNullType(arg.type)) throw invalid(site.place, `${site.name} takes an INT here, not ${typeName(arg.type, false)}`);
  return coerce(arg, sqlType('INT'), site.place);
}

const integerMin: Readonly<Record<string, Int64>> = { TINYINT: -128, SMALLINT: -32_768, INT: -2_147_483_648, BIGINT: -(2n ** 63n) };

/** A function of one number, with its type. */
const ofNumber = (kernel: (type: SqlType) => Kernel): ScalarFunction => ({
  argumentsMin: 1,
  argumentsMax: 1,
  resolve: (site, [arg]) => {
    const number = numericArgument(site, arg!);
    return callOf(site, [number], number.type);
  },
  kernel: (_, type) => kernel(type),
});

function absolute(type: SqlType): Kernel {
  if (isApproximate(type)) return inline((a) => `Math.abs(${a})`);
  const least = integerMin[type.kind];
  return calling((value: Int64) => {
    if (value === least) throw failure(`integer overflow: ABS(${value}) does not fit ${type.kind}`);
    return value < 0 ? (typeof value === 'number' ? -value : -value) : value;
  }, { fails: true });
}

function sign(type: SqlType): Kernel {
  if (isApproximate(type)) return inline((a) => `Math.sign(${a})`);
  const one = type.kind === 'DECIMAL' ? decimalFromText('1', 38, type.scale!)! : 1;
  return calling((value: Int64) => (value < 0 ? -one : value > 0 ? one : 0));
}

/** Rounds the shortest decimal text of a double, as Flink does: what is printed is what is rounded. */
function roundReal(value: number, places: number, truncate: boolean): number {
  if (!Number.isFinite(value)) throw failure(`${truncate ? 'TRUNCATE' : 'ROUND'} does not take ${value}`);
  if (places > 340) return value;
  if (places < -310) return 0;
  // Digits after the point of the shortest text, which keeps every digit of the value.
  const text = value.toExponential();
  const [mantissa, exponent] = text.split('e') as [string, string];
  const scale = Math.max(0, mantissa.replace(/^-?\d\.?/, '').length - Number(exponent));
  if (scale <= places) return value;
  const unit = 10n ** BigInt(scale - places);
  const unscaled = BigInt(mantissa.replace('.', '')) * 10n ** BigInt(Math.max(0, Number(exponent) - (mantissa.replace(/^-?\d\.?/, '').length)));
  const rest = unscaled % unit;
  const up = !truncate && (rest < 0n ? -rest : rest) * 2n >= unit;
  const units = unscaled / unit + (up ? (unscaled < 0n ? -1n : 1n) : 0n);
  return Number(places >= 0 ? decimalText(units, places) : `${units}e${-places}`);
}

function roundInteger(value: Int64, places: number, truncate: boolean): Int64 {
  return places >= 0 ? value : rounder(0, Math.max(places, -39), 38, 0, truncate)(value)!;
}

function roundType(arg: SqlType, places: Expression | undefined): SqlType {
  if (arg.kind !== 'DECIMAL') return arg;
  const digits = places === undefined ? 0 : places.kind === 'literal' && typeof places.value === 'number' ? places.value : null;
  if (digits === null || digits >= arg.scale!) return arg;
  const whole = arg.precision! - arg.scale!;
  return digits < 0 ? decimalType(Math.min(38, 1 + whole), 0, arg.nullable) : decimalType(1 + whole + digits, digits, arg.nullable);
}

function rounding(truncate: boolean): ScalarFunction {
  return {
    argumentsMin: 1,
    argumentsMax: 2,
    resolve(site, [arg, places]) {
      const number = numericArgument(site, arg!);
      const type = roundType(number.type, places);
      const digits = places === undefined ? literal(0, sqlType('INT', false)) : integerArgument(site, places);
      return callOf(site, [number, digits], type, number.type.nullable || digits.type.nullable || type.kind === 'DECIMAL');
    },
    kernel: ([arg], type) => {
      if (arg!.kind === 'FLOAT') return calling((value: number, places: number) => Math.fround(roundReal(value, places, truncate)), { fails: true });
      if (arg!.kind === 'DOUBLE') return calling((value: number, places: number) => roundReal(value, places, truncate), { fails: true });
      if (arg!.kind !== 'DECIMAL') return calling((value: Int64, places: number) => roundInteger(value, places, truncate));
      const { precision, scale } = type as { precision: number; scale: number };
      return calling((value: Int64, places: number) => rounder(arg!.scale!, Math.max(places, -39), precision, scale, truncate)(value), { givesNull: true });
    },
  };
}

/** FLOOR and CEIL of a number, or of a time to a unit. */
function wholeFunction(direction: -1 | 1): ScalarFunction {
  return {
    argumentsMin: 1,
    argumentsMax: 1,
    resolve(site, [arg]) {
      if (site.unit !== null) return resolveTimeRounding(site, arg!);
      const number = numericArgument(site, arg!);
      if (isInteger(number.type)) return number;
      const type = number.type.kind === 'DECIMAL' ? decimalType(number.type.precision!, 0) : number.type;
      return callOf(site, [number], type, number.type.nullable);
    },
    kernel([arg], _, unit) {
      if (unit !== null) return timeRoundingKernel(arg!, unit, direction);
      if (arg!.kind === 'DECIMAL') return calling(wholeNumber(arg!.scale!, direction));
      return inline((a) => `Math.${direction === -1 ? 'floor' : 'ceil'}(${a})`);
    },
  };
}

/** As MIN and MAX order numbers: NaN above all, -0 below +0. */
function isLess(a: number, b: number): boolean {
  if (a < b) return true;
  if (a > b) return false;
  if (a === 0 && b === 0) return Object.is(a, -0) && !Object.is(b, -0);
  return a === a && b !== b;
}

/** NULL when an argument is, as in Flink. */
function extreme(direction: -1 | 1): ScalarFunction {
  return {
    argumentsMin: 1,
    argumentsMax: Infinity,
    resolve(site, given) {
      const { type, args } = unify(given, site.place, site.name);
      if (isNullType(type)) throw invalid(site.place, `${site.name} has only NULLs; CAST one of them to a type`);
      if (type.kind === 'BOOLEAN' || type.kind === 'BYTES') throw invalid(site.place, `${site.name} does not take ${typeName(type, false)}`);
      return callOf(site, args, type);
    },
    kernel(_, type) {
      if (isApproximate(type)) {
        return calling((...values: number[]) => values.reduce((best, value) => ((direction === -1 ? isLess(value, best) : isLess(best, value)) ? value : best)));
      }
      return calling((...values: (number | string)[]) => values.reduce((best, value) => ((direction === -1 ? value < best : value > best) ? value : best)));
    },
  };
}

const constant = (value: number): ScalarFunction => ({
  argumentsMin: 0, argumentsMax: 0, resolve: () => literal(value, sqlType('DOUBLE', false)),
});

const squareRoot: ScalarFunction = {
  argumentsMin: 1,
  argumentsMax: 1,
  resolve: (site, [arg]) => callOf(site, [coerce(numericArgument(site, arg!), sqlType('DOUBLE'), site.place)], sqlType('DOUBLE')),
  kernel: () => inline((a) => `Math.sqrt(${a})`),
};

export const numeric: FunctionTable = {
  ABS: ofNumber(absolute),
  SIGN: ofNumber(sign),
  ROUND: rounding(false),
  TRUNCATE: rounding(true),
  FLOOR: wholeFunction(-1),
  CEIL: wholeFunction(1),
  CEILING: wholeFunction(1),
  SQRT: squareRoot,
  GREATEST: extreme(1),
  LEAST: extreme(-1),
  PI: constant(Math.PI),
  E: constant(Math.E),
};

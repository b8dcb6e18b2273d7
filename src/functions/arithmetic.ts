/** + - * / % and the minus sign, over numbers, and over times with intervals. */
import { addInt64, divideInt64, inInt64Range, multiplyInt64, remainderInt64, subtractInt64 } from '../core/int64.js';
import { sqlType, timestampType, timestampUnits, typeName } from '../core/types.js';
import type { Int64, SqlType, TypeKind } from '../core/types.js';
import { literal } from '../plan/expression.js';
import type { Expression } from '../plan/expression.js';
import { addMonths, addMonthsToDays, millisPerDay } from './calendar.js';
import { coerce } from './casts.js';
import { adder, divider, multiplier, remainder } from './decimals.js';
import { callOf, calling, failure, inline } from './kernel.js';
import type { CallSite, FunctionTable, Kernel, ScalarFunction } from './kernel.js';
import { commonType, decimalResult, invalid, isApproximate, isExact, isInteger, isInterval, isNullType, isNumeric, isTimestamp, typeNames } from './typing.js';

type Operator = '+' | '-' | '*' | '/' | '%';

function overflow(value: number | bigint, kind: TypeKind): never {
  throw failure(`integer overflow: ${value} does not fit ${kind}; CAST an operand to a wider type`);
}

/** Checks of computed integers; `+ 0` turns -0 into 0. */
const checks: Partial<Record<TypeKind, (value: number) => number>> = {
  TINYINT: (value) => (value <= 127 && value >= -128 ? value + 0 : overflow(value, 'TINYINT')),
  SMALLINT: (value) => (value <= 32_767 && value >= -32_768 ? value + 0 : overflow(value, 'SMALLINT')),
  INT: (value) => (value <= 2_147_483_647 && value >= -2_147_483_648 ? value + 0 : overflow(value, 'INT')),
};

function nonZero(divisor: number): number {
  if (divisor === 0) throw failure('division by zero');
  return divisor;
}

function checkedBig(value: Int64): Int64 {
  return inInt64Range(value) ? value : overflow(value, 'BIGINT');
}

// A result of two numbers within ±(2^53 - 1) is exact as it is; the rest is rare and goes through core/int64.
function addBig(a: Int64, b: Int64): Int64 {
  if (typeof a === 'number' && typeof b === 'number') {
    const sum = a + b;
    if (sum <= 9007199254740991 && sum >= -9007199254740991) return sum;
  }
  return checkedBig(addInt64(a, b));
}

function subtractBig(a: Int64, b: Int64): Int64 {
  if (typeof a === 'number' && typeof b === 'number') {
    const difference = a - b;
    if (difference <= 9007199254740991 && difference >= -9007199254740991) return difference;
  }
  return checkedBig(subtractInt64(a, b));
}

function multiplyBig(a: Int64, b: Int64): Int64 {
  if (typeof a === 'number' && typeof b === 'number') {
    const product = a * b;
    if (product <= 9007199254740991 && product >= -9007199254740991) return product + 0;
  }
  return checkedBig(multiplyInt64(a, b));
}

function divideBig(a: Int64, b: Int64): Int64 {
  if (b === 0) throw failure('division by zero');
  return checkedBig(divideInt64(a, b));
}

function remainderBig(a: Int64, b: Int64): Int64 {
  if (b === 0) throw failure('division by zero');
  return remainderInt64(a, b);
}

const bigKernels: Record<Operator, Kernel> = {
  '+': calling(addBig, { fails: true }),
  '-': calling(subtractBig, { fails: true }),
  '*': calling(multiplyBig, { fails: true }),
  '/': calling(divideBig, { fails: true }),
  '%': calling(remainderBig, { fails: true }),
};

function integerKernel(operator: Operator, kind: TypeKind): Kernel {
  if (kind === 'BIGINT') return bigKernels[operator];
  const check = checks[kind]!;
  return {
    fails: true,
    code: ([a, b], use) => {
      if (operator === '/') return `${use(check)}(Math.trunc(${a} / ${use(nonZero)}(${b})))`;
      if (operator === '%') return `(${a} % ${use(nonZero)}(${b}) + 0)`;
      return `${use(check)}(${a} ${operator} ${b})`;
    },
  };
}

function decimalKernel(operator: Operator, [a, b]: readonly SqlType[], type: SqlType): Kernel {
  const { precision, scale } = type as { precision: number; scale: number };
  const [scaleA, scaleB] = [a!.scale!, b!.scale!];
  const givesNull = overflows(type);
  switch (operator) {
    case '+': return calling(adder(1, scaleA, scaleB, precision, scale), { givesNull });
    case '-': return calling(adder(-1, scaleA, scaleB, precision, scale), { givesNull });
    case '*': return calling(multiplier(scaleA, scaleB, precision, scale), { givesNull });
    case '/': return calling(divider(scaleA, scaleB, precision, scale), { fails: true, givesNull });
    case '%': return calling(remainder(scaleA, scaleB, precision, scale), { fails: true, givesNull });
  }
}

/** Adds an interval to a count of units since 1970 (TIMESTAMP) or of days (DATE). */
function timeKernel(operator: Operator, [time, interval]: readonly SqlType[]): Kernel {
  const sign = operator === '-' ? -1 : 1;
  if (time!.kind === 'DATE') {
    if (interval!.kind === 'INTERVAL_MONTH') return calling((days: number, months: number) => addMonthsToDays(days, sign * months));
    return inline((days, millis) => `(${days} ${operator} ${millis} / ${millisPerDay})`);
  }
  const units = timestampUnits(time!.precision ?? 6);
  if (interval!.kind === 'INTERVAL_MONTH') return calling((value: Int64, months: number) => addMonths(value, sign * months, units));
  if (units === 1e3) return inline((value, millis) => `(${value} ${operator} ${millis})`);
  return calling((value: Int64, millis: number) => addBig(value, multiplyBig(sign * millis, units / 1e3)), { fails: true });
}

/** The type of DATE ± a day-time interval: a DATE for whole days, else a TIMESTAMP(0), as far as the text tells. */
function dateWithInterval(site: CallSite, date: Expression, interval: Expression): Expression[] {
  const whole = interval.kind === 'literal' && typeof interval.value === 'number' && interval.value % millisPerDay === 0;
  if (interval.type.kind === 'INTERVAL_MONTH' || whole) return [date, interval];
  return [coerce(date, timestampType(0), site.place), interval];
}

function timeArithmetic(site: CallSite, args: readonly Expression[]): Expression | null {
  const [a, b] = args as [Expression, Expression];
  const isTime = (type: SqlType): boolean => isTimestamp(type) || type.kind === 'DATE';
  const name = site.name as Operator;
  if (isTime(a.type) && isInterval(b.type) && (name === '+' || name === '-')) {
    const operands = a.type.kind === 'DATE' ? dateWithInterval(site, a, b) : [a, b];
    return callOf(site, operands, operands[0]!.type, a.type.nullable || b.type.nullable);
  }
  if (isInterval(a.type) && isTime(b.type) && name === '+') return timeArithmetic(site, [b, a]);
  if (isInterval(a.type) && a.type.kind === b.type.kind && (name === '+' || name === '-')) return callOf(site, args, a.type);
  if (isInterval(a.type) && isNumeric(b.type) && name === '*') return intervalTimes(site, a, b);
  if (isNumeric(a.type) && isInterval(b.type) && name === '*') return intervalTimes(site, b, a);
  if (isTime(a.type) && isTime(b.type) && name === '-') {
    throw invalid(site.place, `two times cannot be subtracted; write TIMESTAMPDIFF(SECOND, earlier, later)`);
  }
  return null;
}

function intervalTimes(site: CallSite, interval: Expression, factor: Expression): Expression {
  if (!isInteger(factor.type)) throw invalid(site.place, `an interval is multiplied by whole numbers only, not ${typeName(factor.type, false)}`);
  return callOf(site, [interval, coerce(factor, sqlType('INT'), site.place)], interval.type);
}

/** An untyped NULL takes the other operand's type. */
function typedNulls(site: CallSite, args: readonly Expression[]): readonly Expression[] {
  if (!args.some((arg) => isNullType(arg.type))) return args;
  const other = args.find((arg) => !isNullType(arg.type))?.type ?? sqlType('INT');
  const type = isTimestamp(other) || other.kind === 'DATE' ? sqlType('INTERVAL_DAY') : other;
  return args.map((arg) => (isNullType(arg.type) ? coerce(arg, type, site.place) : arg));
}

function resolveBinary(site: CallSite, given: readonly Expression[]): Expression {
  const args = typedNulls(site, given);
  const timed = timeArithmetic(site, args);
  if (timed !== null) return timed;
  const [a, b] = args as [Expression, Expression];
  const operator = site.name as Operator;
  const wrong = !isNumeric(a.type) || !isNumeric(b.type) || (operator === '%' && !(isExact(a.type) && isExact(b.type)));
  if (wrong) {
    const text = a.type.kind === 'STRING' && b.type.kind === 'STRING' && operator === '+' ? '; strings are joined by ||' : '';
    throw invalid(site.place, `${operator} does not take ${typeNames([a.type, b.type])}${text}; CAST the operands to numbers that it takes`);
  }
  const decimal = a.type.kind === 'DECIMAL' || b.type.kind === 'DECIMAL';
  if (decimal && !isApproximate(a.type) && !isApproximate(b.type)) {
    const operands = args.map((arg) => coerce(arg, decimalOf(arg.type), site.place));
    const result = decimalResult(operator, a.type, b.type);
    const call = callOf(site, operands, result, a.type.nullable || b.type.nullable || overflows(result));
    // The remainder of whole numbers has its divisor's type.
    return operator === '%' && scaleOf(a.type) === 0 && scaleOf(b.type) === 0 ? coerce(call, b.type, site.place) : call;
  }
  const common = commonType([a.type, b.type])!;
  const call = callOf(site, args.map((arg) => coerce(arg, common, site.place)), common);
  // MOD has its divisor's type, in Flink as in Calcite.
  return operator === '%' && isInteger(b.type) && b.type.kind !== common.kind ? coerce(call, b.type, site.place) : call;
}

/** Only where precision was cut to 38 digits can a result be too large for its type; it is NULL then. */
const overflows = (type: SqlType): boolean => type.precision === 38;

const scaleOf = (type: SqlType): number => type.scale ?? 0;

function decimalOf(type: SqlType): SqlType {
  return type.kind === 'DECIMAL' ? type : { ...decimalResult('%', type, type), nullable: type.nullable };
}

function binaryKernel(operator: Operator): NonNullable<ScalarFunction['kernel']> {
  return (args, type) => {
    if (type.kind === 'DECIMAL') return decimalKernel(operator, args, type);
    if (type.kind === 'DOUBLE') return inline((a, b) => `(${a} ${operator} ${b})`);
    if (type.kind === 'FLOAT') return inline((a, b) => `Math.fround(${a} ${operator} ${b})`);
    if (isInteger(type)) return integerKernel(operator, type.kind);
    if (isInterval(type)) return inline((a, b) => `(${a} ${operator} ${b})`);
    return timeKernel(operator, args);
  };
}

const negation: ScalarFunction = {
  argumentsMin: 1,
  argumentsMax: 1,
  resolve(site, [arg]) {
    if (!isNumeric(arg!.type) && !isInterval(arg!.type)) throw invalid(site.place, `- does not take ${typeName(arg!.type, false)}`);
    if (arg!.kind === 'literal' && typeof arg!.value === 'number') {
      // -0 exists in DOUBLE and FLOAT only.
      return literal(isApproximate(arg!.type) ? -arg!.value : 0 - arg!.value, arg!.type);
    }
    return callOf(site, [arg!], arg!.type);
  },
  kernel(_, type) {
    if (isApproximate(type)) return inline((a) => `(-${a})`);
    if (type.kind === 'DECIMAL') return calling((value: Int64) => (typeof value === 'number' ? 0 - value : -value));
    if (type.kind === 'BIGINT') return calling((value: Int64) => subtractBig(0, value), { fails: true });
    const check = checks[type.kind] ?? ((value: number) => value);
    return { fails: true, code: ([a], use) => `${use(check)}(0 - ${a})` };
  },
};

const binary = (operator: Operator): ScalarFunction => ({
  argumentsMin: 2, argumentsMax: 2, resolve: resolveBinary, kernel: binaryKernel(operator),
});

export const arithmetic: FunctionTable = {
  '+': binary('+'),
  '-': binary('-'),
  '*': binary('*'),
  '/': binary('/'),
  '%': binary('%'),
  MOD: { argumentsMin: 2, argumentsMax: 2, resolve: (site, args) => resolveBinary({ ...site, name: '%' }, args) },
  NEG: negation,
};

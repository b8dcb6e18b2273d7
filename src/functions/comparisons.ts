/** = <> < <= > >=, BETWEEN, IN and IS [NOT] DISTINCT FROM. Each compares values of one type. */
import { decimalType, sqlType, typeName } from '../core/types.js';
import type { SqlType } from '../core/types.js';
import type { Expression } from '../plan/expression.js';
import { coerce, unify } from './casts.js';
import { callOf, inline } from './kernel.js';
import type { CallSite, FunctionTable, ScalarFunction } from './kernel.js';
import { asDecimal, invalid, isApproximate, isExact, isNullType, isTimestamp } from './typing.js';

const boolean = sqlType('BOOLEAN');

const isTime = (type: SqlType): boolean => isTimestamp(type) || type.kind === 'DATE';

/** The operands at one type: the common one; a string beside a time is read as that time. */
export function comparable(site: CallSite, args: readonly Expression[]): readonly Expression[] {
  const time = args.find((arg) => isTime(arg.type));
  const read = time === undefined ? args : args.map((arg) => (arg.type.kind === 'STRING' ? coerce(arg, time.type, site.place) : arg));
  const { type, args: unified } = unify(exactDecimals(read, site), site.place, site.name);
  if (type.kind === 'BYTES') throw invalid(site.place, `${typeName(type, false)} cannot be compared`);
  return isNullType(type) ? unified.map((arg) => coerce(arg, sqlType('INT'), site.place)) : unified;
}

/** Decimals compare exactly: at as many digits as that takes, beyond the 38 that a column may have. */
function exactDecimals(args: readonly Expression[], site: CallSite): readonly Expression[] {
  if (!args.some((arg) => arg.type.kind === 'DECIMAL') || !args.every((arg) => isExact(arg.type) || isNullType(arg.type))) return args;
  const types = args.filter((arg) => isExact(arg.type)).map((arg) => asDecimal(arg.type));
  const scale = Math.max(...types.map((type) => type.scale!));
  const whole = Math.max(...types.map((type) => type.precision! - type.scale!));
  return args.map((arg) => (isNullType(arg.type) ? arg : coerce(arg, decimalType(whole + scale, scale), site.place)));
}

/** The unit of a comparison in which NaN is above every number. */
const nanAbove = 'NAN';
const opposite: Readonly<Record<string, string>> = { '<': '>=', '<=': '>', '>': '<=', '>=': '<' };

/** In Flink NaN is above every decimal, also above one written down as 100.5, while it is neither above nor below 100 or 1e2. */
function ordered(site: CallSite, args: readonly Expression[]): CallSite {
  const [greater, less] = site.name.startsWith('>') ? args : [...args].reverse();
  const mixed = site.name in opposite && isApproximate(greater!.type) && less!.type.kind === 'DECIMAL';
  return mixed ? { ...site, unit: nanAbove } : site;
}

const comparison = (operator: string): ScalarFunction => ({
  argumentsMin: 2,
  argumentsMax: 2,
  resolve: (site, args) => callOf(ordered(site, args), comparable(site, args), boolean),
  // Numbers compare as in Java (NaN equals nothing), strings by code units, 64-bit integers exactly.
  kernel: (_args, _type, unit) => inline((a, b) => (unit === nanAbove ? `!(${a} ${opposite[operator]} ${b})` : `(${a} ${operator} ${b})`)),
});

/** Known to the compiler: NULL is a value like any other here, and the result is never NULL. */
const distinction: ScalarFunction = {
  argumentsMin: 2,
  argumentsMax: 2,
  resolve: (site, args) => callOf(site, comparable(site, args), boolean, false),
};

const part = (site: CallSite, name: string, args: readonly Expression[]): Expression =>
  callOf(ordered({ ...site, name }, args), name === 'AND' || name === 'OR' ? args : comparable({ ...site, name }, args), boolean);

const between: ScalarFunction = {
  argumentsMin: 3,
  argumentsMax: 3,
  resolve: (site, [value, low, high]) => part(site, 'AND', [part(site, '>=', [value!, low!]), part(site, '<=', [value!, high!])]),
};

/** A long list of literals stays a call, which the compiler looks up in a set; else it is a chain of =. */
const listed: ScalarFunction = {
  argumentsMin: 2,
  argumentsMax: Infinity,
  resolve(site, args) {
    const operands = comparable(site, args);
    const [value, ...list] = operands;
    if (list.length > 3 && list.every((item) => item.kind === 'literal' && item.value !== null)) return callOf(site, operands, boolean);
    return list.map((item) => part(site, '=', [value!, item])).reduce((left, right) => part(site, 'OR', [left, right]));
  },
};

export const comparisons: FunctionTable = {
  '=': comparison('==='),
  '<>': comparison('!=='),
  '<': comparison('<'),
  '<=': comparison('<='),
  '>': comparison('>'),
  '>=': comparison('>='),
  'IS DISTINCT FROM': distinction,
  'IS NOT DISTINCT FROM': distinction,
  BETWEEN: between,
  IN: listed,
};

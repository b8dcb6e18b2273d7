/** AND, OR, NOT, IS ..., CASE, COALESCE and what is made of them. The compiler knows these: they take NULLs, and leave branches out. */
import { sqlType, typeName, withNullable } from '../core/types.js';
import type { SqlType } from '../core/types.js';
import { literal } from '../plan/expression.js';
import type { Expression } from '../plan/expression.js';
import { coerce, unify } from './casts.js';
import { comparable } from './comparisons.js';
import { callOf, inline } from './kernel.js';
import type { CallSite, FunctionTable, ScalarFunction } from './kernel.js';
import { invalid, isNullType } from './typing.js';

const boolean = sqlType('BOOLEAN');

export function asBoolean(site: CallSite, arg: Expression): Expression {
  if (isNullType(arg.type)) return coerce(arg, boolean, site.place);
  if (arg.type.kind !== 'BOOLEAN') throw invalid(site.place, `${site.name} takes BOOLEAN, not ${typeName(arg.type, false)}; write a comparison`);
  return arg;
}

const connective: ScalarFunction = {
  argumentsMin: 2,
  argumentsMax: Infinity,
  resolve: (site, args) => args.map((arg) => asBoolean(site, arg)).reduce((left, right) => callOf(site, [left, right], boolean)),
};

const negation: ScalarFunction = {
  argumentsMin: 1,
  argumentsMax: 1,
  resolve: (site, [arg]) => callOf(site, [asBoolean(site, arg!)], boolean),
  kernel: () => inline((a) => `!${a}`),
};

const truthTest: ScalarFunction = {
  argumentsMin: 1,
  argumentsMax: 1,
  resolve: (site, [arg]) => callOf(site, [asBoolean(site, arg!)], boolean, false),
};

const nullTest: ScalarFunction = {
  argumentsMin: 1,
  argumentsMax: 1,
  resolve: (site, [arg]) => callOf(site, [isNullType(arg!.type) ? coerce(arg!, boolean, site.place) : arg!], boolean, false),
};

function caseOf(site: CallSite, conditions: readonly Expression[], values: readonly Expression[]): Expression {
  const { type, args } = unify(values, site.place, site.name);
  if (isNullType(type)) throw invalid(site.place, `${site.name} has only NULLs as results; CAST one of them to a type`);
  const branches = conditions.flatMap((condition, index) => [asBoolean({ ...site, name: 'CASE WHEN' }, condition), args[index]!]);
  return callOf({ ...site, name: 'CASE', unit: null }, [...branches, args[args.length - 1]!], type, args.some((arg) => arg.type.nullable));
}

/** Arguments: condition, value, ..., and last the value of ELSE (NULL when there is none). */
const caseWhen: ScalarFunction = {
  argumentsMin: 2,
  argumentsMax: Infinity,
  resolve(site, given) {
    const args = given.length % 2 === 0 ? [...given, literal(null, sqlType('NULL'))] : given;
    const conditions = args.filter((_, index) => index % 2 === 0 && index < args.length - 1);
    const values = args.filter((_, index) => index % 2 === 1 || index === args.length - 1);
    return caseOf(site, conditions, values);
  },
};

const ifElse: ScalarFunction = {
  argumentsMin: 3,
  argumentsMax: 3,
  resolve: (site, [condition, yes, no]) => caseOf(site, [condition!], [yes!, no!]),
};

const coalesce: ScalarFunction = {
  argumentsMin: 1,
  argumentsMax: Infinity,
  resolve(site, given) {
    const { type, args } = unify(given, site.place, site.name);
    if (isNullType(type)) throw invalid(site.place, `${site.name} has only NULLs; CAST one of them to a type`);
    if (args.length === 1) return args[0]!;
    return callOf({ ...site, name: 'COALESCE' }, args, type, args.every((arg) => arg.type.nullable));
  },
};

/** CASE WHEN a = b THEN NULL ELSE a END, with the type of a. */
const nullIf: ScalarFunction = {
  argumentsMin: 2,
  argumentsMax: 2,
  resolve(site, [a, b]) {
    if (isNullType(a!.type)) throw invalid(site.place, 'NULLIF needs a typed first argument; CAST it');
    const equal = callOf({ ...site, name: '=' }, comparable({ ...site, name: '=' }, [a!, b!]), boolean);
    const type: SqlType = withNullable(a!.type, true);
    return callOf({ ...site, name: 'CASE' }, [equal, literal(null, type), a!], type, true);
  },
};

export const logic: FunctionTable = {
  AND: connective,
  OR: connective,
  NOT: negation,
  'IS NULL': nullTest,
  'IS NOT NULL': nullTest,
  'IS TRUE': truthTest,
  'IS NOT TRUE': truthTest,
  'IS FALSE': truthTest,
  'IS NOT FALSE': truthTest,
  'IS UNKNOWN': { ...nullTest, resolve: (site, [arg]) => callOf({ ...site, name: 'IS NULL' }, [asBoolean(site, arg!)], boolean, false) },
  'IS NOT UNKNOWN': { ...nullTest, resolve: (site, [arg]) => callOf({ ...site, name: 'IS NOT NULL' }, [asBoolean(site, arg!)], boolean, false) },
  CASE: caseWhen,
  IF: ifElse,
  COALESCE: coalesce,
  IFNULL: { ...coalesce, argumentsMin: 2, argumentsMax: 2 },
  NULLIF: nullIf,
};

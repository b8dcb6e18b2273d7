/** Expressions printed back as SQL-like text. */
import { civilOf, splitDay } from '../functions/calendar.js';
import { decimalText } from '../functions/decimals.js';
import { timestampUnits, typeName } from '../core/types.js';
import type { SqlType } from '../core/types.js';
import type { Expression } from './expression.js';

/** How tightly an operator binds: an operand that binds less gets parentheses. */
const strength: Readonly<Record<string, number>> = {
  OR: 1, AND: 2, NOT: 3, '=': 4, '<>': 4, '<': 4, '<=': 4, '>': 4, '>=': 4, LIKE: 4, IN: 4,
  'IS DISTINCT FROM': 4, 'IS NOT DISTINCT FROM': 4, '+': 5, '-': 5, '||': 5, '*': 6, '/': 6, '%': 6, NEG: 7,
};
const suffixStrength = 4;
const atom = 9;

/** `expression` as text; `names[i]` is what column i is called. */
export function printExpression(expression: Expression, names: readonly string[]): string {
  return print(expression, names, 0);
}

/** With parentheses where `expression` binds less than `outer`. */
function print(expression: Expression, names: readonly string[], outer: number): string {
  if (expression.kind === 'column') {
    const name = names[expression.index] ?? `#${expression.index}`;
    // A computed column is named after its expression, which then stands inside another.
    return outer > 0 && name.includes(' ') && !/^\w+\(.*\)( OVER)?$/.test(name) ? `(${name})` : name;
  }
  if (expression.kind === 'literal') return printLiteral(expression.value, expression.type);
  const [text, binds] = printCall(expression, names);
  return binds < outer ? `(${text})` : text;
}

type CallExpression = Extract<Expression, { readonly kind: 'call' }>;

function printCall({ name, args, type }: CallExpression, names: readonly string[]): readonly [string, number] {
  if (/^[<>]=?(:|$)/.test(name)) return printOrder(name, args as readonly [Expression, Expression], names);
  const binds = strength[name];
  const [first, second] = args;
  if (name === 'CAST' || name === 'TRY_CAST') return [`${name}(${print(first!, names, 0)} AS ${typeName(type, false)})`, atom];
  if (name === 'CASE') return [printCase(args, names), atom];
  if (name === 'NEG') {
    const operand = print(first!, names, strength['NEG']!);
    // Two signs would begin a comment.
    return [operand.startsWith('-') ? `-(${operand})` : `-${operand}`, strength['NEG']!];
  }
  if (name === 'NOT') return [`NOT ${print(first!, names, binds!)}`, binds!];
  if (name === 'IN') return [`${print(first!, names, binds! + 1)} IN (${args.slice(1).map((arg) => print(arg, names, 0)).join(', ')})`, binds!];
  if (name.startsWith('IS ') && args.length === 1) return [`${print(first!, names, suffixStrength + 1)} ${name}`, suffixStrength];
  if (binds !== undefined && args.length === 2) {
    // The right operand is grouped when it binds equally: a - (b - c).
    const left = print(first!, names, binds === 4 ? 5 : binds);
    return [`${left} ${name} ${print(second!, names, binds + 1)}`, binds];
  }
  const [base = name, unit] = name.split(':');
  const texts = args.map((arg) => print(arg, names, 0));
  if (unit === undefined) return [`${base}(${texts.join(', ')})`, atom];
  if (base === 'EXTRACT') return [`EXTRACT(${unit} FROM ${texts[0]})`, atom];
  if (base === 'FLOOR' || base === 'CEIL') return [`${base}(${texts[0]} TO ${unit})`, atom];
  // TIMESTAMPADD and TIMESTAMPDIFF begin with their unit; elsewhere it is the last argument.
  return [`${base}(${(base.startsWith('TIMESTAMP') ? [unit, ...texts] : [...texts, unit]).join(', ')})`, atom];
}

/** A comparison by size means another thing to NaN beside a DECIMAL than beside a DOUBLE, so the number keeps its type. */
function printOrder(name: string, args: readonly Expression[], names: readonly string[]): readonly [string, number] {
  const [operator, unit] = name.split(':');
  const texts = args.map((arg) => {
    if (unit === undefined) return arg.kind === 'literal' && arg.type.kind === 'DOUBLE' ? doubleText(arg.value) : print(arg, names, 5);
    const isDecimal = arg.kind === 'call' && arg.name === 'CAST' && arg.args[0]!.type.kind === 'DECIMAL';
    return print(isDecimal ? arg.args[0]! : arg, names, 5);
  });
  return [texts.join(` ${operator} `), strength[operator!]!];
}

/** A number that is no DECIMAL: an integer, or one with an exponent. */
function doubleText(value: Extract<Expression, { kind: 'literal' }>['value']): string {
  const text = String(value);
  return value === null ? 'NULL' : Object.is(value, -0) ? '-0E0' : Number.isSafeInteger(value) || text.includes('e') ? text : `${text}E0`;
}

function printCase(args: readonly Expression[], names: readonly string[]): string {
  const [equal, none, value] = args;
  if (args.length === 3 && equal!.kind === 'call' && equal!.name === '=' && none!.kind === 'literal' && none!.value === null) {
    const text = print(value!, names, 0);
    if (print(equal!.args[0]!, names, 0) === text) return `NULLIF(${text}, ${print(equal!.args[1]!, names, 0)})`;
  }
  const parts: string[] = ['CASE'];
  for (let at = 0; at + 1 < args.length; at += 2) parts.push(`WHEN ${print(args[at]!, names, 0)} THEN ${print(args[at + 1]!, names, 0)}`);
  const last = args.length % 2 === 1 ? args[args.length - 1]! : undefined;
  if (last !== undefined && !(last.kind === 'literal' && last.value === null)) parts.push(`ELSE ${print(last, names, 0)}`);
  return `${parts.join(' ')} END`;
}

function printLiteral(value: Extract<Expression, { kind: 'literal' }>['value'], type: SqlType): string {
  if (value === null) return 'NULL';
  if (typeof value === 'boolean') return value ? 'TRUE' : 'FALSE';
  if (typeof value === 'string') return `'${value.replaceAll("'", "''")}'`;
  switch (type.kind) {
    case 'BOOLEAN': return value === 0 ? 'FALSE' : 'TRUE';
    case 'DECIMAL': return decimalText(value, type.scale ?? 0);
    case 'INTERVAL_DAY': return `INTERVAL ${durationText(Number(value))}`;
    case 'INTERVAL_MONTH': return `INTERVAL '${value}' MONTH`;
    case 'DATE': return `DATE '${dateText(Number(value))}'`;
    case 'TIMESTAMP': case 'TIMESTAMP_LTZ': return `TIMESTAMP '${timestampText(value, type.precision ?? 6)}'`;
    case 'DOUBLE': case 'FLOAT': return Object.is(value, -0) ? '-0.0' : Number.isInteger(value) && Math.abs(Number(value)) < 1e15 ? `${value}.0` : String(value);
    default: return String(value);
  }
}

function dateText(days: number): string {
  const { year, month, day } = civilOf(days);
  return `${String(year).padStart(4, '0')}-${String(month).padStart(2, '0')}-${String(day).padStart(2, '0')}`;
}

function timestampText(value: number | bigint, precision: number): string {
  const units = timestampUnits(precision);
  const { days, rest } = splitDay(value, units);
  const seconds = Math.floor(rest / units);
  const clock = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60].map((part) => String(part).padStart(2, '0')).join(':');
  const fraction = rest % units === 0 ? '' : `.${String(rest % units).padStart(String(units).length - 1, '0')}`;
  return `${dateText(days)} ${clock}${fraction}`;
}

const durationUnits: readonly (readonly [string, number])[] = [['DAY', 86_400_000], ['HOUR', 3_600_000], ['MINUTE', 60_000], ['SECOND', 1000]];

/** Milliseconds as SQL writes them: `'5' MINUTE`, `'0.250' SECOND`. */
export function durationText(millis: number): string {
  const whole = durationUnits.find(([, size]) => millis !== 0 && millis % size === 0);
  return whole === undefined ? `'${(millis / 1000).toFixed(3)}' SECOND` : `'${millis / whole[1]}' ${whole[0]}`;
}

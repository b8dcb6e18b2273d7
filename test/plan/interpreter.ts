/**
 * A slow reference for the stage compiler: one row at a time, values boxed, each rule of SQL written down once more.
 * BIGINT values are handed in and out canonical (number while safe) and computed as bigint.
 */
import type { Int64, SqlType } from '../../src/core/types.js';
import type { Expression } from '../../src/plan/expression.js';

export type Value = Int64 | string | boolean | null;
export type Row = readonly Value[];

/** Thrown where an expression fails. */
const failed = Symbol('failed');

/** The outputs of a row; null when the filter leaves it out. */
export function interpret(row: Row, filter: Expression | null, outputs: readonly Expression[]): Value[] | null | 'failed' {
  try {
    if (filter !== null && evaluate(filter, row) !== true) return null;
    return outputs.map((output) => evaluate(output, row));
  } catch (error) {
    if (error === failed) return 'failed';
    throw error;
  }
}

const fail = (): never => {
  throw failed;
};

function integer(value: bigint, type: SqlType): Value {
  const bits = type.kind === 'BIGINT' ? 63n : 31n;
  if (value >= 2n ** bits || value < -(2n ** bits)) return fail();
  return Number.isSafeInteger(Number(value)) ? Number(value) : value;
}

function arithmetic(name: string, a: Int64, b: Int64, type: SqlType): Value {
  if (type.kind === 'DOUBLE') {
    const [x, y] = [a as number, b as number];
    return name === '+' ? x + y : name === '-' ? x - y : name === '*' ? x * y : x / y;
  }
  const [x, y] = [BigInt(a), BigInt(b)];
  if (y === 0n && (name === '/' || name === '%')) return fail();
  return integer(name === '+' ? x + y : name === '-' ? x - y : name === '*' ? x * y : name === '/' ? x / y : x % y, type);
}

function compare(name: string, a: never, b: never): boolean {
  switch (name) {
    case '=': return a === b;
    case '<>': return a !== b;
    case '<': return a < b;
    case '<=': return a <= b;
    case '>': return a > b;
    default: return a >= b;
  }
}

/** SQL's LIKE without an escape. */
const like = (text: string, pattern: string): boolean =>
  pattern === '' ? text === '' : pattern[0] === '%' ? like(text, pattern.slice(1)) || (text !== '' && like(text.slice(1), pattern))
    : text !== '' && (pattern[0] === '_' || pattern[0] === text[0]) && like(text.slice(1), pattern.slice(1));

function evaluate(expression: Expression, row: Row): Value {
  if (expression.kind === 'column') return row[expression.index]!;
  if (expression.kind === 'literal') return expression.value;
  const { name, args, type } = expression;
  const at = (index: number): Value => evaluate(args[index]!, row);
  switch (name) {
    case 'AND': case 'OR': {
      const decides = name === 'OR';
      const first = at(0);
      if (first === decides) return decides;
      const second = at(1);
      return second === decides ? decides : first === null || second === null ? null : !decides;
    }
    case 'CASE': {
      for (let branch = 0; branch + 1 < args.length; branch += 2) if (at(branch) === true) return at(branch + 1);
      return at(args.length - 1);
    }
    case 'COALESCE': {
      for (let index = 0; index < args.length; index += 1) {
        const value = at(index);
        if (value !== null) return value;
      }
      return null;
    }
    default: return eager(name, args.map((arg) => evaluate(arg, row)), args, type);
  }
}

/** Functions that need all their arguments. */
function eager(name: string, values: readonly Value[], args: readonly Expression[], type: SqlType): Value {
  const [a, b] = values as [never, never];
  switch (name) {
    case 'IS NULL': return a === null;
    case 'IS NOT NULL': return a !== null;
    case 'IS TRUE': return a === true;
    case 'IS NOT TRUE': return a !== true;
    case 'IS FALSE': return a === false;
    case 'IS NOT FALSE': return a !== false;
    case 'IS DISTINCT FROM': return a !== b;
    case 'IS NOT DISTINCT FROM': return a === b;
    case 'CONCAT_WS': return a === null ? null : values.slice(1).filter((value) => value !== null).join(a);
  }
  if (values.includes(null)) return null;
  switch (name) {
    case 'NOT': return !a;
    case '+': case '-': case '*': case '/': case '%': return arithmetic(name, a, b, type);
    case 'NEG': return integer(-BigInt(a), type);
    case '=': case '<>': case '<': case '<=': case '>': case '>=': return compare(name, a, b);
    case 'IN': return values.slice(1).includes(a);
    case 'LIKE': return like(a, b);
    case 'CAST': return type.kind === 'DOUBLE' ? Number(a) : a;
    case 'ABS': return Math.abs(a);
    case 'GREATEST': return values.reduce((best, value) => (value! > best! ? value : best))!;
    case 'CHAR_LENGTH': return [...(a as string)].length;
    case '||': return values.join('');
    case 'UPPER': return /^[\0-\x7f]*$/.test(a) ? (a as string).toUpperCase() : fail();
    default: throw new Error(`the interpreter does not know ${name}(${args.length})`);
  }
}

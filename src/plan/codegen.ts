/**
 * Turns typed expressions into the body of a row loop. A value is a pair of JavaScript texts, the value and
 * whether it is NULL, so nothing is boxed; what is computed once in a scope is named and used again; branches
 * that SQL leaves out (CASE, COALESCE, AND, OR) are blocks of their own. No text of the user's gets into the code:
 * names are ours, and literals other than numbers and booleans are handed over in a list of constants.
 */
import type { Dictionary } from '../core/batch.js';
import { TapewrightError, assert } from '../core/errors.js';
import { storageOf, typeName } from '../core/types.js';
import type { Physical, Schema, SqlType } from '../core/types.js';
import type { Kernel } from '../functions/kernel.js';
import { kernelOf } from '../functions/scalar.js';
import type { Expression, Place } from './expression.js';

type Call = Expression & { readonly kind: 'call' };

/** How a batch holds an input column; each combination that occurs gets code of its own. */
export interface ColumnForm {
  readonly hasNulls: boolean;
  readonly hasDictionary: boolean;
}

/** A value in generated code. */
interface Operand {
  readonly value: string;
  /** Condition under which it is NULL (`value` is then anything of its type); null: it never is. */
  readonly isNull: string | null;
  /** The dictionary code, for a text column that has codes. */
  readonly code?: { readonly text: string; readonly column: number };
  /** A BOOLEAN whose value is false where it is NULL: it is its own truth. */
  readonly falseWhenNull?: boolean;
}

/** Lines that come before a value is used, the value, and the condition under which it is NULL. */
export interface ReadCode {
  readonly lines: readonly string[];
  readonly value: string;
  readonly isNull: string | null;
}

interface Scope {
  readonly known: Map<number, Operand>;
  readonly lines: string[];
}

const zeroOf = (type: SqlType): string => (storageOf(type) === 'text' ? "''" : type.kind === 'BOOLEAN' ? 'false' : '0');

const either = (conditions: readonly (string | null)[]): string | null => {
  const some = [...new Set(conditions.filter((condition) => condition !== null))];
  if (some.includes('true')) return 'true';
  return some.length === 0 ? null : some.length === 1 ? some[0]! : `(${some.join(' || ')})`;
};

/** Tells a row that an expression refused from a bug. */
export const isFailure = (error: unknown): boolean => error instanceof TapewrightError && error.code === 'EXPRESSION_FAILED';

/** Results of a function of one dictionary string, by code: computed once for each string. */
function memo(): (dictionary: Dictionary) => unknown[] {
  const tables = new WeakMap<Dictionary, unknown[]>();
  return (dictionary) => {
    let table = tables.get(dictionary);
    if (table === undefined) tables.set(dictionary, table = []);
    return table;
  };
}

const codesOf = (dictionary: Dictionary, texts: readonly string[]): Set<number> => new Set(texts.map((text) => dictionary.codeOf(text)));

export class CodeGenerator {
  /** Code that runs once a call, before the loop. */
  readonly prologue: string[] = [];
  readonly constants: unknown[] = [];
  readonly places: Place[] = [];
  readonly columns = new Set<number>();
  usesNow = false;
  #names = 0;
  readonly #constantNames = new Map<unknown, string>();
  readonly #keys = new WeakMap<Expression, number>();
  readonly #shapes = new Map<string, number>();
  #scopes: Scope[] = [{ known: new Map(), lines: [] }];

  /** `read` stands in for the columns of a batch: code that reads a column from elsewhere. */
  constructor(readonly schema: Schema, readonly forms: readonly ColumnForm[], readonly read: ((index: number) => ReadCode) | null = null) {}

  get lines(): string[] {
    return this.#scopes[this.#scopes.length - 1]!.lines;
  }

  /** Whether a row can fail. */
  get fails(): boolean {
    return this.places.length > 0;
  }

  constant(value: unknown): string {
    let name = this.#constantNames.get(value);
    if (name === undefined) {
      name = `k${this.constants.length}`;
      this.constants.push(value);
      this.#constantNames.set(value, name);
    }
    return name;
  }

  /** The condition that the expression is true (not false, not NULL). */
  truth(expression: Expression): string {
    const operand = this.emit(expression);
    if (operand.isNull === null || operand.falseWhenNull === true) return operand.value;
    return `(!${operand.isNull} && ${operand.value})`;
  }

  /** Code for the expression's value goes to the current block, unless a block around it has it already. */
  emit(expression: Expression): Operand {
    if (expression.kind === 'literal') return this.#literal(expression.value, expression.type);
    const key = this.#key(expression);
    for (const scope of this.#scopes) {
      const known = scope.known.get(key);
      if (known !== undefined) return known;
    }
    const operand = expression.kind === 'column' ? this.#column(expression.index) : this.#call(expression);
    this.#scopes[this.#scopes.length - 1]!.known.set(key, operand);
    return operand;
  }

  #name(): string {
    this.#names += 1;
    return `v${this.#names}`;
  }

  /** A number that two expressions share iff they compute the same. */
  #key(expression: Expression): number {
    let key = this.#keys.get(expression);
    if (key !== undefined) return key;
    const text = this.#shape(expression);
    key = this.#shapes.get(text) ?? this.#shapes.size;
    this.#shapes.set(text, key);
    this.#keys.set(expression, key);
    return key;
  }

  #shape(expression: Expression): string {
    if (expression.kind === 'column') return `#${expression.index}`;
    if (expression.kind === 'call') return `${expression.name}(${expression.args.map((arg) => this.#key(arg)).join(',')}):${typeName(expression.type)}`;
    const { value, type } = expression;
    return `${typeof value}:${Object.is(value, -0) ? '-0' : String(value)}:${typeName(type)}`;
  }

  #define(value: string, isNull: string | null, falseWhenNull = false): Operand {
    const name = this.#name();
    this.lines.push(`const ${name} = ${value};`);
    if (isNull === null || isNull === 'true' || /^n?v\d+$/.test(isNull)) return { value: name, isNull, falseWhenNull };
    this.lines.push(`const n${name} = ${isNull};`);
    return { value: name, isNull: `n${name}`, falseWhenNull };
  }

  /** Runs `emit` in a block of its own. */
  #block<Result>(emit: () => Result): { readonly lines: string[]; readonly result: Result } {
    const scope: Scope = { known: new Map(), lines: [] };
    this.#scopes.push(scope);
    const result = emit();
    this.#scopes.pop();
    return { lines: scope.lines, result };
  }

  #literal(value: Physical, type: SqlType): Operand {
    if (value === null) return { value: zeroOf(type), isNull: 'true' };
    if (type.kind === 'BOOLEAN') return { value: String(value === true || value === 1), isNull: null };
    if (typeof value !== 'number' || !Number.isFinite(value)) return { value: this.constant(value), isNull: null };
    const text = Object.is(value, -0) ? '-0' : String(value);
    return { value: text.startsWith('-') ? `(${text})` : text, isNull: null };
  }

  #column(index: number): Operand {
    if (this.read !== null) {
      const { lines, value, isNull } = this.read(index);
      this.lines.push(...lines);
      return { value, isNull };
    }
    const { type } = this.schema[index]!;
    const form = this.forms[index]!;
    this.columns.add(index);
    const name = this.#name();
    if (storageOf(type) === 'text') {
      this.lines.push(`const ${name} = values${index}[i];`);
      if (!form.hasDictionary) return { value: name, isNull: `(${name} === null)` };
      return { value: `strings${index}[${name}]`, isNull: `(${name} === 0)`, code: { text: name, column: index } };
    }
    this.lines.push(`const ${name} = values${index}[i]${type.kind === 'BOOLEAN' ? ' !== 0' : ''};`);
    if (!form.hasNulls) return { value: name, isNull: null };
    this.lines.push(`const n${name} = nulls${index}[i] !== 0;`);
    return { value: name, isNull: `n${name}` };
  }

  #call(call: Call): Operand {
    const [first, second] = call.args;
    switch (call.name) {
      case 'AND': return this.#connective(first!, second!, true);
      case 'OR': return this.#connective(first!, second!, false);
      case 'CASE': return this.#case(call);
      case 'COALESCE': return this.#coalesce(call);
      case 'IS NULL': return { value: this.emit(first!).isNull ?? 'false', isNull: null };
      case 'IS NOT NULL': return { value: `!${this.emit(first!).isNull ?? 'false'}`, isNull: null };
      case 'IS TRUE': return this.#define(this.truth(first!), null);
      case 'IS NOT TRUE': return this.#define(`!${this.truth(first!)}`, null);
      case 'IS FALSE': return this.#define(this.#falsehood(first!), null);
      case 'IS NOT FALSE': return this.#define(`!${this.#falsehood(first!)}`, null);
      case 'IS DISTINCT FROM': return this.#define(`!${this.#same(first!, second!)}`, null);
      case 'IS NOT DISTINCT FROM': return this.#define(this.#same(first!, second!), null);
      case 'IN': return this.#in(call);
      case '=': case '<>': return this.#codeComparison(call) ?? this.#strict(call);
      case 'CURRENT_TIMESTAMP':
        this.usesNow = true;
        return this.#define('now[i]', null);
      default: return this.#strict(call);
    }
  }

  #falsehood(expression: Expression): string {
    const { value, isNull } = this.emit(expression);
    return isNull === null ? `!${value}` : `(!${isNull} && !${value})`;
  }

  #same(first: Expression, second: Expression): string {
    const a = this.emit(first);
    const b = this.emit(second);
    const equal = `${a.value} === ${b.value}`;
    if (a.isNull === null && b.isNull === null) return `(${equal})`;
    const [aNull, bNull] = [a.isNull ?? 'false', b.isNull ?? 'false'];
    return `(${aNull} ? ${bNull} : (!${bNull} && ${equal}))`;
  }

  /** AND and OR: the second operand is left out where the first decides. NULL does not decide. */
  #connective(first: Expression, second: Expression, isAnd: boolean): Operand {
    const a = this.emit(first);
    const { lines, result: b } = this.#block(() => this.emit(second));
    const operator = isAnd ? '&&' : '||';
    if (lines.length === 0 && a.isNull === null && b.isNull === null) return this.#define(`${a.value} ${operator} ${b.value}`, null);
    const name = this.#name();
    const open = either([a.isNull, isAnd ? a.value : `!${a.value}`])!;
    const nullable = a.isNull !== null || b.isNull !== null;
    this.lines.push(`let ${name} = ${!isAnd}${nullable ? `, n${name} = false` : ''};`, `if (${open}) {`, ...lines);
    const certain = (operand: Operand): string => (operand.isNull === null || operand.falseWhenNull === true ? operand.value : `!${operand.isNull} && ${operand.value}`);
    // Within the block an AND's first operand is true or NULL, an OR's false or NULL.
    this.lines.push(isAnd && a.isNull !== null ? `${name} = !${a.isNull} && ${certain(b)};` : `${name} = ${certain(b)};`);
    if (nullable) {
      const doubtful = isAnd ? either([b.isNull, b.value])! : either([a.isNull, b.isNull])!;
      this.lines.push(`n${name} = !${name} && ${doubtful};`);
    }
    this.lines.push('}');
    return { value: name, isNull: nullable ? `n${name}` : null, falseWhenNull: true };
  }

  #case(call: Call): Operand {
    const name = this.#name();
    let isNullable = false;
    const assign = (value: Expression): void => {
      const operand = this.emit(value);
      if (operand.isNull !== 'true') this.lines.push(`${name} = ${operand.value};`);
      if (operand.isNull === null) return;
      this.lines.push(`n${name} = ${operand.isNull};`);
      isNullable = true;
    };
    const branch = (at: number): void => {
      if (at === call.args.length - 1) return assign(call.args[at]!);
      const condition = this.truth(call.args[at]!);
      const yes = this.#block(() => assign(call.args[at + 1]!));
      const no = this.#block(() => branch(at + 2));
      this.lines.push(`if (${condition}) {`, ...yes.lines, '} else {', ...no.lines, '}');
    };
    // The first condition is computed in any case, so it stays in this block, for others to use.
    this.truth(call.args[0]!);
    const { lines } = this.#block(() => branch(0));
    this.lines.push(`let ${name} = ${zeroOf(call.type)}, n${name} = false;`, ...lines);
    return { value: name, isNull: isNullable ? `n${name}` : null };
  }

  #coalesce(call: Call): Operand {
    const name = this.#name();
    let isNullable = true;
    const attempt = (at: number): void => {
      const { value, isNull } = this.emit(call.args[at]!);
      if (isNull !== 'true') this.lines.push(`${name} = ${value};`);
      this.lines.push(`n${name} = ${isNull ?? 'false'};`);
      if (isNull === null) isNullable = false;
      if (isNull === null || at + 1 === call.args.length) return;
      const rest = this.#block(() => attempt(at + 1));
      this.lines.push(`if (n${name}) {`, ...rest.lines, '}');
    };
    this.emit(call.args[0]!);
    const { lines } = this.#block(() => attempt(0));
    this.lines.push(`let ${name} = ${zeroOf(call.type)}, n${name} = false;`, ...lines);
    return { value: name, isNull: isNullable ? `n${name}` : null };
  }

  /** A text column with codes against a literal: the literal's code is looked up once a call. */
  #codeComparison(call: Call): Operand | null {
    const [first, second] = call.args as [Expression, Expression];
    const [a, b] = first.kind === 'literal' ? [second, first] : [first, second];
    if (b.kind !== 'literal' || typeof b.value !== 'string') return null;
    const { code, isNull } = this.emit(a);
    if (code === undefined) return null;
    const literal = this.#name();
    this.prologue.push(`const ${literal} = dictionary${code.column}.codeOf(${this.constant(b.value)});`);
    // Code 0 is NULL and no literal has it, so equality is false for NULL by itself.
    const value = call.name === '=' ? `${code.text} === ${literal}` : `${code.text} !== ${literal} && ${code.text} !== 0`;
    return this.#define(value, isNull, true);
  }

  /** A list of literals, none NULL: looked up in a set. */
  #in(call: Call): Operand {
    const { value, isNull, code } = this.emit(call.args[0]!);
    const list = call.args.slice(1).map((arg) => (arg as Expression & { kind: 'literal' }).value);
    if (code === undefined) return this.#define(`${this.constant(new Set(list))}.has(${value})`, isNull);
    const set = this.#name();
    this.prologue.push(`const ${set} = ${this.constant(codesOf)}(dictionary${code.column}, ${this.constant(list)});`);
    return this.#define(`${set}.has(${code.text})`, isNull, true);
  }

  /** A call that is NULL where an argument is. */
  #strict(call: Call): Operand {
    const kernel = kernelOf(call);
    assert(kernel !== undefined, `the compiler knows how to compute ${call.name}`);
    const args = call.args.map((arg) => this.emit(arg));
    const isNull = kernel.takesNull === true ? null : either(args.map((arg) => arg.isNull));
    if (isNull === 'true') return { value: zeroOf(call.type), isNull };
    const texts = kernel.takesNull === true ? args.map((arg) => (arg.isNull === null ? arg.value : `(${arg.isNull} ? null : ${arg.value})`)) : args.map((arg) => arg.value);
    const code = kernel.code(texts, (helper) => this.constant(helper));
    if (kernel.total === true && kernel.givesNull !== true) return this.#define(code, isNull);
    return this.#guarded(call, kernel, code, isNull, this.#memoized(call, kernel, args));
  }

  /** A function of one string with a code, and of literals: the table of its results by code. */
  #memoized(call: Call, kernel: Kernel, args: readonly Operand[]): string | null {
    const coded = args.filter((arg) => arg.code !== undefined);
    const others = call.args.filter((_, index) => args[index]!.code === undefined);
    if (coded.length !== 1 || kernel.takesNull === true || others.some((arg) => arg.kind !== 'literal')) return null;
    const { text, column } = coded[0]!.code!;
    const table = this.#name();
    this.prologue.push(`const ${table} = ${this.constant(memo())}(dictionary${column});`);
    return `${table}[${text}]`;
  }

  #guarded(call: Call, kernel: Kernel, code: string, isNull: string | null, memoized: string | null): Operand {
    const name = this.#name();
    const mayBeNull = isNull !== null || kernel.givesNull === true || call.name === 'TRY_CAST';
    const compute: string[] = [];
    if (kernel.fails === true && call.name !== 'TRY_CAST') compute.push(`place = ${this.#place(call.place)};`);
    if (memoized === null) compute.push(`${name} = ${code};`);
    else compute.push(`${name} = ${memoized};`, `if (${name} === undefined) ${name} = ${memoized} = ${code};`);
    if (kernel.givesNull === true) compute.push(`n${name} = ${name} === null;`);
    if (kernel.fails === true && call.name === 'TRY_CAST') {
      compute.unshift('try {');
      compute.push(`} catch (error) { if (!${this.constant(isFailure)}(error)) throw error; n${name} = true; }`);
    }
    this.lines.push(`let ${name} = ${zeroOf(call.type)}${mayBeNull ? `, n${name} = ${isNull ?? 'false'}` : ''};`);
    if (isNull === null) this.lines.push(...compute);
    else this.lines.push(`if (!n${name}) {`, ...compute, '}');
    return { value: name, isNull: mayBeNull ? `n${name}` : null };
  }

  #place(place: Place): number {
    this.places.push(place);
    return this.places.length - 1;
  }
}

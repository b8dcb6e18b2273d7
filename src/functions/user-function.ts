/** Scalar and aggregate functions in the user's code: how they are declared, checked, and called from generated code. */
import { TapewrightError } from '../core/errors.js';
import type { Physical, SqlType } from '../core/types.js';
import { typeName, withNullable } from '../core/types.js';
import type { Expression, Place } from '../plan/expression.js';
import { implicitCast } from './casts.js';
import { declaredType, fromUser, toUser } from './declared-types.js';
import type { DeclaredType, NullableValueOf, UserValue, ValueOf } from './declared-types.js';
import { failure } from './kernel.js';
import type { Kernel } from './kernel.js';
import { invalid } from './typing.js';
import { thrownBy, userCode } from './user-code.js';

/**
 * What a NULL argument does. `skip`, unless said otherwise: the result of a scalar function is NULL without a call, and
 * an aggregate takes no notice of the row, as SQL's own do. `pass`: the code is given null.
 */
export type NullRule = 'skip' | 'pass';

/** What code is given for arguments of these types. */
export type ArgumentValues<Args extends readonly DeclaredType[], Nulls extends NullRule> = {
  readonly [Index in keyof Args]: Nulls extends 'pass' ? NullableValueOf<Args[Index]> : ValueOf<Args[Index]>;
};

/**
 * A function of one row. The same arguments must give the same result whenever and however often it is called: it is
 * called once for several equal rows, or for none that nobody asks for.
 */
export interface ScalarDeclaration<Args extends readonly DeclaredType[] = readonly DeclaredType[], Returns extends DeclaredType = DeclaredType, Nulls extends NullRule = NullRule> {
  /** By which SQL calls it; capitals do not matter. */
  readonly name: string;
  readonly args: Args;
  readonly returns: Returns;
  readonly nulls?: Nulls;
  evaluate(...args: ArgumentValues<Args, Nulls>): NullableValueOf<Returns>;
}

/** A function of the rows of a group. State is the user's; the engine keeps, merges and saves it. */
export interface AggregateDeclaration<
  Args extends readonly DeclaredType[] = readonly DeclaredType[], Returns extends DeclaredType = DeclaredType, State = unknown, Nulls extends NullRule = NullRule,
> {
  readonly name: string;
  readonly args: Args;
  readonly returns: Returns;
  readonly nulls?: Nulls;
  /** The state of a group without rows. */
  create(): State;
  /** Changes `state` by a row; a state that is not an object is returned instead. */
  add(state: State, ...args: ArgumentValues<Args, Nulls>): State | void;
  /** Takes a row out again. Without it a sliding frame is added up anew for each result; updating queries need it. */
  retract?(state: State, ...args: ArgumentValues<Args, Nulls>): State | void;
  /** Adds another state, of rows that came later, to `state`, and shares no part with it. HOP, CUMULATE and SESSION need it. */
  merge?(state: State, other: State): State | void;
  result(state: State): NullableValueOf<Returns>;
  /** State as plain data (numbers, texts, arrays, objects, maps, sets), for snapshots; without them it is such data itself. */
  encode?(state: State): unknown;
  decode?(data: unknown): State;
}

/** Declares a scalar function; its argument and result types are those of its SQL types. @throws FUNCTION_INVALID. */
export function scalarFunction<const Args extends readonly DeclaredType[], const Returns extends DeclaredType, const Nulls extends NullRule = 'skip'>(
  declaration: ScalarDeclaration<Args, Returns, Nulls>,
): ScalarDeclaration<Args, Returns, Nulls> {
  readScalar(declaration as ScalarDeclaration);
  return declaration;
}

/** Declares an aggregate function. @throws FUNCTION_INVALID. */
export function aggregateFunction<const Args extends readonly DeclaredType[], const Returns extends DeclaredType, State, const Nulls extends NullRule = 'skip'>(
  declaration: AggregateDeclaration<Args, Returns, State, Nulls>,
): AggregateDeclaration<Args, Returns, State, Nulls> {
  readAggregate(declaration as unknown as AggregateDeclaration);
  return declaration;
}

interface Signature {
  /** As it was declared. */
  readonly name: string;
  readonly args: readonly SqlType[];
  readonly returns: SqlType;
  readonly nulls: NullRule;
}

/** A scalar function as plans hold it. */
export interface UserScalar extends Signature {
  readonly kind: 'scalar';
  readonly evaluate: (...args: UserValue[]) => unknown;
}

/** An aggregate function as plans hold it. */
export interface UserAggregate extends Signature {
  readonly kind: 'aggregate';
  readonly code: AggregateDeclaration;
}

/** Checks a name that SQL is to call something by. */
export function checkName(name: unknown, what: string): string {
  if (typeof name === 'string' && /^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) return name;
  throw new TapewrightError('FUNCTION_INVALID', `${what} has the name ${JSON.stringify(name)}; name it with letters, digits and underscores, a letter first`, { name });
}

function readSignature(declaration: Omit<ScalarDeclaration, 'evaluate'>, what: string): Signature {
  const name = checkName(declaration.name, what);
  const named = `the function ${name}`;
  if (!Array.isArray(declaration.args)) throw new TapewrightError('FUNCTION_INVALID', `${named} has no list of argument types: args: ['DOUBLE', 'STRING']`, { name });
  const nulls: unknown = declaration.nulls ?? 'skip';
  if (nulls !== 'skip' && nulls !== 'pass') throw new TapewrightError('FUNCTION_INVALID', `${named} has nulls: ${JSON.stringify(nulls)}; it is 'skip' or 'pass'`, { name });
  return { name, args: declaration.args.map((type) => declaredType(type, named)), returns: declaredType(declaration.returns, named), nulls };
}

function checkCode(declaration: object, name: string, members: readonly string[], optional: readonly string[]): void {
  const code = declaration as Readonly<Record<string, unknown>>;
  const missing = members.find((member) => typeof code[member] !== 'function')
    ?? optional.find((member) => code[member] !== undefined && typeof code[member] !== 'function');
  if (missing !== undefined) throw new TapewrightError('FUNCTION_INVALID', `the function ${name} has no ${missing}(…)`, { name, missing });
}

/** @throws FUNCTION_INVALID. */
export function readScalar(declaration: ScalarDeclaration): UserScalar {
  const signature = readSignature(declaration, 'a scalar function');
  checkCode(declaration, signature.name, ['evaluate'], []);
  const evaluate = declaration.evaluate as (...args: UserValue[]) => unknown;
  return { kind: 'scalar', ...signature, evaluate: evaluate.bind(declaration) };
}

/** @throws FUNCTION_INVALID. */
export function readAggregate(declaration: AggregateDeclaration): UserAggregate {
  const signature = readSignature(declaration, 'an aggregate function');
  const { name } = signature;
  if (signature.args.length === 0) throw new TapewrightError('FUNCTION_INVALID', `the aggregate function ${name} has no arguments: give it one at least`, { name });
  checkCode(declaration, name, ['create', 'add', 'result'], ['retract', 'merge', 'encode', 'decode']);
  if ((declaration.encode === undefined) !== (declaration.decode === undefined)) {
    throw new TapewrightError('FUNCTION_INVALID', `the aggregate function ${name} has one of encode and decode: declare both, or none`, { name });
  }
  return { kind: 'aggregate', ...signature, code: declaration };
}

/** Arguments as the function takes them. @throws SQL_INVALID. */
export function castArguments({ name, args: types, nulls }: Signature, args: readonly Expression[], place: Place): readonly Expression[] {
  if (args.length !== types.length) {
    throw invalid(place, `${name} takes ${types.length} argument${types.length === 1 ? '' : 's'} (${types.map((type) => typeName(type, false)).join(', ')}), not ${args.length}`);
  }
  return args.map((arg, index) => {
    const type = types[index]!;
    if (nulls === 'pass' && arg.type.nullable && !type.nullable) throw invalid(place, `argument ${index + 1} of ${name} is ${typeName(type)}, and what it is given may be NULL; write COALESCE`);
    return implicitCast(arg, { ...type, nullable: arg.type.nullable }, place);
  });
}

/** A call of `user`. @throws SQL_INVALID. */
export function userCall(user: UserScalar, given: readonly Expression[], place: Place): Expression {
  const args = castArguments(user, given, place);
  const nullable = user.returns.nullable || (user.nulls === 'skip' && args.some((arg) => arg.type.nullable));
  return { kind: 'call', name: user.name, args, type: withNullable(user.returns, nullable), place, user };
}

const callers = new WeakMap<UserScalar, (...args: never[]) => Physical>();

/** How a call of `user` is computed. */
export function userKernel(user: UserScalar): Kernel {
  let caller = callers.get(user);
  if (caller === undefined) callers.set(user, caller = callerOf(user));
  const run = caller;
  return { fails: true, givesNull: user.returns.nullable, takesNull: user.nulls === 'pass', code: (args, use) => `${use(run)}(${args.join(', ')})` };
}

/** The function with its arguments and result converted, its failures told, and its name known while it runs. */
function callerOf(user: UserScalar): (...args: never[]) => Physical {
  const { name, evaluate } = user;
  const read = fromUser(user.returns, name);
  const finish = (value: unknown): Physical => {
    if (value !== null) return read(value);
    if (user.returns.nullable) return null;
    throw failure(`${name} gave null, and its result is declared ${typeName(user.returns)}`);
  };
  const convert = user.args.map((type) => {
    const converted = toUser(type);
    return converted === null ? null : (value: Physical) => (value === null ? null : converted(value));
  });
  return makeCaller(convert.map((one) => one !== null), convert, evaluate, finish, userCode, name, thrownBy) as (...args: never[]) => Physical;
}

/** A caller for so many arguments, as text that is fixed but for their number: spreading them would cost more than most functions do. */
function makeCaller(converts: readonly boolean[], ...parts: readonly unknown[]): unknown {
  const names = converts.map((_, index) => `a${index}`);
  const args = converts.map((one, index) => (one ? `convert[${index}](a${index})` : `a${index}`));
  return new Function('convert', 'evaluate', 'finish', 'userCode', 'name', 'thrownBy', `
    return (${names.join(', ')}) => {
      userCode.running = name;
      let value;
      try { value = evaluate(${args.join(', ')}); } catch (error) { throw thrownBy(name, error); } finally { userCode.running = null; }
      return finish(value);
    };`)(...parts);
}

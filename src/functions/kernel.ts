/** What a scalar function is: how its call is typed, and how its value is computed in generated code. */
import type { Expression, Place } from '../plan/expression.js';
import type { SqlType } from '../core/types.js';
import { TapewrightError } from '../core/errors.js';
import { withNullable } from '../core/types.js';
import type { UserFunctions } from './user-functions.js';

export interface Session {
  /** `table.local-time-zone`; UTC unless SET. */
  readonly timeZone: string;
  /** Functions of the user's; none unless given. */
  readonly functions?: UserFunctions;
}

/** One call in the user's text. `unit` is the part of the name after the colon, as in EXTRACT:HOUR. */
export interface CallSite {
  readonly name: string;
  readonly unit: string | null;
  readonly place: Place;
  readonly session: Session;
}

/** Names one of our functions in generated code. */
export type Use = (helper: (...args: never[]) => unknown) => string;

/**
 * The value of a call from the values of its arguments, none of which is NULL (a NULL argument makes the
 * result NULL, unless `takesNull`: then it is passed as null).
 */
export interface Kernel {
  /** JavaScript expression over the arguments' texts (names or literals of ours). */
  readonly code: (args: readonly string[], use: Use) => string;
  /** May throw `failure(...)`: the row goes to the dead letters. */
  readonly fails?: boolean;
  /** The result may be null although no argument is. */
  readonly givesNull?: boolean;
  readonly takesNull?: boolean;
  /** Neither throws nor costs much on the zeros that stand in for NULL, so it needs no guard. */
  readonly total?: boolean;
}

/** A kernel that calls `run`. */
export function calling(run: (...args: never[]) => unknown, traits: Omit<Kernel, 'code'> = {}): Kernel {
  return { ...traits, code: (args, use) => `${use(run)}(${args.join(', ')})` };
}

/** A kernel that is a few characters of code, safe on any value of its type. */
export function inline(code: (...args: string[]) => string): Kernel {
  return { total: true, code: (args) => code(...args) };
}

export interface ScalarFunction {
  readonly argumentsMin: number;
  readonly argumentsMax: number;
  /** Checks and coerces the arguments. Throws SQL_INVALID or SQL_UNSUPPORTED. */
  resolve(site: CallSite, args: readonly Expression[]): Expression;
  /** Absent for functions that resolve to other calls, and for the forms that the compiler knows itself. */
  kernel?(args: readonly SqlType[], type: SqlType, unit: string | null): Kernel;
}

export type FunctionTable = Readonly<Record<string, ScalarFunction>>;

/** A call whose result may be NULL when an argument may, or always with `nullable`. */
export function callOf(site: CallSite, args: readonly Expression[], type: SqlType, nullable = args.some((arg) => arg.type.nullable)): Expression {
  const name = site.unit === null ? site.name : `${site.name}:${site.unit}`;
  return { kind: 'call', name, args, type: withNullable(type, nullable), place: site.place };
}

/** An expression that fails on this row. */
export function failure(message: string): TapewrightError {
  return new TapewrightError('EXPRESSION_FAILED', message);
}

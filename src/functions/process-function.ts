/** Operators in the user's code: a function that is given the rows of a key one by one, keeps state, and sets timers. */
import { TapewrightError } from '../core/errors.js';
import type { Schema } from '../core/types.js';
import { declaredType } from './declared-types.js';
import type { DeclaredType, NullableValueOf } from './declared-types.js';
import { checkName } from './user-function.js';

/** Columns by name, each with its SQL type. */
export type ColumnTypes = Readonly<Record<string, DeclaredType>>;

/** A row as code sees it. */
export type RowOf<C extends ColumnTypes> = { readonly [Name in keyof C]: NullableValueOf<C[Name]> };

/** What an operator can do while a row or a timer is given to it. Good for that call only. */
export interface ProcessContext<Output extends ColumnTypes, State> {
  /** Event time of the row, or the time of the timer: milliseconds since 1970. There is no other clock. */
  readonly time: number;
  /** The row came at or behind the watermark. Only with `order: 'arrival'`. */
  readonly isLate: boolean;
  /** The state of this key: change it, or put another in its place. */
  state: State;
  /** Puts out a row; the key's columns and `rowtime`, which is `time`, are added to it. */
  emit(row: RowOf<Output>): void;
  /**
   * `onTimer` is called for this key once the watermark has reached `time`. Set twice, it is called once. After the end
   * of history, timers that `onTimer` sets are not called any more.
   */
  setTimer(time: number): void;
  deleteTimer(time: number): void;
  /** Forgets the state and the timers of this key. */
  clear(): void;
}

export interface ProcessDeclaration<Input extends ColumnTypes = ColumnTypes, Output extends ColumnTypes = ColumnTypes, State = unknown> {
  /** By which SQL calls it: `SELECT * FROM name(input => TABLE t PARTITION BY k, on_time => DESCRIPTOR(event_time))`. */
  readonly name: string;
  /** The columns that it reads; the table may have others. */
  readonly input: Input;
  /** What it puts out, between the key's columns and `rowtime`. */
  readonly output: Output;
  /**
   * 'event time', unless said otherwise: rows wait for the watermark and come in order of event time, ties by key, then
   * arrival; a late row is refused, and kept in late.parquet. 'arrival': rows come at once, late ones among them.
   */
  readonly order?: 'event time' | 'arrival';
  /** The state of a key before its first row. */
  state(): State;
  onRow(row: RowOf<Input>, context: ProcessContext<Output, State>): void;
  onTimer?(time: number, context: ProcessContext<Output, State>): void;
  /** State as plain data (numbers, texts, arrays, objects, maps, sets), for snapshots; without them it is such data itself. */
  encode?(state: State): unknown;
  decode?(data: unknown): State;
}

/** Declares an operator; rows and state are typed by its columns. @throws FUNCTION_INVALID. */
export function processFunction<const Input extends ColumnTypes, const Output extends ColumnTypes, State>(
  declaration: ProcessDeclaration<Input, Output, State>,
): ProcessDeclaration<Input, Output, State> {
  readProcess(declaration as unknown as ProcessDeclaration);
  return declaration;
}

/** An operator of the user's as plans hold it. */
export interface UserProcess {
  readonly kind: 'process';
  readonly name: string;
  readonly input: Schema;
  readonly output: Schema;
  readonly order: 'event time' | 'arrival';
  readonly code: ProcessDeclaration;
}

/** The column of event time in what an operator puts out, as Flink names it. */
export const processRowtime = 'rowtime';

/** @throws FUNCTION_INVALID. */
export function readProcess(code: ProcessDeclaration): UserProcess {
  const name = checkName(code.name, 'an operator');
  const refuse = (why: string): TapewrightError => new TapewrightError('FUNCTION_INVALID', `the operator ${name} ${why}`, { name });
  const columns = (declared: unknown, what: string): Schema => {
    if (typeof declared !== 'object' || declared === null) throw refuse(`does not say its ${what} columns: ${what}: { symbol: 'STRING' }`);
    return Object.entries(declared).map(([column, type]) => ({ name: column, type: declaredType(type, `column ${column} of the operator ${name}`) }));
  };
  const [input, output] = [columns(code.input, 'input'), columns(code.output, 'output')];
  if (input.length === 0) throw refuse('reads no column: name one at least in input');
  if (output.some((column) => column.name === processRowtime)) throw refuse(`puts out a column named ${processRowtime}, which is added to every row: rename it`);
  const order: unknown = code.order ?? 'event time';
  if (order !== 'event time' && order !== 'arrival') throw refuse(`has order: ${JSON.stringify(order)}; it is 'event time' or 'arrival'`);
  for (const member of ['state', 'onRow'] as const) if (typeof code[member] !== 'function') throw refuse(`has no ${member}(…)`);
  for (const member of ['onTimer', 'encode', 'decode'] as const) if (code[member] !== undefined && typeof code[member] !== 'function') throw refuse(`has a ${member} that is no function`);
  if ((code.encode === undefined) !== (code.decode === undefined)) throw refuse('has one of encode and decode: declare both, or none');
  return { kind: 'process', name, input, output, order, code };
}

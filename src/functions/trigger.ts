/** When a global window fires, as code declares it: triggers that there are, and the port of those that users write. */
import type { UserValue } from './declared-types.js';

/** What a trigger may do and keep, for one key. */
export interface TriggerKey {
  /** Numbers that belong to the trigger and outlive a checkpoint; zeros at first. */
  readonly state: Float64Array;
  /** Asks for `onTime(time)` once every row before `time` (epoch ms) has been given. */
  wakeAt(time: number): void;
}

export interface TriggerRow {
  /** Event time, epoch ms. */
  readonly time: number;
  /** The value of one of the trigger's columns, null for NULL. */
  value(column: string): UserValue;
}

/** Rows of a key come in the order of event time; both answers are why the window fires, or null where it does not. */
export interface Trigger {
  /** The row is in its window when the answer is carried out. */
  onRow(row: TriggerRow, key: TriggerKey): string | null;
  onTime(time: number, key: TriggerKey): string | null;
}

/** Plain data but for what the user wrote. `Column`: names of the columns of the window's input. */
export type TriggerDeclaration<Column extends string = string> =
  | { readonly kind: 'calendar'; readonly venue: string | { readonly column: Column }; readonly at: readonly ('open' | 'close')[] }
  | { readonly kind: 'rows'; readonly rows: number }
  | { readonly kind: 'interval'; readonly every: number }
  | { readonly kind: 'condition'; readonly column: Column; readonly says: string }
  | { readonly kind: 'any'; readonly of: readonly TriggerDeclaration<Column>[] }
  | CustomTriggerDeclaration<Column>;

export interface CustomTriggerDeclaration<Column extends string = string> {
  readonly kind: 'custom';
  /** For explain and errors; two triggers of one pipeline have two names. */
  readonly name: string;
  /** How many numbers it keeps for a key. */
  readonly stateSize: number;
  /** Columns that it looks at. */
  readonly columns: readonly Column[];
  create(): Trigger;
}

/** As a venue opens and closes: its name in the calendars, or the column that has it. Says OPEN or CLOSE. */
export function atCalendar(venue: string, ...at: readonly ('open' | 'close')[]): TriggerDeclaration<never>;
export function atCalendar<Column extends string>(venue: { readonly column: Column }, ...at: readonly ('open' | 'close')[]): TriggerDeclaration<Column>;
export function atCalendar<Column extends string>(venue: string | { readonly column: Column }, ...at: readonly ('open' | 'close')[]): TriggerDeclaration<Column> {
  return { kind: 'calendar', venue, at: at.length === 0 ? ['open', 'close'] : at };
}

/** With every so many rows of a key. Says ROWS. */
export const everyRows = (rows: number): TriggerDeclaration<never> => ({ kind: 'rows', rows });

/** At multiples of so many milliseconds since the epoch, where rows came. Says INTERVAL. */
export const everyMillis = (every: number): TriggerDeclaration<never> => ({ kind: 'interval', every });

/** With a row of which a BOOLEAN column is true, which is the last of its window. */
export const onCondition = <Column extends string>(column: Column, says: string): TriggerDeclaration<Column> => ({ kind: 'condition', column, says });

/** Each on its own; where several fire with one row, the first says why. */
export const anyOf = <Column extends string = never>(...of: readonly TriggerDeclaration<Column>[]): TriggerDeclaration<Column> => ({ kind: 'any', of });

/** A trigger in the user's code. */
export const customTrigger = <const Column extends string>(declaration: Omit<CustomTriggerDeclaration<Column>, 'kind'>): TriggerDeclaration<Column> => ({ ...declaration, kind: 'custom' });

/** What is wrong with a trigger, as a clause; null: nothing. `types`: the kinds of the input's columns. */
export function triggerFault(trigger: TriggerDeclaration, types: ReadonlyMap<string, string>): string | null {
  const missing = (column: string): string | null => (types.has(column) ? null : `has a trigger that looks at '${column}', which is none of its input columns (${[...types.keys()].join(', ')})`);
  const counts = (value: number, what: string): string | null => (Number.isSafeInteger(value) && value > 0 ? null : `has a trigger every ${String(value)} ${what}: it must be a whole number above 0`);
  switch (trigger.kind) {
    case 'calendar':
      if (trigger.at.length === 0 || trigger.at.some((edge) => edge !== 'open' && edge !== 'close')) return "has a calendar's trigger that fires at neither 'open' nor 'close'";
      return typeof trigger.venue === 'string' ? null : missing(trigger.venue.column);
    case 'rows': return counts(trigger.rows, 'rows');
    case 'interval': return counts(trigger.every, 'milliseconds');
    case 'condition': return missing(trigger.column) ?? (types.get(trigger.column) === 'BOOLEAN' ? null : `has a trigger on '${trigger.column}', which is no BOOLEAN`);
    case 'any': return trigger.of.length === 0 ? 'has a trigger of no triggers' : (trigger.of.map((each) => triggerFault(each, types)).find((fault) => fault !== null) ?? null);
    case 'custom':
      if (typeof trigger.create !== 'function') return `has a trigger ${trigger.name} without create()`;
      if (!Number.isSafeInteger(trigger.stateSize) || trigger.stateSize < 0 || trigger.stateSize > 1024) return `has a trigger ${trigger.name} with stateSize ${String(trigger.stateSize)}: it must be a whole number from 0 to 1024`;
      return trigger.columns.map(missing).find((fault) => fault !== null) ?? null;
    default: return 'has a trigger that is none: write atCalendar, everyRows, everyMillis, onCondition, anyOf or customTrigger';
  }
}

/** When a global window fires, in a plan: triggers over columns by index. */
import type { Trigger, TriggerDeclaration } from '../functions/trigger.js';

/** Written by the user. Equal names of one window's: equal triggers, which one operator may stand for. */
export interface CustomTrigger {
  readonly kind: 'custom';
  readonly name: string;
  /** The window that it is of. */
  readonly owner: string;
  /** How many numbers it keeps for a key. */
  readonly stateSize: number;
  /** Input columns that it looks at, and their names. */
  readonly columns: readonly { readonly name: string; readonly column: number }[];
  create(): Trigger;
}

export type TriggerSpec =
  /** As a venue opens or closes: one, or the one that a STRING column names. Says OPEN or CLOSE. */
  | { readonly kind: 'calendar'; readonly venue: string | { readonly column: number }; readonly at: readonly ('open' | 'close')[] }
  /** With every `rows`th row since it last did. Says ROWS. */
  | { readonly kind: 'rows'; readonly rows: number }
  /** At multiples of so many milliseconds since the epoch, where rows came since the last. Says INTERVAL. */
  | { readonly kind: 'interval'; readonly every: number }
  /** With a row of which a BOOLEAN column is true. Says `says`. */
  | { readonly kind: 'condition'; readonly column: number; readonly says: string }
  /** Each on its own; where several fire with one row, the first says why. */
  | { readonly kind: 'any'; readonly of: readonly TriggerSpec[] }
  | CustomTrigger;

/** The trigger of the window `owner`; `columnOf` finds the columns that it names. */
export function resolveTrigger(trigger: TriggerDeclaration, owner: string, columnOf: (name: string) => number): TriggerSpec {
  switch (trigger.kind) {
    case 'calendar': return { ...trigger, venue: typeof trigger.venue === 'string' ? trigger.venue : { column: columnOf(trigger.venue.column) } };
    case 'condition': return { ...trigger, column: columnOf(trigger.column) };
    case 'any': return { ...trigger, of: trigger.of.map((each) => resolveTrigger(each, owner, columnOf)) };
    case 'custom': return { ...trigger, owner, columns: trigger.columns.map((name) => ({ name, column: columnOf(name) })), create: () => trigger.create() };
    default: return trigger;
  }
}

/** Input columns that a trigger looks at. */
export function triggerColumns(spec: TriggerSpec): readonly number[] {
  switch (spec.kind) {
    case 'calendar': return typeof spec.venue === 'string' ? [] : [spec.venue.column];
    case 'condition': return [spec.column];
    case 'any': return spec.of.flatMap(triggerColumns);
    case 'custom': return spec.columns.map(({ column }) => column);
    default: return [];
  }
}

/** The same trigger over other columns. */
export function movedTrigger(spec: TriggerSpec, at: (column: number) => number): TriggerSpec {
  switch (spec.kind) {
    case 'calendar': return typeof spec.venue === 'string' ? spec : { ...spec, venue: { column: at(spec.venue.column) } };
    case 'condition': return { ...spec, column: at(spec.column) };
    case 'any': return { ...spec, of: spec.of.map((each) => movedTrigger(each, at)) };
    case 'custom': return { ...spec, columns: spec.columns.map(({ name, column }) => ({ name, column: at(column) })) };
    default: return spec;
  }
}

/** `CALENDAR XNYS OPEN, CLOSE`, `EVERY 100 ROWS`. */
export function triggerText(spec: TriggerSpec, names: readonly string[]): string {
  switch (spec.kind) {
    case 'calendar': return `CALENDAR ${typeof spec.venue === 'string' ? spec.venue : names[spec.venue.column]} ${spec.at.join(', ').toUpperCase()}`;
    case 'rows': return `EVERY ${spec.rows} ROWS`;
    case 'interval': return `EVERY ${spec.every / 1000} SECONDS`;
    case 'condition': return `WHERE ${names[spec.column]}`;
    case 'any': return spec.of.map((each) => triggerText(each, names)).join(' OR ');
    case 'custom': return `TRIGGER ${spec.name}`;
  }
}

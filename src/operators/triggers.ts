/** The triggers of `plan/trigger.ts`, at work. */
import { calendar, type Calendar } from '../calendar/calendar.js';
import { assert } from '../core/errors.js';
import type { Physical, Schema } from '../core/types.js';
import { toUser, type UserValue } from '../functions/declared-types.js';
import type { TriggerKey } from '../functions/trigger.js';
import { runUserCode } from '../functions/user-code.js';
import type { CustomTrigger, TriggerSpec } from '../plan/trigger.js';

/** A row as built-in triggers see it: columns by index. */
export interface RowView {
  readonly time: number;
  at(column: number): Physical;
}

export interface BuiltTrigger {
  /** Numbers kept for a key. */
  readonly stateSize: number;
  onRow(row: RowView, key: TriggerKey): string | null;
  onTime(time: number, key: TriggerKey): string | null;
}

/** `input`: the columns that the trigger's are among. */
export function buildTrigger(spec: TriggerSpec, input: Schema): BuiltTrigger {
  switch (spec.kind) {
    case 'rows': return everyRows(spec.rows);
    case 'interval': return everyInterval(spec.every);
    case 'condition': return { stateSize: 0, onRow: (row) => (row.at(spec.column) === 1 ? spec.says : null), onTime: () => null };
    case 'calendar': return atCalendar(spec.venue, spec.at);
    case 'any': return anyOf(spec.of.map((each) => buildTrigger(each, input)));
    case 'custom': return usersOwn(spec, input);
  }
}

/** The user's code: its values are those that code sees, and what it throws is a failure of its row. */
function usersOwn({ name, stateSize, columns, create }: CustomTrigger, input: Schema): BuiltTrigger {
  const own = runUserCode(name, create);
  const known = new Map(columns.map(({ name: column, column: index }) => [column, { index, convert: toUser(input[index]!.type) }]));
  const valueOf = (row: RowView) => (column: string): UserValue => {
    const found = known.get(column);
    assert(found !== undefined, `trigger ${name} asks for a column that it has declared: ${column}`);
    const value = row.at(found.index);
    return value === null || found.convert === null ? value : found.convert(value);
  };
  return {
    stateSize,
    onRow: (row, key) => runUserCode(name, () => own.onRow({ time: row.time, value: valueOf(row) }, key)),
    onTime: (time, key) => runUserCode(name, () => own.onTime(time, key)),
  };
}

const everyRows = (rows: number): BuiltTrigger => ({
  stateSize: 1,
  onRow: (_, { state }) => {
    state[0]! += 1;
    if (state[0]! < rows) return null;
    state[0] = 0;
    return 'ROWS';
  },
  onTime: () => null,
});

/** An instant to be woken at, and which of the things that it says then. */
interface Wakening {
  readonly at: number;
  readonly says: number;
}

/** Wakes at the next of some instants after a row; a row that comes before the one asked for need not ask again. */
class Waking implements BuiltTrigger {
  /** Whether a wakening is asked for, when, and what it says. */
  readonly stateSize = 3;

  constructor(private readonly says: readonly string[], private readonly next: (row: RowView) => Wakening | null) {}

  onRow(row: RowView, { state, wakeAt }: TriggerKey): string | null {
    if (state[0] === 1 && row.time < state[1]!) return null;
    const next = this.next(row);
    state[0] = next === null ? 0 : 1;
    if (next === null) return null;
    state[1] = next.at;
    state[2] = next.says;
    wakeAt(next.at);
    return null;
  }

  onTime(time: number, { state }: TriggerKey): string | null {
    if (state[0] !== 1 || state[1] !== time) return null;
    state[0] = 0;
    return this.says[state[2]!]!;
  }
}

const everyInterval = (every: number): BuiltTrigger => new Waking(['INTERVAL'], ({ time }) => ({ at: (Math.floor(time / every) + 1) * every, says: 0 }));

function atCalendar(venue: string | { readonly column: number }, edges: readonly ('open' | 'close')[]): BuiltTrigger {
  const calendars = new Map<string, Calendar>();
  const calendarOf = (name: string): Calendar => {
    let found = calendars.get(name);
    if (found === undefined) calendars.set(name, found = calendar(name));
    return found;
  };
  // An unknown venue is refused before the first row.
  if (typeof venue === 'string') calendarOf(venue);
  return new Waking(['OPEN', 'CLOSE'], (row) => {
    const name = typeof venue === 'string' ? venue : row.at(venue.column);
    if (name === null) return null;
    const found = calendarOf(String(name));
    const open = edges.includes('open') ? found.nextOpen(row.time) : null;
    const close = edges.includes('close') ? found.nextClose(row.time) : null;
    if (open !== null && (close === null || open < close)) return { at: open, says: 0 };
    return close === null ? null : { at: close, says: 1 };
  });
}

function anyOf(triggers: readonly BuiltTrigger[]): BuiltTrigger {
  const starts: number[] = [];
  let stateSize = 0;
  for (const trigger of triggers) {
    starts.push(stateSize);
    stateSize += trigger.stateSize;
  }
  const first = (key: TriggerKey, ask: (trigger: BuiltTrigger, own: TriggerKey) => string | null): string | null => {
    let why: string | null = null;
    // Each is told of every row and time, also after another fires.
    triggers.forEach((trigger, index) => {
      const state = key.state.subarray(starts[index]!, starts[index]! + trigger.stateSize);
      const said = ask(trigger, { state, wakeAt: key.wakeAt });
      why ??= said;
    });
    return why;
  };
  return {
    stateSize,
    onRow: (row, key) => first(key, (trigger, own) => trigger.onRow(row, own)),
    onTime: (time, key) => first(key, (trigger, own) => trigger.onTime(time, own)),
  };
}

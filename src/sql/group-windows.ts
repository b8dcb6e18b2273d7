/**
 * The older form of windows: GROUP BY TUMBLE(time, size), HOP and SESSION, with TUMBLE_START and its like in SELECT and
 * HAVING. It becomes the same window aggregate as GROUP BY over a window table; WHERE comes before the window here.
 */
import { timestampType, type SqlType } from '../core/types.js';
import { columnRef, type Expression, type Place } from '../plan/expression.js';
import { durationText } from '../plan/print.js';
import type { WindowSpec } from '../plan/plan.js';
import type { Call, GroupBy, GroupItem } from './ast.js';
import { bind, type Surroundings, type WindowProperty } from './binder.js';
import { columnNames, typeOfColumn, type Relation, type WindowRole } from './relation.js';
import { sqlInvalid, sqlUnsupported } from './sql-error.js';
import { checkRowtime, checkZone, lengthOf, rowtimeHelp, windowTimeType } from './window-tables.js';

/** What a SELECT groups by besides its keys. Virtual columns `base`, base + 1 and base + 2 are its start, end and time. */
export interface GroupWindow {
  readonly spec: WindowSpec;
  /** Column of the event time. */
  readonly time: number;
  /** Type of TUMBLE_ROWTIME and its like. */
  readonly timeType: SqlType;
  readonly base: number;
  readonly property: WindowProperty;
}

const example: Readonly<Record<string, string>> = {
  TUMBLE: "TUMBLE(event_time, INTERVAL '1' MINUTE)",
  HOP: "HOP(event_time, INTERVAL '30' SECOND, INTERVAL '5' MINUTE)",
  SESSION: "SESSION(event_time, INTERVAL '5' MINUTE)",
};

/** Roles by the end of a function's name. */
const roles: Readonly<Record<string, WindowRole>> = { START: 'start', END: 'end', ROWTIME: 'time' };

/** The call that a GROUP BY item is, when that is a window. */
function windowCall(item: GroupItem): Call | null {
  if (item.kind === 'groupingSets' || item.expression.kind !== 'call') return null;
  return Object.hasOwn(example, item.expression.name) ? item.expression : null;
}

/** The window that a SELECT groups by in the older form; null: none. `around` is that of GROUP BY. */
export function groupWindowOf(groupBy: GroupBy, around: Surroundings): GroupWindow | null {
  const [first, second] = groupBy.items.map(windowCall).filter((call) => call !== null);
  if (first === undefined) return null;
  if (second !== undefined) throw sqlInvalid(second.place, 'GROUP BY has two windows', 'Group by one; for another, use the result in a second SELECT.');
  const { relation } = around;
  const window = boundWindow(first.name, first, around);
  const base = relation.columns.length;
  const timeType = windowTimeType(typeOfColumn(relation, window.time));
  const types = [timestampType(3, false), timestampType(3, false), timeType];
  const property: WindowProperty = (call) => {
    const [name, end] = call.name.split('_') as [string, string | undefined];
    const role = roles[end ?? ''];
    if (role === undefined || !Object.hasOwn(example, name)) return null;
    const asked = name === first.name ? boundWindow(name, call, around) : null;
    if (asked === null || asked.time !== window.time || JSON.stringify(asked.spec) !== JSON.stringify(window.spec)) {
      throw sqlInvalid(call.place, `${call.name}(…) is of another window than the one in GROUP BY`, `Give it the arguments of ${first.name}(…) there.`);
    }
    const at = ['start', 'end', 'time'].indexOf(role);
    return columnRef(base + at, types[at]!);
  };
  return { ...window, timeType, base, property };
}

/** GROUP BY without its window. */
export const withoutWindow = (groupBy: GroupBy): GroupBy => ({ ...groupBy, items: groupBy.items.filter((item) => windowCall(item) === null) });

/** The arguments of TUMBLE, HOP or SESSION, or of a function of theirs. */
function boundWindow(name: string, { args, place }: Call, around: Surroundings): Pick<GroupWindow, 'spec' | 'time'> {
  const right = example[name]!;
  const lengths = name === 'HOP' ? 2 : 1;
  if (args.length > lengths + 1) throw sqlUnsupported(args[lengths + 1]!.place, `${name} in GROUP BY takes no offset`, `Write FROM TABLE(${name}(TABLE t, …)) GROUP BY window_start, window_end.`);
  if (args.length < lengths + 1) throw sqlInvalid(place, `${name} lacks an argument`, `Write ${right}.`);
  const time = rowtimeOf(bind(args[0]!, around), around.relation, args[0]!.place, name);
  checkZone(typeOfColumn(around.relation, time), around.session.timeZone, place);
  const [first, second] = args.slice(1).map((arg) => lengthOf(arg, name, right, true)) as [number, number];
  if (name === 'TUMBLE') return { time, spec: { kind: 'tumble', size: first, offset: 0 } };
  if (name === 'SESSION') return { time, spec: { kind: 'session', gap: first } };
  if (second < first) throw sqlUnsupported(place, `HOP with windows of ${durationText(second)} every ${durationText(first)} leaves rows out, which is not supported`, `First comes the slide, then the size: ${right}.`);
  return { time, spec: { kind: 'hop', slide: first, size: second, offset: 0 } };
}

function rowtimeOf(time: Expression, relation: Relation, place: Place, name: string): number {
  if (time.kind !== 'column') {
    const { rowtime } = relation.node;
    throw sqlInvalid(place, `${name} needs a rowtime column, not an expression`, rowtime === null ? rowtimeHelp : `Use '${columnNames(relation)[rowtime]}'.`);
  }
  checkRowtime(relation, time.index, place, name);
  return time.index;
}

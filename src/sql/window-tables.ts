/** TUMBLE, HOP, CUMULATE and SESSION as tables: rows with the windows that they belong to. */
import { timestampType, withNullable } from '../core/types.js';
import type { SqlType } from '../core/types.js';
import type { Place } from '../plan/expression.js';
import { durationText } from '../plan/print.js';
import type { WindowSpec } from '../plan/plan.js';
import { isRowtime, nodesBelow } from '../plan/trace.js';
import type { Descriptor, SqlExpression, TableArgument, TableFunction, TableInput } from './ast.js';
import { columnNames, resolveColumn, typeOfColumn } from './relation.js';
import type { Relation } from './relation.js';
import { didYouMean } from './names.js';
import { sqlInvalid, sqlUnsupported } from './sql-error.js';

/** Arguments in positional order, each by the name it may be given with. */
const parameters: Readonly<Record<string, readonly string[]>> = {
  TUMBLE: ['DATA', 'TIMECOL', 'SIZE', 'OFFSET'],
  HOP: ['DATA', 'TIMECOL', 'SLIDE', 'SIZE', 'OFFSET'],
  CUMULATE: ['DATA', 'TIMECOL', 'STEP', 'SIZE', 'OFFSET'],
  SESSION: ['DATA', 'TIMECOL', 'GAP'],
};

const example: Readonly<Record<string, string>> = {
  TUMBLE: "TUMBLE(TABLE t, DESCRIPTOR(event_time), INTERVAL '1' MINUTE)",
  HOP: "HOP(TABLE t, DESCRIPTOR(event_time), INTERVAL '30' SECOND, INTERVAL '5' MINUTE)",
  CUMULATE: "CUMULATE(TABLE t, DESCRIPTOR(event_time), INTERVAL '1' MINUTE, INTERVAL '1' HOUR)",
  SESSION: "SESSION(TABLE t PARTITION BY k, DESCRIPTOR(event_time), INTERVAL '5' MINUTE)",
};

export const rowtimeHelp = 'A rowtime is the column of WATERMARK FOR, passed on unchanged (a new name is fine, a computed value is not), or the window_time of a window aggregate.';

/**
 * The rows of `TUMBLE(TABLE t, …)` and its like: every column of t, then window_start, window_end, window_time.
 * `read` gives the relation of the table argument.
 */
export function windowTable(call: TableFunction, read: (input: TableInput) => Relation, timeZone: string): Relation {
  const { name, place } = call;
  const names = parameters[name];
  if (names === undefined) throw refuseFunction(name, place);
  const given = namedArguments(call, names);
  const input = tableArgument(given.get('DATA')!, name);
  if (input.partitionBy.length > 0 && name !== 'SESSION') throw sqlInvalid(input.partitionBy[0]!.place, `${name} takes no PARTITION BY`, 'Put the keys into GROUP BY.');
  if (input.orderBy.length > 0) throw sqlInvalid(input.orderBy[0]!.place, `${name} takes no ORDER BY`, 'Leave it out: the time column is the DESCRIPTOR.');
  const below = read(input);
  const time = timeColumn(given.get('TIMECOL')!, below, name);
  const timeType = typeOfColumn(below, time);
  checkZone(timeType, timeZone, place);
  const partition = input.partitionBy.map((key) => partitionColumn(key, below));
  return withWindow(below, time, timeType, partition, windowSpec(name, given, place), place);
}

/** `below` with three window columns. Rows carry window_time as their rowtime from here on. */
function withWindow(below: Relation, time: number, timeType: SqlType, partition: readonly number[], window: WindowSpec, place: Place): Relation {
  const bound = timestampType(3, false);
  const windowTime = windowTimeType(timeType);
  const { schema } = below.node;
  const added = [{ name: 'window_start', type: bound }, { name: 'window_end', type: bound }, { name: 'window_time', type: windowTime }];
  return {
    node: { kind: 'window', input: below.node, time, window, partition: [...new Set(partition)], place, schema: [...schema, ...added], rowtime: schema.length + 2 },
    columns: [
      ...below.columns.map((column) => ({ ...column, role: null })),
      { name: 'window_start', qualifier: [], role: 'start' }, { name: 'window_end', qualifier: [], role: 'end' }, { name: 'window_time', qualifier: [], role: 'time' },
    ],
    refused: below.refused,
    window: { spec: window, timeType: windowTime },
  };
}

/** The type of window_time, and of TUMBLE_ROWTIME and its like. */
export const windowTimeType = (timeType: SqlType): SqlType => ({ ...withNullable(timeType, false), precision: 3 });

export function checkZone(timeType: SqlType, timeZone: string, place: Place): void {
  if (timeType.kind !== 'TIMESTAMP_LTZ' || timeZone === 'UTC') return;
  throw sqlUnsupported(place, `windows over a TIMESTAMP_LTZ in time zone ${timeZone} are not supported`, "SET 'table.local-time-zone' = 'UTC', or use a TIMESTAMP(3) column.");
}

function refuseFunction(name: string, place: Place): Error {
  if (name === 'UNNEST') return sqlUnsupported(place, 'UNNEST is not supported: there are no ARRAY columns', 'Use one row for each element in the data.');
  const near = didYouMean(name, Object.keys(parameters));
  return sqlUnsupported(place, `the table function ${name} is not supported`, near);
}

function namedArguments(call: TableFunction, names: readonly string[]): ReadonlyMap<string, TableArgument> {
  const { name, args, place } = call;
  if (args.length > names.length) throw sqlInvalid(args[names.length]!.place, `${name} takes at most ${names.length} arguments`, `Write ${example[name]}.`);
  const given = new Map<string, TableArgument>();
  args.forEach((arg, index) => {
    const key = arg.name ?? names[index]!;
    if (!names.includes(key)) throw sqlInvalid(arg.place, `${name} has no argument ${key}`, didYouMean(key, names));
    if (given.has(key)) throw sqlInvalid(arg.place, `${name} is given ${key} twice`);
    given.set(key, arg);
  });
  const missing = names.find((key) => key !== 'OFFSET' && !given.has(key));
  if (missing !== undefined) throw sqlInvalid(place, `${name} lacks its argument ${missing}`, `Write ${example[name]}.`);
  return given;
}

function tableArgument(arg: TableArgument, name: string): TableInput {
  if (arg.value.kind !== 'tableInput') throw sqlInvalid(arg.place, `the first argument of ${name} is a table`, `Write ${example[name]}.`);
  return arg.value;
}

function timeColumn(arg: TableArgument, below: Relation, name: string): number {
  if (arg.value.kind !== 'descriptor') throw sqlInvalid(arg.place, `the second argument of ${name} is DESCRIPTOR(time column)`, `Write ${example[name]}.`);
  const { columns, place } = arg.value as Descriptor;
  if (columns.length !== 1) throw sqlInvalid(place, `DESCRIPTOR names one column here, not ${columns.length}`, 'Name the event-time column.');
  const index = resolveColumn(below, columns, columns[0]!.place);
  checkRowtime(below, index, columns[0]!.place, name);
  return index;
}

/** Refuses a column that is not the rowtime of `relation`, saying what is. */
export function checkRowtime(relation: Relation, index: number, place: Place, user: string): void {
  if (isRowtime(relation.node, index)) return;
  const { rowtime } = relation.node;
  const names = columnNames(relation);
  const forgets = [...nodesBelow(relation.node)].some(({ kind }) => kind === 'join');
  const advice = rowtime !== null ? `Use '${names[rowtime]}'. ${rowtimeHelp}` : forgets ? `A join without bounds on both event times gives none. ${rowtimeHelp}` : rowtimeHelp;
  throw sqlInvalid(place, `${user} needs a rowtime column, and '${names[index]}' is none`, advice);
}

/** A key of SESSION: a column, as in Flink. */
function partitionColumn(key: SqlExpression, below: Relation): number {
  if (key.kind !== 'name') throw sqlUnsupported(key.place, 'PARTITION BY of SESSION takes columns', 'Compute it in a sub-query: SESSION(TABLE (SELECT …) PARTITION BY its column, …).');
  return resolveColumn(below, key.parts, key.place);
}

function windowSpec(name: string, given: ReadonlyMap<string, TableArgument>, place: Place): WindowSpec {
  const millis = (key: string, positive: boolean): number => lengthOf(given.get(key)!.value as SqlExpression, name, example[name]!, positive);
  if (name === 'SESSION') return { kind: 'session', gap: millis('GAP', true) };
  const size = millis('SIZE', true);
  const offset = given.has('OFFSET') ? millis('OFFSET', false) : 0;
  if (name === 'TUMBLE') return { kind: 'tumble', size, offset };
  const key = name === 'HOP' ? 'SLIDE' : 'STEP';
  const part = millis(key, true);
  if (size % part !== 0) {
    throw sqlInvalid(place, `the size of ${name}, ${durationText(size)}, is no multiple of its ${key.toLowerCase()}, ${durationText(part)}`, `First comes the ${key.toLowerCase()}, then the size: ${example[name]}.`);
  }
  return name === 'HOP' ? { kind: 'hop', size, slide: part, offset } : { kind: 'cumulate', size, step: part, offset };
}

/** Milliseconds of an interval among the arguments of `name`; `right` is how to write it. */
export function lengthOf(value: SqlExpression, name: string, right: string, positive: boolean): number {
  const negated = value.kind === 'unary' && value.operator === '-';
  const interval = negated ? value.operand : value;
  if (interval.kind !== 'interval') throw sqlInvalid(value.place, `${name} needs an interval here`, `Write ${right}.`);
  if (interval.type === 'INTERVAL_MONTH') throw sqlUnsupported(value.place, 'a window of months or years is not supported: they differ in length', "Use days: INTERVAL '30' DAY.");
  const length = negated ? -interval.value : interval.value;
  if (positive && length <= 0) throw sqlInvalid(value.place, `a length of ${name} is ${durationText(length)}: it must be positive`);
  return length;
}

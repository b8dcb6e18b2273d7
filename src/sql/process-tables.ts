/** Operators in the user's code as tables: `FROM name(input => TABLE t PARTITION BY k, on_time => DESCRIPTOR(event_time))`. */
import { typeName, withNullable } from '../core/types.js';
import { implicitCast } from '../functions/scalar.js';
import { resolveAggregate } from '../functions/aggregates.js';
import { processRowtime } from '../functions/process-function.js';
import type { UserProcess } from '../functions/process-function.js';
import { windowOf } from '../functions/window-function.js';
import type { DeclaredWindow } from '../functions/window-function.js';
import { columnRef } from '../plan/expression.js';
import type { Place } from '../plan/expression.js';
import { globalWindow } from '../plan/global-window.js';
import type { AggregateCall, PlanNode } from '../plan/plan.js';
import type { ProcessNode } from '../plan/process.js';
import { resolveTrigger } from '../plan/trigger.js';
import type { Descriptor, SqlExpression, TableArgument, TableFunction, TableInput } from './ast.js';
import { didYouMean } from './names.js';
import { Projection } from './projection.js';
import { columnNames, resolveColumn, typeOfColumn } from './relation.js';
import type { Relation } from './relation.js';
import { sqlInvalid, sqlUnsupported } from './sql-error.js';
import { checkRowtime } from './window-tables.js';

const parameters = ['INPUT', 'ON_TIME', 'UID'];

/** The rows that an operator puts out: the keys, its own columns, `rowtime`. `read` gives the relation of the table argument. */
export function processTable(call: TableFunction, process: UserProcess, read: (input: TableInput) => Relation): Relation {
  const { name } = process;
  const example = `Write ${name}(input => TABLE t PARTITION BY key, on_time => DESCRIPTOR(event_time)).`;
  const given = namedArguments(call, name);
  const table = given.get('INPUT')?.value;
  if (table?.kind !== 'tableInput') throw sqlInvalid(call.place, `${name} is given no table`, example);
  const relation = read(table);
  const time = timeOf(given.get('ON_TIME')?.value, relation, call, example);
  const ordered = orderedBy(table, relation, time, process);
  const keys = table.partitionBy.map((key) => keyColumn(key, relation, name));
  const below = new Projection(relation.node);
  const timeAt = below.add(columnRef(time, typeOfColumn(relation, time)));
  const keysAt = [...new Set(keys)].map((key) => below.add(columnRef(key, typeOfColumn(relation, key))));
  const columns = process.input.map((field) => {
    const index = relation.columns.findIndex((column) => column.name === field.name);
    if (index < 0) throw sqlInvalid(call.place, `${name} reads a column '${field.name}', which its table does not have`, didYouMean(field.name, columnNames(relation)));
    const type = typeOfColumn(relation, index);
    if (type.nullable && !field.type.nullable) throw sqlInvalid(call.place, `'${field.name}' may be NULL, and ${name} reads it as ${typeName(field.type)}`, 'Leave such rows out with WHERE … IS NOT NULL in a sub-query, with COALESCE, or declare the column without NOT NULL.');
    return below.add(implicitCast(columnRef(index, type), { ...field.type, nullable: type.nullable }, call.place));
  });
  const input = below.node();
  const keyFields = keysAt.map((column, index) => ({ name: relation.columns[keys[index]!]!.name, type: input.schema[column]!.type }));
  const twice = keyFields.find((key) => key.name === processRowtime || process.output.some((field) => field.name === key.name));
  if (twice !== undefined) throw sqlInvalid(call.place, `the key '${twice.name}' is among the columns that ${name} puts out already`, 'Rename one of the two: the key is added to every row.');
  const window = windowOf(process.code);
  if (window !== null) return windowTable(input, timeAt, keysAt, columns, process, window, call.place);
  const schema = [...keyFields, ...process.output, { name: processRowtime, type: withNullable(input.schema[timeAt]!.type, false) }];
  const node: ProcessNode = { kind: 'process', input, time: timeAt, keys: keysAt, columns, process: ordered, place: call.place, schema, rowtime: schema.length - 1 };
  return { node, columns: schema.map((field) => ({ name: field.name, qualifier: [], role: null })), refused: [], window: null };
}

/** Where the operator is a global window: keys, aggregates, window_start, window_end, fired_by, rowtime. */
function windowTable(input: PlanNode, time: number, keys: readonly number[], columns: readonly number[], process: UserProcess, window: DeclaredWindow, place: Place): Relation {
  const columnOf = (name: string): number => columns[process.input.findIndex((field) => field.name === name)]!;
  const aggregates = window.aggregates.map(({ call, column, distinct }): AggregateCall => {
    const argument = column === null ? null : columnOf(column);
    const { name, type } = resolveAggregate(call, argument === null ? null : input.schema[argument]!.type, distinct, place);
    return { name, argument, distinct, filter: null, type, place };
  });
  const names = window.aggregates.map(({ name }) => name);
  const node = globalWindow({ input, time, keys, aggregates, trigger: resolveTrigger(window.trigger, process.name, columnOf), purges: window.purges, place }, names);
  const at = (name: string): number => node.schema.findIndex((field, index) => index >= keys.length && field.name === name);
  const picked = [...keys.keys(), ...process.output.map(({ name }) => at(name)), node.rowtime!];
  const schema = picked.map((column) => (column === node.rowtime ? { ...node.schema[column]!, name: processRowtime } : node.schema[column]!));
  const root: PlanNode = { kind: 'project', input: node, expressions: picked.map((column) => columnRef(column, node.schema[column]!.type)), schema, rowtime: schema.length - 1 };
  return { node: root, columns: schema.map((field) => ({ name: field.name, qualifier: [], role: null })), refused: [], window: null };
}

/** With ORDER BY the event time, as Flink has it, rows come in that order whatever the operator declares. */
function orderedBy({ orderBy }: TableInput, relation: Relation, time: number, process: UserProcess): UserProcess {
  const [first, second] = orderBy;
  if (first === undefined) return process;
  const index = first.expression.kind === 'name' ? resolveColumn(relation, first.expression.parts, first.place) : -1;
  if (index !== time || first.descending) throw sqlInvalid(first.place, `${process.name} is ordered by something else than the event time`, 'Write ORDER BY its column, or leave ORDER BY out.');
  if (second !== undefined) throw sqlUnsupported(second.place, `${process.name} ordered by more than the event time is not supported`, 'Leave the others out: ties come in the order of arrival.');
  return { ...process, order: 'event time' };
}

function namedArguments(call: TableFunction, name: string): ReadonlyMap<string, TableArgument> {
  const given = new Map<string, TableArgument>();
  call.args.forEach((arg, index) => {
    const key = arg.name ?? parameters[index];
    if (key === undefined || !parameters.includes(key)) throw sqlInvalid(arg.place, `${name} has no argument ${key ?? index + 1}`, didYouMean(key ?? '', parameters));
    if (given.has(key)) throw sqlInvalid(arg.place, `${name} is given ${key} twice`);
    given.set(key, arg);
  });
  return given;
}

/** The table's rowtime, unless the call names it. */
function timeOf(value: TableArgument['value'] | undefined, relation: Relation, call: TableFunction, example: string): number {
  if (value === undefined) {
    const { rowtime } = relation.node;
    if (rowtime === null) throw sqlInvalid(call.place, `the table of ${call.name} has no event time`, example);
    return rowtime;
  }
  if (value.kind !== 'descriptor' || value.columns.length !== 1) throw sqlInvalid(value.place, 'on_time is DESCRIPTOR(time column)', example);
  const { columns: [column] } = value as Descriptor;
  const index = resolveColumn(relation, [column!], column!.place);
  checkRowtime(relation, index, column!.place, call.name);
  return index;
}

function keyColumn(key: SqlExpression, relation: Relation, name: string): number {
  if (key.kind !== 'name') throw sqlUnsupported(key.place, `PARTITION BY of ${name} takes columns`, 'Compute it in a sub-query: TABLE (SELECT …) PARTITION BY its column.');
  return resolveColumn(relation, key.parts, key.place);
}

/** What a query has at hand: a plan node, and how its columns may be called. */
import type { Schema, SqlType } from '../core/types.js';
import type { Expression, Place } from '../plan/expression.js';
import type { JoinType, PlanNode, WindowSpec } from '../plan/plan.js';
import type { Name } from './ast.js';
import { didYouMean } from './names.js';
import { sqlInvalid, sqlUnsupported } from './sql-error.js';

/** A column that a window table function made: grouping by start and end of a window is what groups by it. */
export type WindowRole = 'start' | 'end' | 'time';

export interface RelationColumn {
  readonly name: string;
  /** Parts by which the column may be qualified: alias, or the parts of a table's name. Empty: none. */
  readonly qualifier: readonly string[];
  readonly role: WindowRole | null;
  /** The SELECT item that makes it. */
  readonly place?: Place;
  /** Under USING and NATURAL: the column that stands for those of both sides, or the one that only its qualifier reaches. */
  readonly shared?: 'merged' | 'hidden';
}

/** A join in FROM, not decided upon: WHERE has a say in which it is. Conditions are over both sides' columns. */
export interface OpenJoin {
  readonly left: Relation;
  readonly right: Relation;
  readonly type: JoinType;
  readonly on: readonly Expression[];
  /** More columns, over both sides', which stand behind them. */
  readonly either?: readonly Expression[];
  /** FOR SYSTEM_TIME AS OF, over the left's columns. */
  readonly asOf: { readonly time: Expression; readonly place: Place } | null;
  readonly place: Place;
}

/** A declared column that may not be read, with the reason: PROCTIME() in a table's declaration. */
export interface RefusedColumn {
  readonly name: string;
  readonly qualifier: readonly string[];
  readonly message: string;
  readonly instead: string;
}

/** Where window columns come from. `timeType` is the type of window_time. */
export interface WindowOrigin {
  readonly spec: WindowSpec;
  readonly timeType: SqlType;
}

/** Column i is column i of the node's schema. */
export interface Relation {
  readonly node: PlanNode;
  readonly columns: readonly RelationColumn[];
  readonly refused: readonly RefusedColumn[];
  /** The window that roles speak of. */
  readonly window: WindowOrigin | null;
  /** What FROM joins; `node` gives no more than the columns then. */
  readonly open?: OpenJoin;
}

export function typeOfColumn(relation: Relation, index: number): SqlType {
  return relation.node.schema[index]!.type;
}

/** The same relation under an alias, its columns renamed when the alias lists names. */
export function aliased(relation: Relation, alias: { readonly name: Name; readonly columns: readonly Name[] } | undefined, qualifier: readonly string[]): Relation {
  const refused = relation.refused.map((column) => ({ ...column, qualifier: alias === undefined ? qualifier : [alias.name.text] }));
  if (alias === undefined) return { ...relation, refused, columns: relation.columns.map((column) => ({ ...column, qualifier })) };
  const names = alias.columns;
  if (names.length > 0) checkNameCount(names, relation.columns.length);
  const columns = relation.columns.map((column, index) => ({ ...column, name: names[index]?.text ?? column.name, qualifier: [alias.name.text] }));
  return { ...relation, columns, refused };
}

export function checkNameCount(names: readonly Name[], count: number): void {
  if (names.length !== count) throw sqlInvalid(names[0]!.place, `${names.length} column names are given for ${count} columns`, 'Name each column once.');
}

/** Index of the column that `parts` name: `price`, or `t.price`. Throws when there is none, or several. */
export function resolveColumn(relation: Relation, parts: readonly Name[], place: Place): number {
  const name = parts[parts.length - 1]!.text;
  const qualifier = parts.slice(0, -1).map((part) => part.text);
  const found: number[] = [];
  relation.columns.forEach((column, index) => {
    if (column.name === name && qualifies(qualifier, column.qualifier) && (qualifier.length > 0 || column.shared !== 'hidden')) found.push(index);
  });
  if (found.length === 1) return found[0]!;
  const refused = relation.refused.find((column) => column.name === name && qualifies(qualifier, column.qualifier));
  if (refused !== undefined) throw sqlUnsupported(place, refused.message, refused.instead);
  if (found.length > 1) throw sqlInvalid(place, `column '${name}' is ambiguous: ${found.length} columns have this name`, telling(found.map((index) => relation.columns[index]!)));
  if (qualifier.length > 0 && !relation.columns.some((column) => qualifies(qualifier, column.qualifier))) {
    const known = [...new Set(relation.columns.map((column) => column.qualifier.at(-1)).filter((text) => text !== undefined))];
    throw sqlInvalid(place, `no table '${qualifier.join('.')}' here`, didYouMean(qualifier.join('.'), known));
  }
  throw sqlInvalid(place, `no column '${name}'`, didYouMean(name, relation.columns.map((column) => column.name)));
}

/** How to tell columns of one name from each other. */
function telling(columns: readonly RelationColumn[]): string {
  const written = new Set(columns.map(({ name, qualifier }) => [...qualifier.slice(-1), name].join('.')));
  return written.size === columns.length ? `Write ${[...written].join(' or ')}.` : 'Give them different names with AS in the sub-query or view below.';
}

/** `b` and `a.b` both qualify a column of table `a.b`. */
export function qualifies(written: readonly string[], qualifier: readonly string[]): boolean {
  const skipped = qualifier.length - written.length;
  return skipped >= 0 && written.every((part, index) => part === qualifier[skipped + index]);
}

export const columnNames = (relation: Relation): readonly string[] => relation.columns.map((column) => column.name);

/** The same types under other names. */
export function renamedSchema(schema: Schema, names: readonly string[]): Schema {
  return schema.map(({ type }, index) => ({ name: names[index]!, type }));
}

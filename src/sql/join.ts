/** Joins in FROM: names of both sides, ON, USING and NATURAL. Which join it is, `join-lowering.ts` decides. */
import { withNullable } from '../core/types.js';
import type { Schema } from '../core/types.js';
import { makeCall } from '../functions/scalar.js';
import { columnRef, type Expression, type Place } from '../plan/expression.js';
import type { JoinType, PlanNode } from '../plan/plan.js';
import { noAggregates } from './aggregate-calls.js';
import type { Join, Name, NamedTable, SqlExpression, TableReference } from './ast.js';
import { bind, bindCondition } from './binder.js';
import type { Surroundings } from './binder.js';
import { conjunctsOf } from './join-conditions.js';
import type { Environment } from './query.js';
import { resolveColumn, typeOfColumn } from './relation.js';
import type { OpenJoin, Relation, RelationColumn } from './relation.js';
import { sqlInvalid } from './sql-error.js';

const types: Readonly<Record<Join['type'], JoinType>> = { INNER: 'inner', CROSS: 'inner', LEFT: 'left', RIGHT: 'right', FULL: 'full' };

/** The columns of both sides, the join itself still open. `read` gives the relation of a side. */
export function openJoin(join: Join, read: (reference: TableReference) => Relation, environment: Environment): Relation {
  const type = types[join.type];
  checkClauses(join);
  const left = read(join.left);
  const table = versionedTable(join.right);
  const right = read(table === null ? join.right : { ...table, systemTime: undefined });
  checkNames(left, right, join.right.place);
  const asOf = table === null ? null : table.systemTime!;
  const both = relationOf(left, right, null);
  const shared = sharedNames(join, left, right);
  const on = [
    ...shared.map(({ left: one, right: other, place }) => makeCall('=', [columnRef(one, typeOfColumn(both, one)), columnRef(other, typeOfColumn(both, other))], place, environment.session)),
    ...(join.on === undefined ? [] : conjunctsOf(bindCondition(join.on, 'ON', surroundings(both, 'ON', environment)))),
  ];
  const open: OpenJoin = { left, right, type, on, place: join.place, asOf: asOf === null ? null : { time: bind(asOf, surroundings(left, 'FOR SYSTEM_TIME AS OF', environment)), place: asOf.place } };
  const joined = relationOf(left, right, open);
  if (type === 'full' && shared.length > 0) return withEither(joined, open, shared, environment);
  return { ...joined, columns: merged(joined.columns, shared, type === 'right') };
}

/** Where either side may be missing, a shared column is the one that is there: a column of its own, behind those of both sides. */
function withEither(joined: Relation, open: OpenJoin, shared: readonly SharedName[], { session }: Environment): Relation {
  const either = shared.map(({ left, right, place }) => makeCall('COALESCE', [columnRef(left, typeOfColumn(joined, left)), columnRef(right, typeOfColumn(joined, right))], place, session));
  const names = shared.map(({ left }) => joined.columns[left]!.name);
  const schema = [...joined.node.schema, ...either.map(({ type }, index) => ({ name: names[index]!, type }))];
  const hidden = new Set(shared.flatMap(({ left, right }) => [left, right]));
  const columns = joined.columns.map((column, index): RelationColumn => (hidden.has(index) ? { ...column, shared: 'hidden' } : column));
  const added = names.map((name): RelationColumn => ({ name, qualifier: [], role: null, shared: 'merged' }));
  return { ...joined, node: { ...joined.node, schema }, columns: [...columns, ...added], open: { ...open, either } };
}

function surroundings(relation: Relation, clause: string, { session, remark }: Environment): Surroundings {
  return { relation, session, remark, places: new Map<Expression, Place>(), aliases: [], aggregate: noAggregates(clause) };
}

/** Both sides' columns; NULL may stand where the join pads. */
export function relationOf(left: Relation, right: Relation, open: OpenJoin | null): Relation {
  const schema = joinedSchema(left.node.schema, right.node.schema, open?.type ?? 'inner');
  // Stands for the join until it is lowered; nothing but names and types is read of it.
  const node: PlanNode = {
    kind: 'join', inputs: [left.node, right.node], type: open?.type ?? 'inner', keys: { left: [], right: [] }, condition: null,
    ttl: [null, null], place: open?.place ?? { line: 1, column: 1, text: '' }, schema, rowtime: null,
  };
  const relation: Relation = { node, columns: [...left.columns, ...right.columns], refused: [...left.refused, ...right.refused], window: null };
  return open === null ? relation : { ...relation, open };
}

export function joinedSchema(left: Schema, right: Schema, type: JoinType): Schema {
  const padded = (schema: Schema, isPadded: boolean): Schema => (isPadded ? schema.map(({ name, type: own }) => ({ name, type: withNullable(own, true) })) : schema);
  if (type === 'semi' || type === 'anti') return left;
  return [...padded(left, type === 'right' || type === 'full'), ...padded(right, type === 'left' || type === 'full')];
}

function checkClauses({ type, natural, comma, on, using, place }: Join): void {
  const conditions = [natural, on !== undefined, using.length > 0].filter(Boolean).length;
  if (comma) return;
  if (type === 'CROSS' && conditions > 0) throw sqlInvalid(place, 'CROSS JOIN takes no condition', 'Write JOIN … ON.');
  if (type !== 'CROSS' && conditions === 0) throw sqlInvalid(place, `${type} JOIN needs a condition`, 'Write ON, USING (columns) or NATURAL before JOIN; without any, CROSS JOIN.');
  if (conditions > 1) throw sqlInvalid(place, 'NATURAL JOIN takes neither ON nor USING', 'Leave one of them out.');
}

/** The right side where it is a table as of a time. */
function versionedTable(reference: TableReference): (NamedTable & { readonly systemTime: SqlExpression }) | null {
  return reference.kind === 'table' && reference.systemTime !== undefined ? { ...reference, systemTime: reference.systemTime } : null;
}

/** Refuses two tables of one name: their columns could not be told apart. */
function checkNames(left: Relation, right: Relation, place: Place): void {
  const names = (relation: Relation): Set<string> => new Set(relation.columns.flatMap(({ qualifier }) => (qualifier.length === 0 ? [] : [qualifier.join('.')])));
  const known = names(left);
  const twin = [...names(right)].find((name) => known.has(name));
  if (twin !== undefined) throw sqlInvalid(place, `'${twin}' is there twice in FROM`, `Give them names of their own: ${twin} AS a JOIN ${twin} AS b.`);
}

interface SharedName {
  readonly left: number;
  /** Over both sides' columns. */
  readonly right: number;
  readonly place: Place;
}

/** Columns that USING or NATURAL makes one. */
function sharedNames({ natural, using, place }: Join, left: Relation, right: Relation): readonly SharedName[] {
  const visible = ({ columns }: Relation): readonly string[] => columns.filter((column) => column.shared !== 'hidden').map((column) => column.name);
  const rights = visible(right);
  const names: readonly Name[] = natural ? [...new Set(visible(left))].filter((name) => rights.includes(name)).map((text) => ({ text, place })) as Name[] : using;
  if (natural && names.length === 0) throw sqlInvalid(place, 'NATURAL JOIN of tables that share no column', 'Write JOIN … ON, or CROSS JOIN.');
  return names.map((name) => ({ left: resolveColumn(left, [name], name.place), right: left.columns.length + resolveColumn(right, [name], name.place), place: name.place }));
}

function merged(columns: readonly RelationColumn[], shared: readonly SharedName[], rightStays: boolean): readonly RelationColumn[] {
  const stays = new Set(shared.map(({ left, right }) => (rightStays ? right : left)));
  const goes = new Set(shared.map(({ left, right }) => (rightStays ? left : right)));
  return columns.map((column, index) => (stays.has(index) ? { ...column, shared: 'merged' } : goes.has(index) ? { ...column, shared: 'hidden' } : column));
}

/** Queries: WITH, UNION, and what may not follow them. */
import { commonType } from '../functions/scalar.js';
import type { Session } from '../functions/kernel.js';
import { typeName } from '../core/types.js';
import type { SqlType } from '../core/types.js';
import { columnRef } from '../plan/expression.js';
import type { PlanNode } from '../plan/plan.js';
import { isRowtime } from '../plan/trace.js';
import type { Query, QueryBody, SetOperation } from './ast.js';
import { assign } from './assign.js';
import { distinctRows } from './distinct.js';
import type { Remark } from './binder.js';
import type { Catalog } from './catalog.js';
import { checkPlanSize } from './plan-size.js';
import { projectNode } from './projection.js';
import { checkNameCount, columnNames } from './relation.js';
import type { Relation } from './relation.js';
import { planSelect } from './select.js';
import { sqlInvalid, sqlUnsupported } from './sql-error.js';

/** What a query is planned in. */
export interface Environment {
  readonly catalog: Catalog;
  /** WITH, by name: they hide tables and views of the same name. */
  readonly commonTables: ReadonlyMap<string, Relation>;
  readonly session: Session;
  readonly remark: Remark;
  /** Milliseconds after which state that nothing touched is forgotten, by SET; null: never. */
  readonly timeToLive: number | null;
  /** The same by the name of a joined table, by the hint STATE_TTL. */
  readonly timesToLive?: ReadonlyMap<string, number | null>;
}

export function planQuery(query: Query, outer: Environment): Relation {
  if (query.orderBy.length > 0) throw sqlUnsupported(query.orderBy[0]!.place, 'ORDER BY is not supported: outputs are in the order of event time already', 'Leave it out, and sort the output with the query command.');
  const cut = query.limit ?? query.offset;
  if (cut !== undefined) throw sqlUnsupported(cut.place, 'LIMIT, FETCH and OFFSET are not supported', 'Leave them out, and cut the output with the query command.');
  const commonTables = new Map(outer.commonTables);
  const environment = { ...outer, commonTables };
  const own = new Set<string>();
  for (const { name, columns, query: inner } of query.with) {
    if (own.has(name.text)) throw sqlInvalid(name.place, `WITH names '${name.text}' twice`);
    own.add(name.text);
    const relation = planQuery(inner, environment);
    checkPlanSize(relation.node, name.place);
    if (columns.length > 0) checkNameCount(columns, relation.columns.length);
    commonTables.set(name.text, { ...relation, columns: relation.columns.map((column, index) => ({ ...column, name: columns[index]?.text ?? column.name })) });
  }
  return planBody(query.body, environment);
}

function planBody(body: QueryBody, environment: Environment): Relation {
  switch (body.kind) {
    case 'query': return planQuery(body, environment);
    case 'select': return planSelect(body, environment);
    case 'values': throw sqlUnsupported(body.place, 'VALUES is not supported: rows come from bound tables', 'Put the rows into a file and bind a table to it.');
    case 'setOperation': return planUnion(body, environment);
  }
}

function planUnion(operation: SetOperation, environment: Environment): Relation {
  const { operator, all, place } = operation;
  if (operator !== 'UNION') throw sqlUnsupported(place, `${operator}${all ? ' ALL' : ''} is not supported`, 'Use WHERE conditions, or a join.');
  const branches = unionBranches(operation, all);
  const relations = branches.map((branch) => planBody(branch, environment));
  const [first, ...others] = relations as [Relation, ...Relation[]];
  others.forEach((other, index) => {
    if (other.columns.length !== first.columns.length) {
      throw sqlInvalid(branches[index + 1]!.place, `UNION of ${first.columns.length} columns with ${other.columns.length}`, 'Give each SELECT the same columns, in the same order.');
    }
  });
  const names = columnNames(first);
  const types = names.map((name, index) => unionType(relations.map((relation) => relation.node.schema[index]!.type), name, operation));
  const schema = types.map((type, index) => ({ name: names[index]!, type }));
  const inputs = relations.map((relation, branch): PlanNode => {
    const { node } = relation;
    const expressions = types.map((type, index) => {
      const column = columnRef(index, node.schema[index]!.type);
      return assign(column, type, relation.columns[index]!.place ?? branches[branch]!.place, environment.session);
    });
    return projectNode(node, expressions, expressions.map(({ type }, index) => ({ name: names[index]!, type })));
  });
  // Rows of all inputs are in event time only where the same column is everyone's rowtime.
  const shared = types.findIndex((_, index) => inputs.every((input) => isRowtime(input, index)));
  const rowtime = shared < 0 ? null : shared;
  const columns = first.columns.map(({ name }, index) => ({ name, qualifier: [], role: sameRole(relations, index) ? first.columns[index]!.role : null }));
  const union: Relation = { node: { kind: 'union', inputs, schema, rowtime }, columns, refused: [], window: first.window };
  return all ? union : distinctRows(union, place, environment.timeToLive);
}

/** A window column stays one where every input has it from the same kind of window. */
function sameRole(relations: readonly Relation[], index: number): boolean {
  const key = ({ columns, window }: Relation): string => JSON.stringify([columns[index]!.role, window]);
  return relations.every((relation) => key(relation) === key(relations[0]!));
}

/** The inputs of a chain of unions, left to right. Where duplicates go in the end, they need not go before. */
function unionBranches(body: QueryBody, all: boolean): readonly QueryBody[] {
  if (body.kind !== 'setOperation' || body.operator !== 'UNION' || (all && !body.all)) return [body];
  return [...unionBranches(body.left, all), ...unionBranches(body.right, all)];
}

function unionType(types: readonly SqlType[], name: string, { place }: SetOperation): SqlType {
  const common = commonType(types);
  if (common === null) {
    throw sqlInvalid(place, `column '${name}' of UNION is ${types.map((type) => typeName(type, false)).join(' and ')}`, 'CAST them to one type.');
  }
  return common;
}

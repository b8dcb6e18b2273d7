/** INSERT: the query's columns become the target's, in its order and types. */
import type { Session } from '../functions/kernel.js';
import { columnRef, literal } from '../plan/expression.js';
import type { PlanNode, SinkTable } from '../plan/plan.js';
import { typeName } from '../core/types.js';
import type { SqlType, TypeKind } from '../core/types.js';
import type { Insert } from './ast.js';
import { assign } from './assign.js';
import type { Remark } from './binder.js';
import { didYouMean } from './names.js';
import { projectNode } from './projection.js';
import type { Relation } from './relation.js';
import { sqlInvalid } from './sql-error.js';

/** The plan whose rows are rows of `sink`. */
export function intoSink(relation: Relation, insert: Insert, sink: SinkTable, session: Session, remark: Remark): PlanNode {
  const targets = targetColumns(insert, sink);
  const { columns, node } = relation;
  if (columns.length !== targets.length) {
    const wanted = targets.map((index) => sink.schema[index]!.name).join(', ');
    throw sqlInvalid(insert.query.place, `the query gives ${columns.length} columns (${columns.map(({ name }) => name).join(', ')}), and '${sink.name}' takes ${targets.length} (${wanted})`, 'Select as many columns as are inserted, in their order.');
  }
  const expressions = sink.schema.map(({ name, type }, index) => {
    const from = targets.indexOf(index);
    if (from < 0) {
      if (!type.nullable) throw sqlInvalid(insert.target.place, `'${name}' of '${sink.name}' is ${typeName(type)} and is not inserted`, 'Add it to the column list and the query.');
      return literal(null, type);
    }
    const given = columnRef(from, node.schema[from]!.type);
    const place = columns[from]!.place ?? insert.query.place;
    if (narrows(given.type, type)) {
      const to = typeName(type, false);
      throw sqlInvalid(place, `'${columns[from]!.name}' is ${typeName(given.type, false)} and '${name}' of '${sink.name}' is ${to}: INSERT does not narrow a number`, `Write CAST(… AS ${to}).`);
    }
    if (given.type.nullable && !type.nullable) {
      remark(`line ${place.line}, column ${place.column}: '${columns[from]!.name}' may be NULL, and '${name}' of '${sink.name}' is NOT NULL: Flink would stop at such a row`);
    }
    return assign(given, type, place, session);
  });
  return projectNode(node, expressions, expressions.map(({ type }, index) => ({ name: sink.schema[index]!.name, type })));
}

const integerRanks: readonly TypeKind[] = ['TINYINT', 'SMALLINT', 'INT', 'BIGINT'];

/** Whether the target may not hold what is given, as Flink sees it; DOUBLE may become DECIMAL. */
function narrows(from: SqlType, to: SqlType): boolean {
  if (to.kind === 'FLOAT') return from.kind === 'DOUBLE';
  const rank = integerRanks.indexOf(to.kind);
  const given = integerRanks.indexOf(from.kind);
  return rank >= 0 && (given > rank || from.kind === 'FLOAT' || from.kind === 'DOUBLE' || from.kind === 'DECIMAL');
}

/** Indexes of the sink's columns that the query's columns go to, in the query's order. */
function targetColumns(insert: Insert, sink: SinkTable): readonly number[] {
  const names = sink.schema.map((field) => field.name);
  if (insert.columns.length === 0) return names.map((_, index) => index);
  const targets = insert.columns.map(({ text, place }) => {
    const index = names.indexOf(text);
    if (index < 0) throw sqlInvalid(place, `'${sink.name}' has no column '${text}' to write`, didYouMean(text, names));
    return index;
  });
  const twice = targets.findIndex((target, index) => targets.indexOf(target) !== index);
  if (twice >= 0) throw sqlInvalid(insert.columns[twice]!.place, `column '${names[targets[twice]!]}' is inserted twice`);
  return targets;
}

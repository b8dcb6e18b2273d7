/** DISTINCT: rows grouped by all of their columns. */
import { columnRef, type Place } from '../plan/expression.js';
import { lowerGroups } from './grouping.js';
import { projectNode } from './projection.js';
import type { Relation } from './relation.js';
import { Virtuals } from './virtuals.js';

/** Each row of `relation` once. `timeToLive`: milliseconds after which one that did not come again is forgotten; null: never. */
export function distinctRows(relation: Relation, place: Place, timeToLive: number | null): Relation {
  const { columns, node } = relation;
  const groups = columns.map((column, index) => ({ expression: columnRef(index, node.schema[index]!.type), place: column.place ?? place }));
  const lowered = lowerGroups(relation, { groups, window: null, timeToLive, place }, new Virtuals(columns.length), new Map());
  const expressions = groups.map((group) => lowered.rewrite(group.expression, group.place));
  return { ...relation, node: projectNode(lowered.relation.node, expressions, node.schema) };
}

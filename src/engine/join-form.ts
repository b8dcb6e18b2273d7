/** Joins as operators. */
import type { Schema } from '../core/types.js';
import { IntervalJoin } from '../operators/interval-join.js';
import type { JoinSpec } from '../operators/join.js';
import type { TwoInputOperator } from '../operators/operator.js';
import { RegularJoin } from '../operators/regular-join.js';
import { TemporalJoin } from '../operators/temporal-join.js';
import { WindowJoin } from '../operators/window-join.js';
import { isUpdating, uniqueKeys } from '../plan/changes.js';
import { compileStage } from '../plan/compile.js';
import { columnRef, columnsOf, substitute } from '../plan/expression.js';
import type { JoinNode } from '../plan/plan.js';
import { ascending, picked, type OperatorForm } from './operator-form.js';

export function joinForm(node: JoinNode, needs: ReadonlySet<number>): OperatorForm {
  const first = node.inputs[0].schema.length;
  const asked = [...needs, ...(node.condition === null ? [] : columnsOf(node.condition))];
  const left = ascending([...node.keys.left, ...sideColumns(node, 0), ...asked.filter((column) => column < first)]);
  const right = ascending([...node.keys.right, ...sideColumns(node, 1), ...asked.filter((column) => column >= first).map((column) => column - first)]);
  const columns = [left, right] as const;
  const inputs = [picked(node.inputs[0].schema, left), picked(node.inputs[1].schema, right)] as const;
  // The output's types, not the input's: the side of an outer join may be NULL.
  const leftOnly = node.type === 'semi' || node.type === 'anti';
  const given = picked(node.schema, leftOnly ? left : [...left, ...right.map((column) => column + first)]);
  const map = new Map(left.map((column, index) => [column, index]));
  if (!leftOnly) right.forEach((column, index) => map.set(first + column, left.length + index));
  return { columns, schema: given, map, make: (name) => ({ inputs: 2, operator: operatorOf(node, specOf(node, name, columns, inputs), columns) }) };
}

/** Columns of one side that the kind of join itself reads, besides keys and condition. */
function sideColumns(node: JoinNode, side: 0 | 1): readonly number[] {
  switch (node.kind) {
    case 'interval-join': case 'temporal-join': return [node.times[side]];
    case 'window-join': return [node.windows[side].start, node.windows[side].end];
    case 'join': return identityOf(node, side);
  }
}

/** By what a row of a side is told from others when it is taken back: a unique key, or all of it. */
function identityOf(node: JoinNode, side: 0 | 1): readonly number[] {
  const input = node.inputs[side];
  if (!isUpdating(input)) return [];
  return uniqueKeys(input)[0] ?? input.schema.map((_, index) => index);
}

function specOf(node: JoinNode, name: string, [left, right]: readonly [readonly number[], readonly number[]], inputs: readonly [Schema, Schema]): JoinSpec {
  const first = node.inputs[0].schema.length;
  const at = (column: number): number => (column < first ? left.indexOf(column) : left.length + right.indexOf(column - first));
  const joined = [...inputs[0], ...inputs[1]];
  const condition = node.condition === null ? null : compileStage({
    input: joined, outputs: [], filter: substitute(node.condition, (column) => columnRef(at(column), joined[at(column)]!.type)),
  });
  return {
    name, inputs, type: node.type, condition, place: node.place,
    keys: { left: node.keys.left.map((column) => left.indexOf(column)), right: node.keys.right.map((column) => right.indexOf(column)) },
  };
}

function operatorOf(node: JoinNode, spec: JoinSpec, [left, right]: readonly [readonly number[], readonly number[]]): TwoInputOperator {
  const pair = ([one, other]: readonly [number, number]): readonly [number, number] => [left.indexOf(one), right.indexOf(other)];
  switch (node.kind) {
    case 'interval-join': return new IntervalJoin({ ...spec, times: pair(node.times), lower: node.lower, upper: node.upper });
    case 'temporal-join': return new TemporalJoin({ ...spec, times: pair(node.times), retracts: isUpdating(node.inputs[0]) });
    case 'window-join': {
      const [one, other] = node.windows;
      return new WindowJoin({ ...spec, starts: pair([one.start, other.start]), ends: pair([one.end, other.end]) });
    }
    case 'join': {
      const identities = [identityOf(node, 0).map((column) => left.indexOf(column)), identityOf(node, 1).map((column) => right.indexOf(column))] as const;
      const updating = [isUpdating(node.inputs[0]), isUpdating(node.inputs[1])] as const;
      const unique = [updating[0] && uniqueKeys(node.inputs[0]).length > 0, updating[1] && uniqueKeys(node.inputs[1]).length > 0] as const;
      return new RegularJoin({ ...spec, ttl: node.ttl, identities, unique });
    }
  }
}

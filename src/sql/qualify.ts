/** QUALIFY: rows kept for what OVER says of them. It is WHERE around a sub-query, and gives the same plan. */
import { columnRef, columnsOf, substitute } from '../plan/expression.js';
import type { Expression, Place } from '../plan/expression.js';
import type { SqlType } from '../core/types.js';
import type { Select, SqlExpression } from './ast.js';
import { projectNode } from './projection.js';
import { withRankBounds } from './ranks.js';
import type { Relation } from './relation.js';

/** The condition with the names that SELECT gives written out; columns of `from` hide them. */
export function qualifyCondition({ qualify, items }: Select, from: Relation): SqlExpression | undefined {
  const named = items.flatMap((item) => (item.kind === 'selectExpression' && item.alias !== undefined ? [[item.alias.text, item.expression] as const] : []));
  return qualify === undefined ? undefined : writtenOut(qualify, new Map(named.filter(([name]) => from.columns.every((column) => column.name !== name))));
}

/** A copy of part of a syntax tree. */
function writtenOut<Part>(part: Part, names: ReadonlyMap<string, SqlExpression>): Part {
  if (Array.isArray(part)) return part.map((one: unknown) => writtenOut(one, names)) as Part;
  if (typeof part !== 'object' || part === null) return part;
  const { kind, parts } = part as { readonly kind?: unknown; readonly parts?: readonly { readonly text: string }[] };
  const found = kind === 'name' && parts?.length === 1 ? names.get(parts[0]!.text) : undefined;
  return (found ?? Object.fromEntries(Object.entries(part).map(([name, value]) => [name, writtenOut<unknown>(value, names)]))) as Part;
}

export interface Qualification {
  /** What the condition reads, to stand behind the items of SELECT. */
  readonly columns: readonly { readonly name: string; readonly expression: Expression; readonly place: Place }[];
  /** The rows of those for which it holds, without these columns. */
  kept(rows: Relation): Relation;
}

/** `condition` is over what the items are over; `typeOf` gives its columns' types. `width`: how many items there are. */
export function qualification(condition: Expression, width: number, typeOf: (index: number) => SqlType, place: Place): Qualification {
  const used = [...columnsOf(condition)];
  return {
    columns: used.map((index, at) => ({ name: `qualify ${at + 1}`, expression: columnRef(index, typeOf(index)), place })),
    kept(rows) {
      const { node } = rows;
      const moved = substitute(condition, (index) => columnRef(width + used.indexOf(index), typeOf(index)));
      const kept = withRankBounds({ kind: 'filter', input: node, condition: moved, schema: node.schema, rowtime: node.rowtime });
      const schema = node.schema.slice(0, width);
      return { ...rows, node: projectNode(kept, schema.map(({ type }, index) => columnRef(index, type)), schema), columns: rows.columns.slice(0, width) };
    },
  };
}

/** Tables with versions: the right side of FOR SYSTEM_TIME AS OF. */
import { isRowtime } from '../plan/trace.js';
import type { PlanNode } from '../plan/plan.js';
import type { JoinParts } from './join-kinds.js';
import type { OpenJoin } from './relation.js';
import { columnNames } from './relation.js';
import { sqlInvalid, sqlUnsupported } from './sql-error.js';
import { rowtimeHelp } from './window-tables.js';

const versionHelp = 'A table has versions when it is declared with PRIMARY KEY and WATERMARK, or is a view that keeps the newest row: SELECT … FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY k ORDER BY event_time DESC) AS n FROM t) WHERE n = 1.';

/** Columns of event time of both sides. Throws where the left's is none, or the right has no versions by `keys`. */
export function temporalTimes({ left, right, type, place }: JoinParts, keys: readonly number[], asOf: NonNullable<OpenJoin['asOf']>): readonly [number, number] {
  if (type !== 'inner' && type !== 'left') throw sqlUnsupported(place, `${type.toUpperCase()} JOIN with FOR SYSTEM_TIME AS OF is not supported`, 'Use JOIN or LEFT JOIN.');
  const { time } = asOf;
  if (time.kind !== 'column' || !isRowtime(left.node, time.index)) {
    throw sqlInvalid(asOf.place, "FOR SYSTEM_TIME AS OF needs the left side's rowtime column", rowtimeHelp);
  }
  const versioned = versionsOf(right.node);
  if (versioned === null) throw sqlInvalid(place, 'the right side of FOR SYSTEM_TIME AS OF has no versions', versionHelp);
  const missing = versioned.key.filter((column) => !keys.includes(column));
  if (missing.length > 0) {
    const names = columnNames(right);
    throw sqlInvalid(place, `FOR SYSTEM_TIME AS OF needs the whole key of the right side in ON: ${missing.map((column) => `'${names[column]}'`).join(', ')} is missing`, `Compare ${versioned.key.map((column) => `'${names[column]}'`).join(' and ')} with a column of the left by =.`);
  }
  return [time.index, versioned.time];
}

interface Versions {
  /** Columns by which a row replaces another. */
  readonly key: readonly number[];
  readonly time: number;
}

function versionsOf(node: PlanNode): Versions | null {
  switch (node.kind) {
    case 'scan': {
      const key = node.table.primaryKey.map((name) => node.table.columns.findIndex((column) => column.name === name));
      return key.length === 0 || node.rowtime === null ? null : { key, time: node.rowtime };
    }
    case 'changelog': return node.rowtime === null ? null : { key: node.keys, time: node.rowtime };
    case 'project': {
      const below = versionsOf(node.input);
      if (below === null) return null;
      const at = (column: number): number => node.expressions.findIndex((expression) => expression.kind === 'column' && expression.index === column);
      const key = below.key.map(at);
      const time = at(below.time);
      return key.includes(-1) || time < 0 ? null : { key, time };
    }
    case 'rank': {
      const [order] = node.order;
      const newest = node.from === 1 && node.to === 1 && node.order.length === 1 && order!.descending && isRowtime(node.input, order!.column);
      return newest ? { key: node.partition, time: order!.column } : null;
    }
    default: return null;
  }
}


/** Operators in a few words, for explain, late rows and errors. */
import { patternText } from './match.js';
import type { AggregateCall, Frame, PlanNode, SortKey, StatefulNode, WindowSpec } from './plan.js';
import { durationText } from './print.js';
import { triggerText } from './trigger.js';

/** `window-aggregate TUMBLE '1' MINUTE`, `over RANGE '5' MINUTE PRECEDING`, `left interval-join`. */
export function operatorText(node: StatefulNode): string {
  switch (node.kind) {
    case 'window': return `window ${windowText(node.window)}`;
    case 'over': return `over ${frameText(node.frame)}`;
    case 'window-aggregate': return `window-aggregate ${node.window === null ? 'over windowed rows' : windowText(node.window)}`;
    case 'group-aggregate': return 'group-aggregate';
    case 'changelog': return 'changelog';
    case 'rank': case 'window-rank': return `${node.kind} ${rankText(node)}`;
    case 'global-window': return `global-window ${triggerText(node.trigger, node.input.schema.map(({ name }) => name))}${node.purges ? '' : ', ACCUMULATING'}`;
    case 'halts': return `halts ${node.rules.map(({ anomaly }) => anomaly).join(', ')}`;
    case 'match': return `match (${patternText(node.pattern)})${node.within === null ? '' : ` WITHIN ${durationText(node.within)}`}`;
    case 'process': return `process ${node.process.name}`;
    case 'interval-join': return `${node.type} interval-join ${durationText(node.lower)} TO ${durationText(node.upper)}`;
    case 'temporal-join': case 'join': case 'window-join': return `${node.type} ${node.kind}`;
  }
}

/** `ROW_NUMBER <= 3`, `ROW_NUMBER FROM 2 TO 5`. */
export function rankText({ from, to }: Extract<PlanNode, { kind: 'rank' | 'window-rank' }>): string {
  return from === 1 ? `ROW_NUMBER <= ${to}` : `ROW_NUMBER FROM ${from} TO ${to}`;
}

/** `price DESC NULLS LAST, symbol`; nulls stand as Flink has them by default unless told. */
export function orderText(order: readonly SortKey[], names: readonly string[]): string {
  return order.map(({ column, descending, nullsLast }) =>
    `${names[column]}${descending ? ' DESC' : ''}${nullsLast === descending ? '' : ` NULLS ${nullsLast ? 'LAST' : 'FIRST'}`}`).join(', ');
}

export function windowText(window: WindowSpec): string {
  if (window.kind === 'session') return `SESSION GAP ${durationText(window.gap)}`;
  const offset = window.offset === 0 ? '' : ` OFFSET ${durationText(window.offset)}`;
  switch (window.kind) {
    case 'tumble': return `TUMBLE ${durationText(window.size)}${offset}`;
    case 'hop': return `HOP ${durationText(window.size)} EVERY ${durationText(window.slide)}${offset}`;
    case 'cumulate': return `CUMULATE ${durationText(window.size)} STEP ${durationText(window.step)}${offset}`;
  }
}

export function frameText({ kind, preceding }: Frame): string {
  if (preceding === null) return `${kind.toUpperCase()} UNBOUNDED PRECEDING`;
  return kind === 'rows' ? `ROWS ${preceding} PRECEDING` : `RANGE ${durationText(preceding)} PRECEDING`;
}

/** `SUM(DISTINCT volume) FILTER (WHERE buy)`; `names` are the input's columns. */
export function aggregateText(call: AggregateCall, names: readonly string[]): string {
  const argument = call.argument === null ? '*' : [call.argument, ...(call.more ?? [])].map((column) => names[column]).join(', ');
  const back = call.name !== 'LAG' ? '' : `, ${call.offset ?? 1}${call.defaultColumn == null ? '' : `, ${names[call.defaultColumn]}`}`;
  const filter = call.filter === null ? '' : ` FILTER (WHERE ${names[call.filter]})`;
  return `${call.user?.name ?? call.name}(${call.distinct ? 'DISTINCT ' : ''}${argument}${back})${filter}`;
}

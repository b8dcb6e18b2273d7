/** Operators in a few words, for explain, late rows and errors. */
import type { AggregateCall, Frame, PlanNode, WindowSpec } from './plan.js';
import { durationText } from './print.js';

/** `window-aggregate TUMBLE '1' MINUTE`, `over RANGE '5' MINUTE PRECEDING`. */
export function operatorText(node: Extract<PlanNode, { kind: 'window' | 'window-aggregate' | 'over' }>): string {
  if (node.kind === 'window') return `window ${windowText(node.window)}`;
  if (node.kind === 'over') return `over ${frameText(node.frame)}`;
  return `window-aggregate ${node.window === null ? 'over windowed rows' : windowText(node.window)}`;
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
  const argument = call.argument === null ? '*' : names[call.argument]!;
  const back = call.name !== 'LAG' ? '' : `, ${call.offset ?? 1}${call.defaultColumn == null ? '' : `, ${names[call.defaultColumn]}`}`;
  const filter = call.filter === null ? '' : ` FILTER (WHERE ${names[call.filter]})`;
  return `${call.name}(${call.distinct ? 'DISTINCT ' : ''}${argument}${back})${filter}`;
}

/** OVER clauses and named WINDOWs: partition, order and frame. */
import type { Frame } from '../plan/plan.js';
import type { Frame as FrameText, FrameBound, NamedWindow, WindowSpecification } from './ast.js';
import { bind } from './binder.js';
import type { Surroundings } from './binder.js';
import { didYouMean } from './names.js';
import { sqlInvalid, sqlUnsupported } from './sql-error.js';
import type { BoundWindow } from './virtuals.js';

/** Looks a window up and checks what can be checked before grouping: that its order is the rowtime is checked later. */
export function bindWindow(written: WindowSpecification, windows: readonly NamedWindow[], around: Surroundings): BoundWindow {
  const { partitionBy, orderBy, frame, place } = inherited(written, windows, []);
  const [order, ...more] = orderBy;
  if (order === undefined) throw sqlInvalid(place, 'the OVER window has no ORDER BY', 'Order by the event time: OVER (PARTITION BY key ORDER BY event_time …).');
  if (more.length > 0) throw sqlUnsupported(more[0]!.place, 'an OVER window ordered by several columns is not supported', 'Order by the event time alone.');
  if (order.descending) throw sqlUnsupported(order.place, 'ORDER BY … DESC in OVER is not supported: rows are seen in event-time order', 'Leave DESC out.');
  return {
    partition: partitionBy.map((expression) => bind(expression, around)),
    order: bind(order.expression, around),
    orderPlace: order.expression.place,
    frame: frameOf(frame, around),
    framed: frame !== undefined,
    place,
  };
}

/** The window of ROW_NUMBER: it may be ordered by anything. As in Flink, NULL is the least value. */
export function bindRanking(written: WindowSpecification, windows: readonly NamedWindow[], around: Surroundings): BoundWindow {
  const { partitionBy, orderBy, frame, place } = inherited(written, windows, []);
  if (frame !== undefined) throw sqlInvalid(frame.place, 'ROW_NUMBER takes no frame', 'Leave ROWS or RANGE out of its OVER clause.');
  const [first] = orderBy;
  if (first === undefined) throw sqlInvalid(place, 'the OVER window of ROW_NUMBER has no ORDER BY', 'Write ROW_NUMBER() OVER (PARTITION BY key ORDER BY price DESC).');
  const sort = orderBy.map(({ expression, descending, nulls }) => ({
    expression: bind(expression, around), descending, nullsLast: nulls === undefined ? descending : nulls === 'LAST',
  }));
  return {
    partition: partitionBy.map((expression) => bind(expression, around)), order: sort[0]!.expression, orderPlace: first.expression.place,
    frame: { kind: 'rows', preceding: null }, framed: false, sort, place,
  };
}

/** The window with what it takes over from the named window it extends. */
function inherited(written: WindowSpecification, windows: readonly NamedWindow[], seen: readonly string[]): WindowSpecification {
  const { base } = written;
  if (base === undefined) return written;
  const named = windows.find((window) => window.name.text === base.text);
  if (named === undefined) throw sqlInvalid(base.place, `no window '${base.text}'`, didYouMean(base.text, windows.map((window) => window.name.text)));
  if (seen.includes(base.text)) throw sqlInvalid(base.place, `window '${base.text}' extends itself`);
  const under = inherited(named.window, windows, [...seen, base.text]);
  if (written.partitionBy.length > 0) throw sqlInvalid(written.partitionBy[0]!.place, `PARTITION BY may not be added to window '${base.text}'`, 'Write the whole window out.');
  if (written.orderBy.length > 0 && under.orderBy.length > 0) throw sqlInvalid(written.orderBy[0]!.place, `window '${base.text}' has an ORDER BY already`, 'Leave one out.');
  if (written.frame !== undefined && under.frame !== undefined) throw sqlInvalid(written.frame.place, `window '${base.text}' has a frame already`, 'Leave one out.');
  return {
    place: written.place,
    base: undefined,
    partitionBy: under.partitionBy,
    orderBy: written.orderBy.length > 0 ? written.orderBy : under.orderBy,
    frame: written.frame ?? under.frame,
  };
}

/** No frame means RANGE UNBOUNDED PRECEDING. */
function frameOf(frame: FrameText | undefined, around: Surroundings): Frame {
  if (frame === undefined) return { kind: 'range', preceding: null };
  for (const bound of [frame.start, frame.end]) {
    if (bound.kind.endsWith('FOLLOWING')) throw sqlUnsupported(bound.place, 'a frame that ends after the current row is not supported: later rows are not known yet', 'End it with CURRENT ROW.');
  }
  if (frame.end.kind !== 'CURRENT ROW') throw sqlUnsupported(frame.end.place, 'a frame that ends before the current row is not supported', 'End it with CURRENT ROW.');
  const kind = frame.unit === 'RANGE' ? 'range' : 'rows';
  switch (frame.start.kind) {
    case 'UNBOUNDED PRECEDING': return { kind, preceding: null };
    case 'CURRENT ROW': return { kind, preceding: 0 };
    default: return { kind, preceding: kind === 'range' ? rangeMillis(frame.start, around) : rowCount(frame.start, around) };
  }
}

function rangeMillis(bound: FrameBound, around: Surroundings): number {
  const offset = bind(bound.offset!, around);
  if (offset.type.kind === 'INTERVAL_MONTH') throw sqlUnsupported(bound.place, 'a frame of months or years is not supported: they differ in length', "Use days: INTERVAL '30' DAY.");
  if (offset.kind !== 'literal' || typeof offset.value !== 'number' || offset.type.kind !== 'INTERVAL_DAY' || offset.value < 0) {
    throw sqlInvalid(bound.place, 'RANGE … PRECEDING needs an interval', "Write RANGE BETWEEN INTERVAL '5' MINUTE PRECEDING AND CURRENT ROW, or ROWS for a number of rows.");
  }
  return offset.value;
}

function rowCount(bound: FrameBound, around: Surroundings): number {
  const offset = bind(bound.offset!, around);
  if (offset.kind !== 'literal' || typeof offset.value !== 'number' || offset.type.kind !== 'INT' || offset.value < 0) {
    throw sqlInvalid(bound.place, 'ROWS … PRECEDING needs a whole number', 'Write ROWS BETWEEN 10 PRECEDING AND CURRENT ROW, or RANGE for an interval.');
  }
  return offset.value;
}

/** The generated ledger's day as a connector told it: its snapshot, and transactions in the order of their commits. */
import type { CaptureEvent, ChangeEvent } from '../../src/cdc/event.js';
import type { Bound } from '../../src/cdc/gap.js';
import { REMOVE } from '../../src/core/change.js';
import { generateLedger } from '../../src/datasets/ledger/generate.js';
import type { Random } from '../../src/datasets/market/random.js';
import { decodeRecord, type Change } from '../../src/formats/debezium-envelope.js';
import { captureOf } from '../../src/formats/debezium-record.js';

export type Event = CaptureEvent<Change>;
export type RowChange = ChangeEvent<Change>;

export interface Told {
  readonly bound: Bound;
  /** From BEGIN to END, each once. */
  readonly events: readonly Event[];
}

export interface LedgerStream {
  /** As they were written: the connector is started again twice, and sends some of it again. */
  readonly written: readonly Event[];
  readonly snapshot: readonly RowChange[];
  readonly transactions: readonly Told[];
}

export const ledgerTopics = ['dbz.cdc.orders', 'dbz.cdc.transactions', 'dbz.cdc.positions', 'dbz.cdc.account_balances'];

export const xidOf = (event: Event): string | null => (event.kind === 'message' ? null : event.xid);
export const isChange = (event: Event): event is RowChange => event.kind === 'change';

export function ledgerStream(seed: number, rows: number): LedgerStream {
  const written: Event[] = [];
  for (const line of generateLedger({ seed, rows })) {
    const record = captureOf(line, 0)!;
    if (record.topic.startsWith('__')) continue;
    const decoded = decodeRecord(record, null);
    if (decoded.kind === 'event') written.push(decoded.event);
  }
  const told = new Map<string, Map<string, Event>>();
  const bounds: Bound[] = [];
  for (const event of written) {
    const xid = xidOf(event);
    if (xid === null) continue;
    let events = told.get(xid);
    if (events === undefined) told.set(xid, events = new Map());
    const name = isChange(event) ? String(event.order) : event.kind;
    if (events.has(name)) continue;
    events.set(name, event);
    if (event.kind === 'end') bounds.push({ xid, lsn: event.lsn, time: event.time });
  }
  return { written, snapshot: written.filter(isChange).filter(({ snapshot }) => snapshot !== null), transactions: bounds.map((bound) => ({ bound, events: [...told.get(bound.xid!)!.values()] })) };
}

/** Rows that stand after `changes`, the newest change of each. */
export function standing(changes: readonly RowChange[]): readonly RowChange[] {
  const keys: Readonly<Record<string, readonly string[]>> = { orders: ['order_id'], transactions: ['id'], positions: ['account_id', 'symbol'], account_balances: ['account_id'] };
  const rows = new Map<string, RowChange>();
  for (const change of changes) {
    const { topic, row } = change;
    const table = topic.slice(topic.lastIndexOf('.') + 1);
    const name = `${table} ${keys[table]!.map((column) => String(row.image[column])).join(' ')}`;
    if (row.operation === REMOVE) rows.delete(name);
    else rows.set(name, change);
  }
  return [...rows.values()];
}

export function grouped<Item>(items: readonly Item[], nameOf: (item: Item) => string): ReadonlyMap<string, readonly Item[]> {
  const groups = new Map<string, Item[]>();
  for (const item of items) {
    const group = groups.get(nameOf(item));
    if (group === undefined) groups.set(nameOf(item), [item]);
    else group.push(item);
  }
  return groups;
}

const topicOf = (event: Event): string => (isChange(event) ? event.topic : '');

/** In another order of topics, each in its own: some of one, then some of another. */
export function inOtherOrder(events: readonly Event[], random: Random): readonly Event[] {
  const queues = [...grouped(events, topicOf).values()].map((queue) => ({ queue, used: 0 }));
  const result: Event[] = [];
  while (queues.length > 0) {
    const at = random.below(queues.length);
    const from = queues[at]!;
    const until = Math.min(from.queue.length, from.used + 1 + random.below(40));
    while (from.used < until) result.push(from.queue[from.used++]!);
    if (until === from.queue.length) queues.splice(at, 1);
  }
  return result;
}

/** From the event at `at` on another run of the connector goes on, `back` events earlier. */
export function startedAgain(events: readonly Event[], at: number, back: number): readonly Event[] {
  const first = events.findIndex((event) => xidOf(event) !== null);
  return [...events.slice(0, at), ...inRun(events.slice(Math.max(first, at - back)), 'started again')];
}

export const inRun = (events: readonly Event[], run: string): readonly Event[] => events.map((event) => (isChange(event) ? { ...event, run } : event));

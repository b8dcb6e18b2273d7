/** What may go missing from the generated ledger's stream, and what is to be told of it. */
import type { Bound, Gap } from '../../src/cdc/gap.js';
import type { Random } from '../../src/datasets/market/random.js';
import { grouped, inRun, isChange, standing, startedAgain, type Event, type RowChange, type Told } from './ledger-stream.js';

/** A part of the day: the snapshot, and what follows it there. */
export interface Cut {
  readonly snapshot: readonly RowChange[];
  readonly transactions: readonly Told[];
}

export interface Planted {
  readonly events: readonly Event[];
  /** As it is to be told; null: it is no gap in the stream, but a restart of the connector after which something may be missing. */
  readonly gap: Pick<Gap, 'kind' | 'after' | 'before' | 'tables'> | null;
  readonly restart: { readonly after: Bound; readonly before: Bound } | null;
  /** By xid: what is given. */
  readonly given: readonly (string | null)[];
}

export const kinds = [
  /** The connector's offsets went with the slot: it makes a new snapshot. */
  'slot dropped, new snapshot',
  /** The connector goes on at the new slot, and remembers the commit that it saw last. */
  'slot made anew, trusted',
  'LSN skipped', 'END missing', 'events missing', 'log went back',
] as const;
export type Kind = (typeof kinds)[number];

export const eventsOf = ({ snapshot, transactions }: Cut): Event[] => [...snapshot, ...transactions.flatMap(({ events }) => events)];

/** One gap of the kind somewhere between the third and the last transaction. */
export function plant(cut: Cut, kind: Kind, random: Random): Planted {
  const { snapshot, transactions } = cut;
  const from = 2 + random.below(transactions.length - 6);
  // Of what is lost with a slot, several may be.
  const to = from + (kind === 'END missing' || kind === 'events missing' ? 1 : 1 + random.below(4));
  const [head, lost, tail] = [transactions.slice(0, from), transactions.slice(from, to), transactions.slice(to)];
  const [after, before] = [head.at(-1)!.bound, tail[0]!.bound];
  const all = (parts: readonly Told[]): Event[] => parts.flatMap(({ events }) => events);
  const xids = (parts: readonly Told[]): (string | null)[] => parts.map(({ bound }) => bound.xid);
  const begun = [...snapshot, ...all(head)];
  const skipped = { gap: { kind: 'transactions', after, before, tables: [] }, restart: null, given: [null, ...xids(head), ...xids(tail)] } as const;
  /** Where nothing else says so, the connector may also have been started again. */
  const maybeAgain = (events: readonly Event[]): readonly Event[] => (random.below(2) === 0 ? events : startedAgain(events, snapshot.length + random.below(events.length - snapshot.length), random.below(40)));
  switch (kind) {
    case 'slot dropped, new snapshot': {
      const place = lost.at(-1)!.bound.lsn! + 4, time = lost.at(-1)!.bound.time + 1;
      const rows = standing([...snapshot, ...all([...head, ...lost]).filter(isChange)]);
      const told = again(rows, place, time);
      // To the new run no commit is known.
      const next = all(tail).map((event) => (isChange(event) && event.xid === before.xid ? { ...event, lastCommit: null } : event));
      const names = new Set(told.map(({ table }) => table));
      const known = new Set([...snapshot, ...all(head).filter(isChange)].map(({ table }) => table));
      const tables = [...known].filter((table) => !names.has(table)).map((table) => ({ table, expected: 0, found: 0 }));
      return { events: [...begun, ...inRun([...told, ...next], 'new')], gap: { kind: 'snapshot', after, before: { xid: null, lsn: place, time }, tables }, restart: null, given: [null, ...xids(head), null, ...xids(tail)] };
    }
    case 'slot made anew, trusted': {
      const next = all(tail).map((event) => (isChange(event) && event.xid === before.xid ? { ...event, lastCommit: after.lsn } : event));
      return { ...skipped, events: [...begun, ...inRun(next, 'new')], gap: null, restart: { after, before } };
    }
    case 'LSN skipped': return { ...skipped, events: maybeAgain([...begun, ...all(tail)]) };
    case 'END missing': return { ...skipped, events: maybeAgain([...begun, ...all(lost).filter((event) => event.kind !== 'end'), ...all(tail)]) };
    case 'events missing': {
      const changes = all(lost).filter(isChange);
      const gone = new Set(changes.filter(() => random.below(3) === 0));
      if (gone.size === 0) gone.add(changes[random.below(changes.length)]!);
      const tables = [...grouped(changes, ({ table }) => table)].map(([table, own]) => ({ table, expected: own.length, found: own.filter((change) => !gone.has(change)).length }));
      return {
        ...skipped, events: maybeAgain([...begun, ...all(lost).filter((event) => !isChange(event) || !gone.has(event)), ...all(tail)]),
        gap: { kind: 'events', after, before: lost[0]!.bound, tables: tables.filter(({ expected, found }) => expected !== found) },
      };
    }
    case 'log went back': {
      // A server that was restored from a copy: positions are those of earlier, the time is not.
      const back = before.lsn! - head[0]!.bound.lsn! + 100_000, later = 3_600_000;
      return {
        ...skipped, events: [...begun, ...inRun(all(tail).map((event) => earlier(event, back, later)), 'new')],
        gap: { kind: 'position', after, before: { xid: before.xid, lsn: before.lsn! - back, time: before.time + later }, tables: [] },
      };
    }
  }
}

const earlier = (event: Event, back: number, later: number): Event => {
  if (event.kind === 'end') return { ...event, lsn: event.lsn - back, time: event.time + later };
  return isChange(event) ? { ...event, lsn: event.lsn! - back, lastCommit: event.lastCommit! - back, time: event.time + later } : event;
};

/** Rows as another snapshot tells them. */
function again(rows: readonly RowChange[], lsn: number, time: number): readonly RowChange[] {
  const byTable = [...grouped(rows, ({ topic }) => topic).values()];
  return byTable.flatMap((own, table) => own.map((change, index): RowChange => ({
    ...change, offset: change.offset + 1_000_000, xid: null, order: 0, lsn, lastCommit: null, time,
    snapshot: index < own.length - 1 ? 'within' : table < byTable.length - 1 ? 'table-end' : 'end',
  })));
}

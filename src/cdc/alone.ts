/** Changes that belong to no transaction (of incremental snapshots, corrections): each comes after what was before it in its partition. */
import type { ChangeEvent } from './event.js';
import type { Incomplete } from './gap.js';

export interface AloneState<Row> {
  readonly event: ChangeEvent<Row>;
  /** Transactions with changes before it in its partition that were not given when it came. */
  readonly waits: readonly string[];
}

/** A place in the log; null: it is not known. */
type Place = number | null;

const isBefore = (one: Place, other: Place): boolean => one !== null && other !== null && one < other;

export class AloneChanges<Row> {
  #waiting: AloneState<Row>[] = [];
  /** Where tables were truncated last. */
  readonly #truncated = new Map<string, number>();

  add(event: ChangeEvent<Row>, waits: readonly string[]): void {
    this.#waiting.push({ event, waits });
  }

  get size(): number {
    return this.#waiting.length;
  }

  /** A row of a snapshot came: what waits in its partition was before it, and the snapshot tells its table anew. Returns how many it drops. */
  row({ topic, partition }: ChangeEvent<Row>): number {
    return this.#keep((event) => event.topic !== topic || event.partition !== partition);
  }

  /** A snapshot of these tables is given: what was before it must not come behind it. Returns how many it drops. */
  supersede(tables: ReadonlySet<string>, place: Place): number {
    return this.#keep((event) => !tables.has(event.table) || !isBefore(event.lsn, place));
  }

  /** All rows of the table are gone at `place`: what was read before it must not come behind it. Returns how many it drops. */
  truncate(table: string, place: number): number {
    this.#truncated.set(table, place);
    return this.supersede(new Set([table]), place);
  }

  /** What was read before its table was truncated, in another partition than that: it came too late. */
  isTruncated({ table, lsn }: ChangeEvent<Row>): boolean {
    return this.#truncated.size > 0 && isBefore(lsn, this.#truncated.get(table) ?? null);
  }

  /** The log went back. */
  rewind(): void {
    this.#truncated.clear();
  }

  #keep(isKept: (event: ChangeEvent<Row>) => boolean): number {
    const { length } = this.#waiting;
    if (length > 0) this.#waiting = this.#waiting.filter(({ event }) => isKept(event));
    return length - this.#waiting.length;
  }

  /** The transaction was given, or never will be. */
  pass(xid: string): void {
    if (this.#waiting.length > 0) this.#waiting = this.#waiting.map(({ event, waits }) => ({ event, waits: waits.filter((other) => other !== xid) }));
  }

  /** Those whose turn it is. `snapshot`: the one that is next; null: none is. */
  take(snapshot: { readonly place: Place } | null): readonly ChangeEvent<Row>[] {
    if (this.#waiting.length === 0) return [];
    const isNext = ({ event, waits }: AloneState<Row>): boolean => waits.length === 0 && (snapshot === null || isBefore(event.lsn, snapshot.place));
    const next = this.#waiting.filter(isNext);
    if (next.length > 0) this.#waiting = this.#waiting.filter((each) => !isNext(each));
    return next.map(({ event }) => event);
  }

  /** At the end of history: those that came behind what is not whole, by table in the order in which these came first. */
  left(): readonly Incomplete[] {
    return [...new Set(this.#waiting.map(({ event }) => event.table))].map((table) => {
      const own = this.#waiting.filter(({ event }) => event.table === table);
      const lsns = own.flatMap(({ event: { lsn } }) => (lsn === null ? [] : [lsn]));
      const bounds = lsns.length === 0 ? { firstLsn: null, lastLsn: null } : lsns.reduce((found, lsn) => ({ firstLsn: Math.min(found.firstLsn, lsn), lastLsn: Math.max(found.lastLsn, lsn) }), { firstLsn: Infinity, lastLsn: -Infinity });
      return { xid: null, found: own.length, expected: own.length, alone: { table, ...bounds } };
    });
  }

  state(): readonly AloneState<Row>[] {
    return [...this.#waiting];
  }

  get truncated(): readonly (readonly [table: string, place: number])[] {
    return [...this.#truncated];
  }

  restore(state: readonly AloneState<Row>[], truncated: readonly (readonly [table: string, place: number])[]): void {
    this.#waiting = [...state];
    for (const [table, place] of truncated) this.#truncated.set(table, place);
  }
}

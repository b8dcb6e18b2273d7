/**
 * Snapshots that were not given yet. Rows of one come in several topics, whose ends say when it is whole; a connector that
 * is started anew in its midst makes another one. Where it stands among the transactions is told by its LSN.
 */
import type { ChangeEvent } from './event.js';
import type { Newest } from './together.js';

export interface Snapshot<Row> {
  readonly events: ChangeEvent<Row>[];
  /** The LSN up to which it holds what was committed; null: it does not say. */
  readonly place: number | null;
  /** Asked for by a signal while changes flow: the connector knows where it is, and goes on from there. */
  readonly isAsked: boolean;
  /** Of the connector: two may make one each in the same place. */
  readonly run: string | null;
  /** Its last row of all was there. */
  ended: boolean;
}

/** What was seen of a snapshot, by partition. */
interface Seen {
  readonly rows: Map<string, number>;
  /** Partitions with the last row of a table. */
  readonly tableEnds: Set<string>;
  /** Partitions in which something came after its rows. */
  readonly passed: Set<string>;
}

type Waiting<Row> = Snapshot<Row> & Seen;

/** All state but the rows, as JSON can hold it. */
export interface SnapshotsState {
  /** Of each that waits, the partitions in which something came after its rows. */
  readonly passed: readonly (readonly string[])[];
  readonly changed: readonly (readonly [topic: string, lsns: readonly number[]])[];
  readonly caughtUp: readonly string[];
}

const named = (topic: string, partition: number): string => `${topic} ${partition}`;
const topicOf = (name: string): string => name.slice(0, name.lastIndexOf(' '));

export class Snapshots<Row> {
  /** By their places, then runs. */
  #waiting: Waiting<Row>[] = [];
  /** By topic, then partition: the greatest LSN of a change that is no row of a snapshot; -1: there was none. */
  readonly #changed = new Map<string, number[]>();
  readonly #caughtUp = new Set<string>();
  readonly #partitions: readonly { readonly topic: string; readonly partition: number }[];

  /** `topics`: those that are read, with how many partitions each has. */
  constructor(topics: ReadonlyMap<string, number>) {
    this.#partitions = [...topics].flatMap(([topic, count]) => Array.from({ length: count }, (_, partition) => ({ topic, partition })));
  }

  add(event: ChangeEvent<Row>): void {
    const { lsn, lastCommit, run } = event;
    const name = named(event.topic, event.partition);
    const place = lsn === null && lastCommit === null ? null : Math.max(lsn ?? -1, lastCommit ?? -1);
    let snapshot = this.#waiting.find((other) => other.place === place && other.isAsked === (lastCommit !== null) && other.run === run);
    if (snapshot === undefined) {
      snapshot = { events: [], place, isAsked: lastCommit !== null, run, ended: false, rows: new Map(), tableEnds: new Set(), passed: new Set() };
      this.#waiting.push(snapshot);
      // Names of runs begin with the time.
      this.#waiting.sort((a, b) => (a.place ?? -1) - (b.place ?? -1) || ((a.run ?? '') < (b.run ?? '') ? -1 : 1));
      // Rows of a later snapshot come after all of an earlier one.
      for (const { rows } of this.#waiting.slice(this.#waiting.indexOf(snapshot) + 1)) for (const other of rows.keys()) snapshot.passed.add(other);
    }
    this.#caughtUp.clear();
    for (const other of this.#waiting) {
      if (other === snapshot) break;
      other.passed.add(name);
    }
    snapshot.events.push(event);
    snapshot.rows.set(name, (snapshot.rows.get(name) ?? 0) + 1);
    if (event.snapshot === 'end') snapshot.ended = true;
    if (event.snapshot !== 'within') snapshot.tableEnds.add(name);
  }

  /** A change that is no row of a snapshot: it comes after all rows of its table in its partition. */
  change({ topic, partition, lsn }: Newest): void {
    let lsns = this.#changed.get(topic);
    if (lsns === undefined) this.#changed.set(topic, lsns = []);
    while (lsns.length <= partition) lsns.push(-1);
    lsns[partition] = Math.max(lsns[partition]!, lsn ?? 0);
    if (this.#waiting.length === 0) return;
    const name = named(topic, partition);
    for (const { rows, passed } of this.#waiting) if (rows.has(name)) passed.add(name);
  }

  /** A transaction has ended: what was said of topics before is of no account for a snapshot that came before that. */
  end(): void {
    if (this.#waiting.length > 0) this.#caughtUp.clear();
  }

  /** Nothing more of the topic is to be had for now. Counts until the next row of a snapshot, or END. */
  caughtUp(topic: string): void {
    this.#caughtUp.add(topic);
  }

  get first(): Snapshot<Row> | null {
    return this.#waiting[0] ?? null;
  }

  get second(): Snapshot<Row> | null {
    return this.#waiting[1] ?? null;
  }

  /** Forgets the first one. */
  shift(): void {
    this.#waiting.shift();
  }

  /** Topics in which the first snapshot may yet show: nothing was seen of one of their partitions. */
  get unseen(): readonly string[] {
    const isSeen = (topic: string, partition: number): boolean => this.#changedIn(topic, partition) >= 0 || this.#caughtUp.has(topic) || this.#waiting.some(({ rows }) => rows.has(named(topic, partition)));
    return [...new Set(this.#partitions.filter(({ topic, partition }) => !isSeen(topic, partition)).map(({ topic }) => topic))];
  }

  /** Whether all rows of the first one are there. `isOver`: transactions after it have come; `isEnd`: nothing more does. */
  isWhole(isOver: boolean, isEnd: boolean): boolean {
    const [snapshot] = this.#waiting;
    if (snapshot === undefined) return false;
    if (!snapshot.ended && !isOver && !isEnd) return false;
    // The last row of all may be one of a table that is not read. Of a table with one row, it need not be told as its last.
    const open = [...snapshot.rows].filter(([name, rows]) => rows > 1 && ![...snapshot.tableEnds].some((end) => topicOf(end) === topicOf(name)));
    if (!snapshot.ended && open.length > 0) return false;
    return isEnd || this.unsettled.length === 0;
  }

  /** Topics in which rows of the first one may yet come. */
  get unsettled(): readonly string[] {
    const [snapshot] = this.#waiting;
    return snapshot === undefined ? [] : [...new Set(this.#partitions.filter(({ topic, partition }) => !this.#isSettled(snapshot, topic, partition)).map(({ topic }) => topic))];
  }

  #isSettled({ place, tableEnds, passed }: Waiting<Row>, topic: string, partition: number): boolean {
    const name = named(topic, partition);
    return tableEnds.has(name) || passed.has(name) || this.#changedIn(topic, partition) > (place ?? -1) || this.#caughtUp.has(topic);
  }

  #changedIn(topic: string, partition: number): number {
    return this.#changed.get(topic)?.[partition] ?? -1;
  }

  /** Rows of all that wait. */
  get rows(): readonly ChangeEvent<Row>[] {
    return this.#waiting.flatMap(({ events }) => events);
  }

  state(): SnapshotsState {
    return {
      passed: this.#waiting.map(({ passed }) => [...passed]),
      changed: [...this.#changed].map(([topic, lsns]) => [topic, [...lsns]] as const), caughtUp: [...this.#caughtUp],
    };
  }

  restore({ passed, changed, caughtUp }: SnapshotsState, rows: readonly ChangeEvent<Row>[]): void {
    for (const row of rows) this.add(row);
    for (const [index, names] of passed.entries()) for (const name of names) this.#waiting[index]!.passed.add(name);
    for (const [topic, lsns] of changed) this.#changed.set(topic, [...lsns]);
    for (const topic of caughtUp) this.#caughtUp.add(topic);
  }
}

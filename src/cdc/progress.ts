/** How far the topics of captured tables were read, and which table is in which of them. */
import type { ChangeEvent } from './event.js';
import type { Bound } from './gap.js';
import type { Newest } from './together.js';

/** All state, as JSON can hold it. */
export interface ProgressState {
  readonly tables: readonly (readonly [table: string, topic: string | null])[];
  readonly reached: readonly (readonly [topic: string, places: readonly Place[]])[];
  readonly messages: readonly number[];
  readonly message: number;
}

interface Place {
  /** The commit that the newest change knows of; -1: it knew of none. -2: there was no change. */
  commit: number;
  /** Of the newest change's own commit, epoch ms. */
  time: number;
}

const lastName = (name: string): string => name.slice(name.lastIndexOf('.') + 1);

export class Progress {
  /** By table; null: it is in none of the topics that are read. */
  readonly #tables = new Map<string, string | null>();
  /** By topic, then partition. */
  readonly #reached = new Map<string, Place[]>();
  /** LSNs of messages in the log since the last transaction, ascending; and the newest. */
  #messages: number[] = [];
  #message = -1;

  /** `topics`: those that are read, with how many partitions each has. */
  constructor(private readonly topics: ReadonlyMap<string, number>) {}

  /** Those of which changes have come. */
  get tables(): readonly string[] {
    return [...this.#tables].flatMap(([table, topic]) => (topic === null ? [] : [table]));
  }

  #isTaken(topic: string): boolean {
    for (const other of this.#tables.values()) if (other === topic) return true;
    return false;
  }

  /** Changes of the table are in this topic. */
  table(table: string, topic: string): void {
    if (this.#tables.get(table) !== topic) this.#tables.set(table, topic);
  }

  /** The commit that the newest change of its partition knew of before; -2: it is the first there. */
  change({ topic, partition, lastCommit, time }: Newest): number {
    let reached = this.#reached.get(topic);
    if (reached === undefined) this.#reached.set(topic, reached = []);
    while (reached.length <= partition) reached.push({ commit: -2, time: -1 });
    const place = reached[partition]!, before = place.commit, commit = lastCommit ?? -1;
    // Earlier in the log, and later in time: the log went back. What is sent again is of no later time.
    if (commit > before || (lastCommit !== null && time > place.time)) place.commit = commit;
    if (time > place.time) place.time = time;
    return before;
  }

  /** Before a table has been seen, its topic is known by its name: Debezium's end with the table's. */
  #topicOf(table: string): string | null {
    const known = this.#tables.get(table);
    if (known !== undefined) return known;
    for (const topic of this.topics.keys()) if (lastName(topic) === lastName(table)) return topic;
    return null;
  }

  isRead(table: string): boolean {
    const topic = this.#topicOf(table);
    return topic !== null && this.topics.has(topic);
  }

  /** Whether changes of a later transaction than the one committed then have come in every partition of the table's topic. */
  isPast(table: string, lsn: number, time: number): boolean {
    const topic = this.#topicOf(table)!;
    const reached = this.#reached.get(topic) ?? [];
    // Of a log that went back, changes of before do not count.
    return reached.length >= this.topics.get(topic)! && reached.every((place) => place.commit >= lsn && place.time >= time);
  }

  /**
   * Tables of which nothing came where something should have, and whose topic was but guessed and is another table's: they
   * are of a schema that is not read. False: there are none such.
   */
  letGo(tables: readonly { readonly table: string; readonly found: number }[]): boolean {
    const others = tables.filter(({ table, found }) => found === 0 && !this.#tables.has(table) && this.#isTaken(this.#topicOf(table)!));
    for (const { table } of others) this.#tables.set(table, null);
    return others.length > 0;
  }

  message(lsn: number): void {
    this.#message = Math.max(this.#message, lsn);
    if (!this.#messages.includes(lsn)) this.#messages.push(lsn);
  }

  /** There is no message up to `lsn` but those that have come. */
  passMessages(lsn: number): void {
    this.#message = Math.max(this.#message, lsn);
  }

  /** Whether a transaction follows a message and no other transaction. */
  followsMessage({ lastCommit }: ChangeEvent<unknown>): boolean {
    return lastCommit !== null && this.#messages.includes(lastCommit);
  }

  /** Whether what it follows may be a message that has not come yet. */
  awaitsMessage(change: ChangeEvent<unknown>, chain: Bound | null): boolean {
    const { lastCommit } = change;
    return chain !== null && lastCommit !== null && lastCommit > chain.lsn! && lastCommit > this.#message && !this.followsMessage(change);
  }

  /** Transactions up to `lsn` were given. */
  forget(lsn: number): void {
    if (this.#messages.length > 0) this.#messages = this.#messages.filter((message) => message > lsn);
  }

  /** The log went back. */
  rewind(): void {
    this.#reached.clear();
    this.#messages = [];
    this.#message = -1;
  }

  state(): ProgressState {
    return { tables: [...this.#tables], reached: [...this.#reached].map(([topic, places]) => [topic, places.map((place) => ({ ...place }))] as const), messages: this.#messages, message: this.#message };
  }

  restore({ tables, reached, messages, message }: ProgressState): void {
    for (const [table, topic] of tables) this.#tables.set(table, topic);
    for (const [topic, places] of reached) this.#reached.set(topic, places.map((place) => ({ ...place })));
    this.#messages = [...messages];
    this.#message = message;
  }
}

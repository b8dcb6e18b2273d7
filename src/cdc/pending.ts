/**
 * The changes of a transaction that was not given yet. A connector that is killed in its midst sends some of them again,
 * and goes on with their numbers; before Debezium 3.7 it may count from 1 again, and its END counts from there, too.
 */
import type { ChangeEvent } from './event.js';

interface Part<Row> {
  /** Of the connector. */
  readonly run: string | null;
  /** By their numbers. */
  readonly events: Map<number, ChangeEvent<Row>>;
}

/** How many changes of a table there are to be, and are. */
export interface TableCount {
  readonly table: string;
  readonly expected: number;
  readonly found: number;
}

export class PendingTransaction<Row> {
  readonly #parts: Part<Row>[] = [];
  /** Two runs gave one number to different changes. */
  #isRenumbered = false;
  /** Changes, without those that came twice. */
  #size = 0;

  constructor(readonly first: ChangeEvent<Row>) {
    this.add(first);
  }

  /** False: it was there. */
  add(event: ChangeEvent<Row>): boolean {
    let part = this.#parts.find(({ run }) => run === event.run);
    if (part === undefined) this.#parts.push(part = { run: event.run, events: new Map() });
    if (part.events.has(event.order)) return false;
    part.events.set(event.order, event);
    const other = this.#parts.length === 1 ? undefined : this.#parts.find(({ run, events }) => run !== event.run && events.has(event.order))?.events.get(event.order);
    if (other !== undefined && other.table === event.table && other.lsn === event.lsn) return false;
    if (other !== undefined) this.#isRenumbered = true;
    this.#size += 1;
    return true;
  }

  get size(): number {
    return this.#size;
  }

  /** All that came. */
  events(): ChangeEvent<Row>[] {
    return this.#parts.flatMap(({ events }) => [...events.values()]);
  }

  isIn(topic: string, partition: number): boolean {
    return this.#parts.some(({ events }) => [...events.values()].some((event) => event.topic === topic && event.partition === partition));
  }

  /** All changes in their order, where there are as many of each table as `expected` says; null: there are not. */
  whole(expected: ReadonlyMap<string, number>): ChangeEvent<Row>[] | null {
    if (!this.#isRenumbered) {
      const events = this.#united();
      if (isSame(counted(events), expected)) return events.sort(byOrder);
      if (this.#parts.length === 1) return null;
    }
    // Counted from 1 again: what the last run wrote is what its END counts, and the earlier ones go as far as it begins.
    const parts = this.#inTurn(), last = parts[parts.length - 1]!;
    if (!isSame(counted(last), expected)) return null;
    return parts.flatMap((part, index) => part.filter(({ lsn }) => index === parts.length - 1 || (lsn ?? 0) < (parts[index + 1]![0]!.lsn ?? 0)));
  }

  /** By number. */
  #united(): ChangeEvent<Row>[] {
    const [first] = this.#parts;
    return [...(this.#parts.length === 1 ? first!.events : new Map(this.#parts.flatMap(({ events }) => [...events]))).values()];
  }

  /** The changes of each run: the last one is that which begins last, or sent most. */
  #inTurn(): ChangeEvent<Row>[][] {
    return this.#parts.map(({ events }) => [...events.values()].sort(byOrder)).sort((a, b) => (a[0]!.lsn ?? 0) - (b[0]!.lsn ?? 0) || a.length - b.length);
  }

  /** Tables of which there are not as many as `expected`. */
  lacking(expected: ReadonlyMap<string, number>): readonly TableCount[] {
    const found = counted(this.#united());
    return [...new Set([...expected.keys(), ...found.keys()])].map((table) => ({ table, expected: expected.get(table) ?? 0, found: found.get(table) ?? 0 }))
      .filter((count) => count.expected !== count.found);
  }
}

const byOrder = (a: ChangeEvent<unknown>, b: ChangeEvent<unknown>): number => a.order - b.order;

/** By table. */
function counted(events: readonly ChangeEvent<unknown>[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { table } of events) counts.set(table, (counts.get(table) ?? 0) + 1);
  return counts;
}

function isSame(found: ReadonlyMap<string, number>, expected: ReadonlyMap<string, number>): boolean {
  for (const [table, count] of expected) if (found.get(table) !== count) return false;
  return found.size === expected.size;
}

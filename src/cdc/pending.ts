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

  constructor(readonly first: ChangeEvent<Row>) {
    this.add(first);
  }

  /** False: it was there. */
  add(event: ChangeEvent<Row>): boolean {
    const part = this.#parts.find(({ run }) => run === event.run);
    if (part !== undefined && this.#parts.length === 1) {
      if (part.events.has(event.order)) return false;
      part.events.set(event.order, event);
      return true;
    }
    const other = this.#parts.find(({ events }) => events.has(event.order))?.events.get(event.order);
    if (other !== undefined && (other.run === event.run || (other.table === event.table && other.lsn === event.lsn))) return false;
    if (other !== undefined) this.#isRenumbered = true;
    if (part === undefined) this.#parts.push({ run: event.run, events: new Map([[event.order, event]]) });
    else part.events.set(event.order, event);
    return true;
  }

  get size(): number {
    return this.#parts.reduce((sum, { events }) => sum + events.size, 0);
  }

  events(): ChangeEvent<Row>[] {
    return this.#parts.flatMap(({ events }) => [...events.values()]);
  }

  isIn(topic: string, partition: number): boolean {
    return this.#parts.some(({ events }) => [...events.values()].some((event) => event.topic === topic && event.partition === partition));
  }

  /** All changes in their order, where there are as many of each table as `expected` says; null: there are not. */
  whole(expected: ReadonlyMap<string, number>): ChangeEvent<Row>[] | null {
    if (!this.#isRenumbered && isSame(counted(this.#parts), expected)) return this.events().sort((a, b) => a.order - b.order);
    if (this.#parts.length < 2) return null;
    // Counted from 1 again: what the last run wrote is what its END counts, and the earlier ones go as far as it begins.
    const parts = this.#parts.map(({ events }) => [...events.values()].sort((a, b) => a.order - b.order)).sort((a, b) => (a[0]!.lsn ?? 0) - (b[0]!.lsn ?? 0));
    if (!isSame(counted([{ events: new Map(parts.at(-1)!.map((event) => [event.order, event])) }]), expected)) return null;
    return parts.flatMap((part, index) => part.filter(({ lsn }) => index === parts.length - 1 || (lsn ?? 0) < (parts[index + 1]![0]!.lsn ?? 0)));
  }

  /** Tables of which there are not as many as `expected`. */
  lacking(expected: ReadonlyMap<string, number>): readonly TableCount[] {
    const found = counted(this.#parts);
    return [...new Set([...expected.keys(), ...found.keys()])].map((table) => ({ table, expected: expected.get(table) ?? 0, found: found.get(table) ?? 0 }))
      .filter((count) => count.expected !== count.found);
  }
}

/** By table. */
function counted(parts: readonly { readonly events: ReadonlyMap<number, ChangeEvent<unknown>> }[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { events } of parts) for (const { table } of events.values()) counts.set(table, (counts.get(table) ?? 0) + 1);
  return counts;
}

function isSame(found: ReadonlyMap<string, number>, expected: ReadonlyMap<string, number>): boolean {
  for (const [table, count] of expected) if (found.get(table) !== count) return false;
  return found.size === expected.size;
}

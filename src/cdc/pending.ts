/**
 * The changes of a transaction that was not given yet. A connector that is killed in its midst sends some of them again,
 * and goes on with their numbers; before Debezium 3.7 it may count from 1 again, and its END counts from there, too.
 */
import type { ChangeEvent } from './event.js';

/** Numbers so far beyond how many changes there are, are not worth a place each. */
const spread = 64;

/** The changes that one run of the connector wrote, by their numbers. */
class Part<Row> {
  /** By number, unless `#far` has them. */
  #near: (ChangeEvent<Row> | undefined)[] = [];
  #far: Map<number, ChangeEvent<Row>> | null = null;
  /** How many of each table there are: transactions have few tables. */
  readonly #tables: string[] = [];
  readonly #counts: number[] = [];
  size = 0;

  constructor(readonly run: string | null) {}

  of(order: number): ChangeEvent<Row> | undefined {
    return this.#far === null ? this.#near[order] : this.#far.get(order);
  }

  /** Of a number that none has. */
  add(event: ChangeEvent<Row>): void {
    const { order, table } = event;
    this.size += 1;
    if (this.#far === null && !(Number.isInteger(order) && order >= 0 && order < 2 * this.size + spread)) {
      this.#far = new Map(this.#near.flatMap((each) => (each === undefined ? [] : [[each.order, each] as const])));
      this.#near = [];
    }
    if (this.#far !== null) this.#far.set(order, event);
    else {
      while (this.#near.length < order) this.#near.push(undefined);
      this.#near[order] = event;
    }
    const known = this.#tables.indexOf(table);
    if (known >= 0) this.#counts[known]! += 1;
    else {
      this.#tables.push(table);
      this.#counts.push(1);
    }
  }

  /** In the order of their numbers. */
  events(): ChangeEvent<Row>[] {
    if (this.#far !== null) return [...this.#far.values()].sort(byOrder);
    const events: ChangeEvent<Row>[] = [];
    for (const event of this.#near) if (event !== undefined) events.push(event);
    return events;
  }

  /** Whether there are as many of each table. */
  isWhole(expected: ReadonlyMap<string, number>): boolean {
    if (expected.size !== this.#tables.length) return false;
    for (let index = 0; index < this.#tables.length; index += 1) if (expected.get(this.#tables[index]!) !== this.#counts[index]) return false;
    return true;
  }
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
    const { run, order } = event;
    let part = this.#parts.length === 1 && this.#parts[0]!.run === run ? this.#parts[0]! : this.#parts.find((each) => each.run === run);
    if (part === undefined) this.#parts.push(part = new Part(run));
    if (part.of(order) !== undefined) return false;
    part.add(event);
    const other = this.#parts.length === 1 ? undefined : this.#parts.find((each) => each.run !== run && each.of(order) !== undefined)?.of(order);
    if (other !== undefined && other.table === event.table && other.lsn === event.lsn) return false;
    if (other !== undefined) this.#isRenumbered = true;
    this.#size += 1;
    return true;
  }

  get size(): number {
    return this.#size;
  }

  /** All that came, before all others the one that came first. */
  events(): ChangeEvent<Row>[] {
    const events = this.#parts.flatMap((part) => part.events());
    return [this.first, ...events.filter((event) => event !== this.first)];
  }

  isIn(topic: string, partition: number): boolean {
    return this.#parts.some((part) => part.events().some((event) => event.topic === topic && event.partition === partition));
  }

  /** All changes in their order, where there are as many of each table as `expected` says; null: there are not. */
  whole(expected: ReadonlyMap<string, number>): ChangeEvent<Row>[] | null {
    if (this.#parts.length === 1) return this.#parts[0]!.isWhole(expected) ? this.#parts[0]!.events() : null;
    if (!this.#isRenumbered) {
      const events = this.#united();
      if (isSame(counted(events), expected)) return events.sort(byOrder);
    }
    // Counted from 1 again: what the last run wrote is what its END counts, and the earlier ones go as far as it begins.
    const parts = this.#inTurn(), last = parts[parts.length - 1]!;
    if (!isSame(counted(last), expected)) return null;
    return parts.flatMap((part, index) => part.filter(({ lsn }) => index === parts.length - 1 || (lsn ?? 0) < (parts[index + 1]![0]!.lsn ?? 0)));
  }

  /** By number, of those that came twice the first: which was that does not depend on the order of topics. */
  #united(): ChangeEvent<Row>[] {
    return [...new Map(this.#parts.toReversed().flatMap((part) => part.events()).map((event) => [event.order, event])).values()];
  }

  /** The changes of each run: the last one is that which begins last, or sent most. */
  #inTurn(): ChangeEvent<Row>[][] {
    return this.#parts.map((part) => part.events()).sort((a, b) => (a[0]!.lsn ?? 0) - (b[0]!.lsn ?? 0) || a.length - b.length);
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

/**
 * Finds transactions whose changes stand one behind the other in a batch, in their order and right before their END. Most
 * do where a log was recorded in its order, and by columns that costs less than an object for each change.
 */
import type { Newest, Together } from '../cdc/together.js';
import type { Origin } from '../formats/debezium-shape.js';
import { CHANGE, END, type CaptureBatch } from './capture-batch.js';
import type { EndNumbers } from './capture-rows.js';

/** Of changes of one table in one partition, as long as they come from one run of the connector. */
interface Place extends Newest {
  readonly run: string | null;
  lastCommit: number;
  time: number;
  lsn: number;
  /** How many the transaction has. */
  count: number;
}

/** Of the transaction that was found last: records [from, to), committed at `time`. */
export class CaptureRuns implements Together {
  from = 0;
  to = 0;
  time = 0;
  lastCommit = 0;
  run: string | null = null;
  readonly newest: Place[] = [];
  /** To be said before it is asked for: a batch has no ids, nor what its ends count. */
  readonly end: EndNumbers = { xid: NaN, lsn: NaN, time: NaN, counts: new Map() };
  /** By the origin's number, then partition. */
  readonly #places: Place[][] = [];
  /** By table: an END says them in no order. */
  readonly #all: Place[] = [];

  /** `origins`: by number; they become more. */
  constructor(private readonly origins: readonly Origin[]) {}

  /** Whether changes from `at` on are a transaction up to its END, at `to`. */
  find({ length, kinds, xids, origins, partitions, orders, lsns, lastCommits, times }: CaptureBatch, at: number): boolean {
    const xid = xids[at]!, lastCommit = lastCommits[at]!, time = times[at]!;
    if (xid === 0) return false;
    this.#forget();
    let order = -1;
    let row = at;
    for (; row < length && kinds[row] === CHANGE; row += 1) {
      // NaN, where there is none, is not the same either.
      if (xids[row] !== xid || lastCommits[row] !== lastCommit || times[row] !== time || !(orders[row]! > order)) return false;
      order = orders[row]!;
      const place = this.#placeOf(origins[row]!, partitions[row]!);
      if (place === null) return false;
      if (place.count === 0) {
        place.lastCommit = lastCommit;
        place.time = time;
        place.lsn = 0;
        this.newest.push(place);
      }
      place.count += 1;
      if (lsns[row]! > place.lsn) place.lsn = lsns[row]!;
    }
    if (row === length || kinds[row] !== END || xids[row] !== xid) return false;
    this.from = at;
    this.to = row;
    this.time = time;
    this.lastCommit = lastCommit;
    this.run = this.newest[0]!.run;
    for (let index = 1; index < this.newest.length; index += 1) if (this.newest[index]!.run !== this.run) return false;
    return true;
  }

  areAll(counts: ReadonlyMap<string, number>): boolean {
    const { newest } = this;
    let tables = 0;
    for (let index = 0; index < newest.length; index += 1) {
      const { table } = newest[index]!;
      let count = 0, isFirst = true;
      for (let other = 0; other < newest.length; other += 1) {
        if (newest[other]!.table !== table) continue;
        count += newest[other]!.count;
        if (other < index) isFirst = false;
      }
      if (counts.get(table) !== count) return false;
      if (isFirst) tables += 1;
    }
    return tables === counts.size;
  }

  #forget(): void {
    for (let index = 0; index < this.newest.length; index += 1) this.newest[index]!.count = 0;
    // To set its length would let go of its memory.
    while (this.newest.length > 0) this.newest.pop();
  }

  /** Null: of a snapshot. */
  #placeOf(origin: number, partition: number): Place | null {
    const places = (this.#places[origin] ??= []);
    const known = places[partition];
    if (known !== undefined) return known;
    const { topic, table, snapshot, run } = this.origins[origin]!;
    if (snapshot !== null) return null;
    let place = this.#all.find((other) => other.topic === topic && other.table === table && other.partition === partition && other.run === run);
    if (place === undefined) this.#all.push(place = { topic, table, partition, run, lastCommit: 0, time: 0, lsn: 0, count: 0 });
    return (places[partition] = place);
  }
}

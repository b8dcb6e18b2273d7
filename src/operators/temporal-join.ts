/**
 * Each left row with the version of the right table that was valid at its time. Left rows wait for the watermark and
 * leave in order of event time. As in Flink, a left row that is behind waits for the next advance and meets what is
 * still kept then: versions that no row ahead of the watermark can ask for go when their key's timer fires.
 *
 * Keys of which nothing waits are in pages, but for some at hand; these go there when they are many, and at a snapshot.
 */
import type { Batch, Column } from '../core/batch.js';
import type { ByteReader, ByteWriter } from '../core/bytes.js';
import { faults } from '../core/faults.js';
import { usualPages, type PageLimits } from '../core/keyed-pages.js';
import { DELETE, UPDATE_BEFORE } from '../core/row-kind.js';
import { sqlType, type Field } from '../core/types.js';
import type { JoinSpec } from './join.js';
import { KeyTable } from './key-table.js';
import { KeyTimers } from './key-timers.js';
import { noRows, watermarkBefore, type Chunk, type Report, type Rows, type TwoInputOperator, type WatermarkPath } from './operator.js';
import { Pairs, gatherPadded } from './pairs.js';
import { SlotStore } from './slot-store.js';
import { VersionPages, type AtHand } from './version-pages.js';
import { Versions } from './versions.js';
import { WaitingRows, type ReleasedRows } from './waiting-rows.js';

export interface TemporalJoinSpec extends JoinSpec {
  /** Columns of the event time: of the left's rows, and of the right's versions. */
  readonly times: readonly [number, number];
  /** Whether left rows are taken back: what each of them says waits with it, and is said of what it meets. */
  readonly retracts?: boolean;
}

/** What a left row says, as the last of its columns while it waits. */
const kindField: Field = { name: '_op', type: sqlType('TINYINT', false) };

export class TemporalJoin implements TwoInputOperator {
  readonly name: string;
  readonly #spec: TemporalJoinSpec;
  #keys: KeyTable;
  /** By key id: 1 where a part of the key is NULL, which equals nothing; and how many ids have been looked at. */
  #isNull = new Uint8Array(0);
  #known = 0;
  #waiting: WaitingRows;
  #store: SlotStore;
  #versions: Versions;
  #timers = new KeyTimers();
  readonly #pairs = new Pairs();
  #pages: VersionPages;
  #keysAtHand = usualPages.keysAtHand;
  /** Keys at which it is worth seeing which of them may go to the pages. */
  #putAwayAt = usualPages.keysAtHand;
  /** Timers that have fired since: so many keys may go there, now that nobody looks after them. */
  #fired = 0;
  /** Key ids that have been looked for in the pages. */
  #fetched = 0;
  /** Of the chunk's rows: key ids; of the right's also their slots. */
  #leftIds = new Int32Array(0);
  #rightIds = new Int32Array(0);
  #slots = new Int32Array(0);

  constructor(spec: TemporalJoinSpec) {
    this.name = spec.name;
    this.#spec = spec;
    this.#keys = new KeyTable(spec.keys.left.length);
    this.#waiting = new WaitingRows(spec.retracts === true ? [...spec.inputs[0], kindField] : spec.inputs[0]);
    this.#store = new SlotStore(spec.inputs[1]);
    this.#versions = this.#newVersions();
    this.#pages = new VersionPages(spec.inputs[1]);
  }

  limitPages(limits: PageLimits): void {
    this.#pages = new VersionPages(this.#spec.inputs[1], limits);
    this.#keysAtHand = this.#putAwayAt = limits.keysAtHand;
  }

  process(left: Rows, right: Rows, chunk: Chunk, watermark: WatermarkPath, reports: readonly [Report, Report]): Rows {
    this.#intern(left.batch, right.batch, watermark.before);
    this.#wait(this.#spec.retracts === true ? withKinds(left) : left, chunk, watermark);
    const released = this.#waiting.release(watermark.after[chunk.to - 1]!, this.#keys) ?? noneReleased;
    const letOut = new Int32Array(released.length);
    this.#pairs.clear();
    this.#play(left, right, released, letOut, chunk, watermark, reports[0]);
    const joined = released.length === 0 ? noRows : this.#joined(released, letOut, reports[0]);
    // Not all at the next checkpoint.
    if (this.#keys.size >= this.#putAwayAt || Math.min(this.#keys.size, this.#fired) >= this.#keysAtHand) this.#putAway();
    return joined;
  }

  get #atHand(): AtHand {
    return { keys: this.#keys, store: this.#store, versions: this.#versions, timers: this.#timers };
  }

  /** Keys of which nothing waits go to the pages; those that only left rows had which are gone are forgotten. */
  #putAway(): void {
    const { size } = this.#keys;
    const atHand = this.#atHand;
    const views = this.#store.views();
    const kept: number[] = [];
    const ids = new Int32Array(size);
    const isAwaited = this.#waiting.idsAmong(size);
    for (let id = 0; id < size; id += 1) {
      if (isAwaited[id] === 0 && VersionPages.mayGo(atHand, id)) {
        this.#pages.put(atHand, id, views);
        for (const slot of this.#versions.slotsOf(id)) this.#store.free(slot);
      } else if (this.#versions.has(id) || this.#timers.isSet(id)) {
        ids[id] = kept.length;
        kept.push(id);
      }
    }
    this.#pages.settle();
    if (kept.length < size) {
      this.#keys = this.#keys.keeping(kept);
      this.#versions.keep(kept);
      this.#timers.keep(kept);
      this.#waiting.renumber(ids);
      this.#known = 0;
      this.#isNull.fill(0);
      this.#reserve();
    }
    this.#fired = 0;
    this.#fetched = this.#keys.size;
    this.#putAwayAt = Math.max(this.#keysAtHand, 2 * this.#keys.size);
  }

  /** Key ids of both sides' rows, and slots for the right's. */
  #intern(left: Batch, right: Batch, watermark: number): void {
    const { keys } = this.#spec;
    if (this.#leftIds.length < left.length) this.#leftIds = new Int32Array(left.length * 2);
    if (this.#rightIds.length < right.length) {
      this.#rightIds = new Int32Array(right.length * 2);
      this.#slots = new Int32Array(right.length * 2);
    }
    if (left.length > 0) this.#keys.fill(keys.left.map((column) => left.columns[column]!), left.length, this.#leftIds);
    if (right.length > 0) {
      this.#keys.fill(keys.right.map((column) => right.columns[column]!), right.length, this.#rightIds);
      this.#store.add(right.columns, right.length, this.#slots);
    }
    this.#reserve();
    this.#pages.fetch(this.#atHand, this.#fetched, watermark);
    this.#fetched = this.#keys.size;
  }

  #reserve(): void {
    const { size, width } = this.#keys;
    this.#versions.reserve(size, this.#store.capacity);
    this.#timers.reserve(size);
    if (this.#isNull.length < size) {
      const longer = new Uint8Array(size * 2);
      longer.set(this.#isNull);
      this.#isNull = longer;
    }
    for (; this.#known < size; this.#known += 1) {
      for (let part = 0; part < width; part += 1) if (this.#keys.value(part, this.#known) === null) this.#isNull[this.#known] = 1;
    }
  }

  #wait({ batch, released }: Rows, chunk: Chunk, watermark: WatermarkPath): void {
    if (batch.length === 0) return;
    const time = timesOf(batch, this.#spec.times[0]);
    const ids = this.#leftIds;
    let waiting = 0;
    for (let row = 0; row < batch.length; row += 1) {
      const before = watermarkBefore(watermark, chunk, released[row]!);
      if (time[row]! > before) continue;
      this.#waiting.append(batch, waiting, row, time, ids, null);
      this.#waiting.append(batch, row, row + 1, time, ids, before + 0.5);
      waiting = row + 1;
    }
    this.#waiting.append(batch, waiting, batch.length, time, ids, null);
  }

  /** What happens, chunk row by chunk row: rows of both sides come, then the watermark lets left rows and old versions go. */
  #play(left: Rows, right: Rows, released: ReleasedRows, letOut: Int32Array, chunk: Chunk, watermark: WatermarkPath, report: Report): void {
    const leftTime = left.batch.length === 0 ? noTimes : timesOf(left.batch, this.#spec.times[0]);
    const leftIds = this.#leftIds;
    const versions = this.#versions;
    const timers = this.#timers;
    const reason = `the version of this time is no longer kept${this.#spec.type === 'left' ? ', and the row leaves without one' : ''}`;
    const isNull = this.#isNull;
    let leftAt = 0;
    let rightAt = 0;
    let joined = 0;
    let before = watermark.before;
    for (let at = chunk.from; at < chunk.to; at += 1) {
      for (; leftAt < left.batch.length && left.released[leftAt] === at; leftAt += 1) {
        const id = leftIds[leftAt]!;
        const time = leftTime[leftAt]!;
        if (time <= before && isNull[id] === 0 && versions.isGone(id, time)) {
          report.late({ rows: left, row: leftAt, watermark: before, windowStart: null, windowEnd: null, reason });
        }
        timers.await(id, time, before);
      }
      for (; rightAt < right.batch.length && right.released[rightAt] === at; rightAt += 1) this.#put(right, rightAt, before);
      const mark = watermark.after[at]!;
      if (mark <= before) continue;
      before = mark;
      for (; joined < released.length && released.due[joined]! <= mark; joined += 1) {
        const id = released.ids[joined]!;
        const time = released.time[joined]!;
        const slot = versions.at(id, time);
        letOut[joined] = at;
        if (slot >= 0 && isNull[id] === 0) this.#pairs.add(joined, slot, at, time);
      }
      for (let id = timers.fire(mark); id >= 0; id = timers.fire(mark)) {
        versions.drop(id, mark);
        this.#fired += 1;
      }
    }
  }

  #put({ batch, kinds, time: causes }: Rows, row: number, watermark: number): void {
    const slot = this.#slots[row]!;
    const kind = kinds?.[row];
    // What an update takes back, its new version replaces.
    if (kind === UPDATE_BEFORE) {
      this.#store.free(slot);
      return;
    }
    const id = this.#rightIds[row]!;
    // A row that is deleted carries the time at which it came.
    const time = faults.versionsByArrival ? 0 : kind === DELETE ? causes[row]! : timesOf(batch, this.#spec.times[1])[row]!;
    this.#versions.put(id, slot, time, kind === DELETE);
    this.#timers.ask(id, time, watermark);
  }

  #joined(released: ReleasedRows, letOut: Int32Array, report: Report): Rows {
    const pairs = this.#pairs;
    const isLeft = this.#spec.type === 'left';
    const views = this.#store.views();
    const width = this.#spec.inputs[0].length;
    pairs.match(this.#spec, [released.columns.slice(0, width), views], report);
    const whole = (rows: Rows): Rows => (this.#spec.retracts === true ? withoutKinds(rows, width) : rows);
    if (!isLeft) return whole(pairs.rows(released.columns, views));
    const slots = new Int32Array(released.length).fill(-1);
    for (let pair = 0; pair < pairs.length; pair += 1) slots[pairs.left[pair]!] = pairs.right[pair]!;
    const columns = [...released.columns, ...views.map((column) => gatherPadded(column, slots, released.length))];
    return whole({ batch: { length: released.length, columns }, released: letOut, time: released.time });
  }

  #newVersions(): Versions {
    return new Versions((slot) => this.#store.free(slot));
  }

  snapshot(writer: ByteWriter): readonly Uint8Array[] {
    this.#reserve();
    this.#putAway();
    const keys = this.#keys.size;
    this.#keys.snapshot(writer);
    this.#waiting.snapshot(writer);
    this.#store.snapshot(writer, this.#versions.slots(keys));
    this.#versions.snapshot(writer, keys);
    this.#timers.snapshot(writer, keys);
    return this.#pages.snapshot(writer);
  }

  restore(reader: ByteReader, pages: readonly Uint8Array[]): void {
    this.#keys = new KeyTable(this.#spec.keys.left.length);
    this.#keys.restore(reader);
    const keys = this.#keys.size;
    this.#waiting.restore(reader);
    this.#store = new SlotStore(this.#spec.inputs[1]);
    this.#store.restore(reader);
    this.#versions = this.#newVersions();
    this.#timers = new KeyTimers();
    this.#known = 0;
    this.#isNull.fill(0);
    this.#reserve();
    this.#versions.restore(reader, keys);
    this.#timers.restore(reader, keys);
    this.#pages.restore(reader, pages);
    this.#fetched = keys;
  }
}

const noneReleased: ReleasedRows = { length: 0, columns: [], time: new Float64Array(0), due: new Float64Array(0), ids: new Int32Array(0) };
const noTimes = new Float64Array(0);

function withKinds(rows: Rows): Rows {
  const { columns, length } = rows.batch;
  const values = rows.kinds === undefined ? new Float64Array(length) : Float64Array.from(rows.kinds);
  return { ...rows, batch: { length, columns: [...columns, { storage: 'real', values, nulls: null }] } };
}

/** Joined rows of which column `at` is what they say. */
function withoutKinds(rows: Rows, at: number): Rows {
  const { columns, length } = rows.batch;
  if (length === 0) return noRows;
  return { ...rows, batch: { length, columns: columns.filter((_, index) => index !== at) }, kinds: Uint8Array.from((columns[at] as Column & { values: Float64Array }).values.subarray(0, length)) };
}

const timesOf = (batch: Batch, column: number): Float64Array => (batch.columns[column] as Column & { values: Float64Array }).values;

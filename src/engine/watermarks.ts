/** The watermark of every input partition of a lane, and the path of an operator's watermark through a chunk. */
import type { ByteReader, ByteWriter } from '../core/bytes.js';
import { faults } from '../core/faults.js';
import type { WatermarkPath } from '../operators/operator.js';
import type { ChunkPart, ChunkSource } from './chunk.js';
import type { InputPartition } from './idleness.js';
import { markOf, type ScanBatch } from './scan-batch.js';
import { MixedPath, Moves } from './watermark-moves.js';

/**
 * Sources whose least watermark is an operator's: each less the milliseconds by which an interval join on the way may
 * hold its rows back.
 */
export type Group = readonly { readonly input: number; readonly delay: number }[];

/** A table of which rows come in transactions. `delay`: of its watermark, milliseconds; null: it is no constant. */
export interface CapturedTable {
  readonly input: number;
  readonly delay: number | null;
}

export class Watermarks {
  /** By input, by partition; Infinity for inputs without WATERMARK, which hold nobody back. */
  #marks: Float64Array[];
  readonly #held: readonly boolean[];
  readonly #groups: readonly Group[];
  /** By input: the groups that it is one of. */
  readonly #movedBy: readonly (readonly { readonly group: number; readonly delay: number }[])[];
  /** By input, the tables that its transactions are about, itself among them: they move together. */
  readonly #captures: ReadonlyMap<number, readonly CapturedTable[]>;
  /** By input: the groups that its rows may move. One list for all tables of a database. */
  readonly #touchedBy: readonly (readonly number[])[];
  /** True marks of partitions that are idle: theirs in `#marks` is Infinity meanwhile. By input, by partition. */
  readonly #asleep: Map<number, number>[];
  /** By group: what its watermark has come to while partitions were idle. It never goes back when they wake. */
  #floors: Float64Array;
  /** One array for each group, and one for a partition of its own, used again from chunk to chunk. */
  readonly #paths: Float64Array[];
  #own = new Float64Array(0);
  readonly #moves = new Moves();

  /**
   * `watermarked[input]`: the table has a WATERMARK; each input has `partitions` partitions in this lane. `groups`
   * are those by which operators are judged, `captures` the tables of each database whose transactions are kept whole.
   */
  constructor(watermarked: readonly boolean[], partitions: readonly number[], groups: readonly Group[], captures: readonly (readonly CapturedTable[])[] = []) {
    this.#held = watermarked;
    this.#captures = new Map(captures.flatMap((tables) => tables.map(({ input }) => [input, tables])));
    this.#groups = groups;
    this.#movedBy = partitions.map((_, moving) => groups.flatMap((members, group) => members.filter(({ input }) => input === moving).map(({ delay }) => ({ group, delay }))));
    const touched = (inputs: readonly number[]): readonly number[] => [...new Set(inputs.flatMap((input) => this.#movedBy[input]!.map(({ group }) => group)))];
    const together = captures.map((tables) => ({ tables, groups: touched(tables.map(({ input }) => input)) }));
    this.#touchedBy = partitions.map((_, moving) => together.find(({ tables }) => tables.some(({ input }) => input === moving))?.groups ?? touched([moving]));
    this.#paths = groups.map(() => new Float64Array(0));
    this.#floors = new Float64Array(groups.length).fill(-Infinity);
    this.#asleep = partitions.map(() => new Map());
    this.#marks = partitions.map((count, input) => new Float64Array(count).fill(watermarked[input] ? -Infinity : Infinity));
  }

  /** The least watermark of a group. */
  of(group: number): number {
    if (faults.fastestInputLeads) return Math.max(...this.#groups[group]!.flatMap(({ input, delay }) => [...this.#marks[input]!].map((mark) => mark - delay)));
    // Asked row by row where inputs take turns: by index, which costs half of walking the arrays.
    const members = this.#groups[group]!;
    let least = Infinity;
    for (let member = 0; member < members.length; member += 1) {
      const { input, delay } = members[member]!;
      const marks = this.#marks[input]!;
      for (let partition = 0; partition < marks.length; partition += 1) if (marks[partition]! - delay < least) least = marks[partition]! - delay;
    }
    const floor = this.#floors[group]!;
    if (least === Infinity && members.some(({ input }) => this.#asleep[input]!.size > 0)) return floor;
    return least > floor ? least : floor;
  }

  isAsleep({ input, partition }: InputPartition): boolean {
    return this.#asleep[input]!.has(partition);
  }

  /** Partitions that are idle leave the minimum. Where all are, it stays where it is. */
  sleep(silent: readonly InputPartition[]): void {
    this.#keepFloors();
    for (const { input, partition } of silent) {
      const mark = this.#marks[input]![partition]!;
      if (mark === Infinity) continue;
      this.#asleep[input]!.set(partition, mark);
      this.#marks[input]![partition] = Infinity;
    }
  }

  /** All at once: one that woke before the others would move the watermark by itself. */
  wakeAll(): void {
    this.#keepFloors();
    this.#asleep.forEach((asleep, input) => {
      for (const [partition, mark] of asleep) this.#marks[input]![partition] = mark;
      asleep.clear();
    });
  }

  wake({ input, partition }: InputPartition): void {
    const mark = this.#asleep[input]!.get(partition);
    if (mark === undefined) return;
    this.#keepFloors();
    this.#asleep[input]!.delete(partition);
    this.#marks[input]![partition] = mark;
  }

  #keepFloors(): void {
    this.#floors = this.#floors.map((_, group) => this.of(group));
  }

  get(input: number, partition: number): number {
    return this.#marks[input]![partition]!;
  }

  /** Marks that a source gives before its first row. */
  raise(input: number, partition: number, mark: number): void {
    if (this.#held[input] && mark > this.#marks[input]![partition]!) this.#marks[input]![partition] = mark;
  }

  /**
   * Takes a chunk's rows in. Returns how many were behind (at or below their own partition's watermark on arrival)
   * and the path of each group's watermark, by chunk row; valid until the next call.
   */
  advance(source: ChunkSource): { readonly behind: number; path(group: number): WatermarkPath } {
    return source.turns === null ? this.#advanceOne(source.parts[0]!) : this.#advanceMixed(source);
  }

  #advanceOne({ batch, from, to }: ChunkPart): { behind: number; path(group: number): WatermarkPath } {
    if (this.#own.length < to) this.#own = new Float64Array(Math.max(to, 1024));
    const own = this.#own;
    const { input, partition } = batch;
    const before = this.#marks[input]![partition]!;
    const behind = batch.marks === null ? followTimes(batch.time, batch.delay, from, to, before, own) : followMarks(batch.time, batch.marks, from, to, before, own);
    const mark = own[to - 1]!;
    if (faults.watermarkPerBatch) own.fill(mark, from, to);
    this.#marks[input]![partition] = mark;
    return { behind: this.#held[input] ? behind : 0, path: (group) => this.#path(group, input, partition, before, own, from, to) };
  }

  /** Of a group while one partition of it goes along `own`: never above what the others allow. */
  #path(group: number, input: number, partition: number, before: number, own: Float64Array, from: number, to: number): WatermarkPath {
    let others = Infinity;
    let late = 0;
    for (const { input: other, delay } of this.#groups[group]!) {
      if (other === input) late = delay;
      this.#marks[other]!.forEach((mark, index) => {
        if ((other !== input || index !== partition) && mark - delay < others) others = mark - delay;
      });
    }
    const floor = this.#floors[group]!;
    if (late === 0 && floor === -Infinity && (others === Infinity || faults.fastestInputLeads)) return { before, after: own };
    const after = this.#pathArray(group, to);
    for (let row = from; row < to; row += 1) after[row] = own[row]! - late < others ? own[row]! - late : others;
    if (floor > -Infinity) for (let row = from; row < to; row += 1) if (after[row]! < floor) after[row] = floor;
    return { before: Math.max(Math.min(before - late, others), floor), after };
  }

  #advanceMixed(source: ChunkSource): { behind: number; path(group: number): WatermarkPath } {
    const { chunk: { to: rows }, parts, turns, transactions } = source;
    const befores = this.#groups.map((_, group) => this.of(group));
    const touched = this.#touched(parts);
    const current = Float64Array.from(touched, (group) => befores[group]!);
    const proposals = new Proposals(parts, this.#held, this.#marks);
    const moves = this.#moves;
    moves.begin(touched.length);
    let behind = 0;
    for (let at = 0; at < rows; at += 1) {
      const end = transactions === null ? -1 : transactions[at]!;
      if (end < 0) {
        behind += this.#takeRow(parts[turns!.part[at]!]!.batch, turns!.row[at]!, proposals, touched, current, at);
        continue;
      }
      // What a transaction moves, its end moves: half of one lets nothing go.
      behind += proposals.take(turns!, at, end);
      if (this.#commit(proposals, this.#captures.get(parts[turns!.part[at]!]!.batch.input) ?? noTables)) {
        for (let index = 0; index < touched.length; index += 1) current[index] = this.of(touched[index]!);
        moves.add(end, current);
      }
      at = end;
    }
    if (faults.watermarkPerBatch) moves.begin(touched.length).add(0, current);
    return { behind, path: (group) => new MixedPath(befores[group]!, () => moves.fill(touched.indexOf(group), befores[group]!, this.#pathArray(group, rows), rows)) };
  }

  /** A row by itself, the chunk's row `at`. Returns 1 where it is behind. */
  #takeRow(batch: ScanBatch, row: number, proposals: Proposals, touched: readonly number[], current: Float64Array, at: number): number {
    const { input, partition, time } = batch;
    const proposed = markOf(batch, row);
    const own = this.#marks[input]!;
    const mark = own[partition]!;
    const behind = time[row]! <= mark && this.#held[input] ? 1 : 0;
    if (!(proposed > mark)) return behind;
    proposals.isStale = true;
    own[partition] = proposed;
    let isMoved = false;
    for (const { group, delay } of this.#movedBy[input]!) {
      const index = touched.indexOf(group);
      // Only who held the group back can let it go.
      if (mark - delay > current[index]!) continue;
      const now = this.of(group);
      isMoved ||= now !== current[index];
      current[index] = now;
    }
    if (isMoved) this.#moves.add(at, current);
    return behind;
  }

  /** Groups that rows of these parts may move. */
  #touched(parts: readonly ChunkPart[]): readonly number[] {
    const first = this.#touchedBy[parts[0]!.batch.input]!;
    if (parts.every(({ batch: { input } }) => this.#touchedBy[input] === first)) return first;
    return [...new Set(parts.flatMap(({ batch: { input } }) => this.#touchedBy[input]!))];
  }

  /**
   * A transaction is over: its tables have all rows up to its time, also those that it does not touch. False: no
   * watermark moved.
   */
  #commit(proposals: Proposals, tables: readonly CapturedTable[]): boolean {
    const { parts, marks, time } = proposals;
    let isMoved = false;
    for (let index = 0; index < parts.length; index += 1) {
      const { input, partition } = parts[index]!.batch;
      if (marks[index]! > this.#marks[input]![partition]! && this.#held[input]) {
        this.#marks[input]![partition] = marks[index]!;
        isMoved = true;
      }
    }
    for (let index = 0; index < tables.length; index += 1) {
      const { input, delay } = tables[index]!;
      if (delay === null || time === -Infinity || !this.#held[input]) continue;
      const own = this.#marks[input]!;
      for (let partition = 0; partition < own.length; partition += 1) {
        if (time - delay <= own[partition]!) continue;
        own[partition] = time - delay;
        isMoved = true;
      }
    }
    proposals.isStale ||= isMoved;
    return isMoved;
  }

  #pathArray(group: number, length: number): Float64Array {
    if (this.#paths[group]!.length < length) this.#paths[group] = new Float64Array(Math.max(length, 1024));
    return this.#paths[group]!;
  }

  /** The end of history: nobody holds anybody back any more. */
  end(): void {
    for (const marks of this.#marks) marks.fill(Infinity);
    for (const asleep of this.#asleep) asleep.clear();
  }

  /** As the journal has them: null before any, 'end' for the end of history or an input without WATERMARK. */
  record(): (number | 'end' | null)[][] {
    return this.#marks.map((marks, input) => {
      const recorded: (number | 'end' | null)[] = [];
      for (let partition = 0; partition < marks.length; partition += 1) {
        const mark = this.#asleep[input]!.get(partition) ?? marks[partition]!;
        recorded.push(mark === -Infinity ? null : mark === Infinity ? 'end' : mark);
      }
      return recorded;
    });
  }

  snapshot(writer: ByteWriter): void {
    for (const marks of this.#marks) writer.float64Array(faults.watermarkNotSaved ? new Float64Array(marks.length).fill(-Infinity) : marks);
  }

  /** Beside the marks, where partitions may be idle. */
  snapshotIdle(writer: ByteWriter): void {
    for (const asleep of this.#asleep) {
      writer.varint(asleep.size);
      for (const [partition, mark] of [...asleep].sort(([a], [b]) => a - b)) {
        writer.varint(partition);
        writer.f64(mark);
      }
    }
    writer.float64Array(this.#floors);
  }

  restoreIdle(reader: ByteReader): void {
    for (const asleep of this.#asleep) {
      const count = reader.varint();
      for (let index = 0; index < count; index += 1) asleep.set(reader.varint(), reader.f64());
    }
    this.#floors = reader.float64Array();
  }

  restore(reader: ByteReader): void {
    this.#marks = this.#marks.map(() => reader.float64Array());
  }
}

const noTables: readonly CapturedTable[] = [];

/** The watermarks that the rows of a transaction propose. */
class Proposals {
  /** By part of the chunk. */
  readonly marks: Float64Array;
  /** Greatest event time of its rows. */
  time = -Infinity;
  /** Watermarks have moved since they were looked up. */
  isStale = true;
  readonly #times: readonly Float64Array[];
  readonly #proposed: readonly (Float64Array | null)[];
  readonly #delays: Float64Array;
  /** Watermarks of those that are held by them, NaN of others. */
  readonly #own: Float64Array;

  /** `current`: watermarks by input, by partition. */
  constructor(readonly parts: readonly ChunkPart[], private readonly held: readonly boolean[], private readonly current: readonly Float64Array[]) {
    this.marks = new Float64Array(parts.length);
    this.#times = parts.map(({ batch }) => batch.time);
    this.#proposed = parts.map(({ batch }) => batch.marks);
    this.#delays = new Float64Array(parts.map(({ batch }) => batch.delay));
    this.#own = new Float64Array(parts.length);
  }

  /** Chunk rows from..last are a transaction. Returns how many are at or below their own watermark. */
  take({ part, row }: NonNullable<ChunkSource['turns']>, from: number, last: number): number {
    if (this.isStale) this.#look();
    const { marks } = this;
    const times = this.#times, own = this.#own, delays = this.#delays;
    marks.fill(-Infinity);
    let greatest = -Infinity;
    let behind = 0;
    for (let at = from; at <= last; at += 1) {
      const index = part[at]!, place = row[at]!;
      const time = times[index]![place]!;
      const given = this.#proposed[index]!;
      const proposed = given === null ? time - delays[index]! : given[place]!;
      if (time > greatest) greatest = time;
      if (proposed > marks[index]!) marks[index] = proposed;
      if (time <= own[index]!) behind += 1;
    }
    this.time = greatest;
    return behind;
  }

  #look(): void {
    this.isStale = false;
    for (let index = 0; index < this.parts.length; index += 1) {
      const { input, partition } = this.parts[index]!.batch;
      this.#own[index] = this.held[input]! ? this.current[input]![partition]! : NaN;
    }
  }
}

/** Writes the watermark after each row to `own`; returns how many rows were at or below the one before them. */
function followMarks(time: Float64Array, marks: Float64Array, from: number, to: number, before: number, own: Float64Array): number {
  let mark = before;
  let behind = 0;
  for (let row = from; row < to; row += 1) {
    if (time[row]! <= mark) behind += 1;
    if (marks[row]! > mark) mark = marks[row]!;
    own[row] = mark;
  }
  return behind;
}

/** As `followMarks`, each row proposing its event time less `delay`. */
function followTimes(time: Float64Array, delay: number, from: number, to: number, before: number, own: Float64Array): number {
  let mark = before;
  let behind = 0;
  for (let row = from; row < to; row += 1) {
    const at = time[row]!;
    if (at <= mark) behind += 1;
    if (at - delay > mark) mark = at - delay;
    own[row] = mark;
  }
  return behind;
}

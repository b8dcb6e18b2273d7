/** The watermark of every input partition of a lane, and the path of an operator's watermark through a chunk. */
import type { ByteReader, ByteWriter } from '../core/bytes.js';
import { faults } from '../core/faults.js';
import type { WatermarkPath } from '../operators/operator.js';
import type { ScanBatch } from './scan-batch.js';

export class Watermarks {
  /** By input, by partition; Infinity for inputs without WATERMARK, which hold nobody back. */
  #marks: Float64Array[];
  readonly #held: readonly boolean[];
  #scratch = new Float64Array(0);

  /** `watermarked[input]`: the table has a WATERMARK; each input has `partitions` partitions in this lane. */
  constructor(watermarked: readonly boolean[], partitions: readonly number[]) {
    this.#held = watermarked;
    this.#marks = partitions.map((count, input) => new Float64Array(count).fill(watermarked[input] ? -Infinity : Infinity));
  }

  /** The least watermark of the given inputs. */
  of(inputs: readonly number[]): number {
    let least = Infinity;
    for (const input of inputs) for (const mark of this.#marks[input]!) if (mark < least) least = mark;
    return least;
  }

  get(input: number, partition: number): number {
    return this.#marks[input]![partition]!;
  }

  /** Takes rows from..to in and returns the watermark of their own partition after each row. Valid until the next call. */
  advance(batch: ScanBatch, from: number, to: number): Float64Array {
    if (this.#scratch.length < to) this.#scratch = new Float64Array(to);
    const after = this.#scratch;
    let mark = this.#marks[batch.input]![batch.partition]!;
    const { marks } = batch;
    for (let row = from; row < to; row += 1) {
      if (marks[row]! > mark) mark = marks[row]!;
      after[row] = mark;
    }
    if (faults.watermarkPerBatch) after.fill(mark, from, to);
    this.#marks[batch.input]![batch.partition] = mark;
    return after;
  }

  raise(input: number, partition: number, mark: number): void {
    if (this.#held[input] && mark > this.#marks[input]![partition]!) this.#marks[input]![partition] = mark;
  }

  /** Of a group of inputs while one partition of them goes along `own`: never above what the others allow. */
  path(group: readonly number[], input: number, partition: number, before: number, own: Float64Array, from: number, to: number): WatermarkPath {
    let others = Infinity;
    for (const other of group) {
      this.#marks[other]!.forEach((mark, index) => {
        if ((other !== input || index !== partition) && mark < others) others = mark;
      });
    }
    if (others === Infinity) return { before, after: own };
    const after = new Float64Array(to);
    for (let row = from; row < to; row += 1) after[row] = own[row]! < others ? own[row]! : others;
    return { before: Math.min(before, others), after };
  }

  /** The end of history: nobody holds anybody back any more. */
  end(): void {
    for (const marks of this.#marks) marks.fill(Infinity);
  }

  /** As the journal has them: null before any, 'end' for the end of history or an input without WATERMARK. */
  record(): (number | 'end' | null)[][] {
    return this.#marks.map((marks) => Array.from(marks, (mark) => (mark === -Infinity ? null : mark === Infinity ? 'end' : mark)));
  }

  snapshot(writer: ByteWriter): void {
    for (const marks of this.#marks) writer.float64Array(faults.watermarkNotSaved ? new Float64Array(marks.length).fill(-Infinity) : marks);
  }

  restore(reader: ByteReader): void {
    this.#marks = this.#marks.map(() => reader.float64Array());
  }
}

/**
 * Input partitions that fall silent, by the clock of the journal's steps: after the time-out they leave the minimum of
 * the watermark, until their next row.
 */
import type { ByteReader, ByteWriter } from '../core/bytes.js';
import type { Watermarks } from './watermarks.js';

export interface InputPartition {
  readonly input: number;
  readonly partition: number;
}

export class Idleness {
  /** By input and partition: when it was last heard of, epoch ms; Infinity: it is idle, or holds nobody back. */
  #heard: Float64Array[];
  readonly #holds: readonly boolean[];
  /** The lane was taken up before the current step. */
  resumed = false;

  /** `timeout` in milliseconds; `watermarked` by input. */
  constructor(private readonly timeout: number, watermarked: readonly boolean[], partitions: readonly number[], private readonly watermarks: Watermarks) {
    this.#holds = watermarked;
    this.#heard = partitions.map((count) => new Float64Array(count).fill(Infinity));
  }

  /** A step begins. Those that are idle from now on, those first that fell silent first. `resumed`: silence counts from now on, for all. */
  tick(now: number, resumed: boolean): readonly (readonly InputPartition[])[] {
    this.resumed = resumed;
    if (!resumed) return this.#due(now);
    this.watermarks.wakeAll();
    this.#heard.forEach((times, input) => { if (this.#holds[input]) times.fill(now); });
    return [];
  }

  /** A row has come. True: the partition was idle, and is to wake. */
  hear(from: InputPartition, now: number): boolean {
    if (this.#holds[from.input]) this.#heard[from.input]![from.partition] = now;
    return this.watermarks.isAsleep(from);
  }

  #due(now: number): readonly (readonly InputPartition[])[] {
    const due = new Map<number, InputPartition[]>();
    this.#heard.forEach((times, input) => times.forEach((heard, partition) => {
      if (now - heard < this.timeout || heard === Infinity) return;
      times[partition] = Infinity;
      const silent = due.get(heard);
      if (silent === undefined) due.set(heard, [{ input, partition }]);
      else silent.push({ input, partition });
    }));
    return [...due].sort(([a], [b]) => a - b).map(([, silent]) => silent);
  }

  /** When the next one will be due, epoch ms; Infinity: none. */
  get nextDue(): number {
    return Math.min(...this.#heard.map((times) => times.reduce((least, heard) => Math.min(least, heard), Infinity))) + this.timeout;
  }

  snapshot(writer: ByteWriter): void {
    for (const times of this.#heard) writer.float64Array(times);
    this.watermarks.snapshotIdle(writer);
  }

  restore(reader: ByteReader): void {
    this.#heard = this.#heard.map(() => reader.float64Array());
    this.watermarks.restoreIdle(reader);
  }
}

/** A reader whose partitions keep together in event time, so that what operators keep until the watermark passes stays bounded. */
import type { StepRecord } from '../core/step.js';
import type { LogFetch, LogPosition, LogReader } from './log.js';

/** Milliseconds of event time by which a partition may be ahead of one that has more to read. */
const driftMax = 60_000;

/** `capture`: its rows wait for the ends of their transactions, and no watermark tells how far it is. */
type Inputs = readonly { readonly topic: string; readonly partitions: readonly number[]; readonly capture?: unknown }[];

/** How far a lane has come, by input and partition, and where it ends. */
interface Progress {
  readonly engine: { readonly watermarks: StepRecord['watermarks'] };
  readonly positions: readonly (readonly number[])[];
  readonly start: { readonly stops: readonly LogPosition[] | null };
}

interface Place {
  readonly topic: string;
  readonly partition: number;
  /** Its watermark, epoch ms; -Infinity before its first row. */
  mark: number;
  /** Something else than event time holds it back. */
  isHeld: boolean;
  isAhead: boolean;
}

export class EvenReader implements LogReader {
  readonly #places: readonly Place[];

  constructor(private readonly reader: LogReader, private readonly inputs: Inputs) {
    const places = new Map<string, Place>();
    for (const { topic, partitions } of inputs) for (const partition of partitions) places.set(`${topic}/${partition}`, { topic, partition, mark: -Infinity, isHeld: false, isAhead: false });
    this.#places = [...places.values()];
  }

  /** Of a log of which a part is not asked for nothing is known. */
  get emptyAnswers(): number {
    return this.#places.some(({ isAhead }) => isAhead) ? 0 : this.reader.emptyAnswers;
  }

  next(millis: number): Promise<LogFetch | null> {
    return this.reader.next(millis);
  }

  close(): Promise<void> {
    return this.reader.close();
  }

  pause(topic: string, partition: number, isPaused: boolean): void {
    const place = this.#at(topic, partition);
    place.isHeld = isPaused;
    this.reader.pause?.(topic, partition, isPaused || place.isAhead);
  }

  /**
   * Pauses what is far ahead of the slowest partition that has more to read, and resumes what is not any more: to be
   * called after every step, and while there is none. A partition that is read
   * to its end, or waits for a schema, pauses nobody; nor does any where the body of the log does not say who is at its end.
   */
  keepTogether(progress: Progress): void {
    if (this.#places.length < 2 || this.reader.isAtEnd === undefined || this.reader.pause === undefined) return;
    for (const place of this.#places) place.mark = this.#markOf(place, progress.engine.watermarks);
    const slowest = Math.min(...this.#places.filter((place) => !place.isHeld && !this.#isRead(place, progress)).map(({ mark }) => mark));
    for (const place of this.#places) {
      const isAhead = Number.isFinite(place.mark) && place.mark > slowest + driftMax;
      if (isAhead === place.isAhead) continue;
      place.isAhead = isAhead;
      this.reader.pause(place.topic, place.partition, isAhead || place.isHeld);
    }
  }

  #isRead({ topic, partition }: Place, { positions, start: { stops } }: Progress): boolean {
    const stop = stops?.find((each) => each.topic === topic && each.partition === partition)?.offset ?? Infinity;
    return this.reader.isAtEnd!(topic, partition) || this.#of({ topic, partition }, positions).every((position) => position >= stop);
  }

  /** The greatest of the tables that a place feeds; Infinity: it holds no watermark back. */
  #markOf(place: Place, marks: StepRecord['watermarks']): number {
    const plain = this.inputs.map(({ partitions, capture }, index) => (capture === undefined ? marks[index] : undefined) ?? partitions.map(() => 'end' as const));
    return Math.max(...this.#of(place, plain).map((mark) => (mark === null ? -Infinity : mark === 'end' ? Infinity : mark)));
  }

  /** Of values by input and partition, those of a place. */
  #of<Value>({ topic, partition }: Pick<Place, 'topic' | 'partition'>, values: readonly (readonly Value[])[]): Value[] {
    return this.inputs.flatMap((input, index) => (input.topic === topic && input.partitions.includes(partition) ? [values[index]![input.partitions.indexOf(partition)]!] : []));
  }

  #at(topic: string, partition: number): Place {
    return this.#places.find((place) => place.topic === topic && place.partition === partition)!;
  }
}

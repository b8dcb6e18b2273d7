/** Whole topics as a recording reads them: from where it stopped, up to where it ends. */
import { TapewrightError } from '../core/errors.js';
import type { Log, LogBounds, LogFetch, LogPosition, LogReader, LogRecord } from './log.js';

export interface RecordedReading {
  readonly signal: AbortSignal;
  /** The offsets that are last now, or a time (epoch ms) of records; null: until `signal`. */
  readonly until: 'latest' | number | null;
  /** Records that count; their partition's position moves when they are taken. */
  take(topic: string, partition: number, records: readonly LogRecord[]): Promise<void>;
  /** Between fetches. */
  settle(): Promise<void>;
}

/** Ends of transactions may stand before a stop, and no reader is shown them: after so many empty answers none is left. */
const emptyAnswersMin = 10;

const keyOf = (topic: string, partition: number): string => `${topic}/${partition}`;

export class RecordedPartitions {
  readonly #positions: Map<string, number>;
  /** By partition; null: `until` has not come yet. */
  #stops: ReadonlyMap<string, number> | null = null;

  constructor(private readonly log: Log, private readonly topics: ReadonlyMap<string, readonly LogBounds[]>, positions: readonly LogPosition[]) {
    this.#positions = new Map(positions.map(({ topic, partition, offset }) => [keyOf(topic, partition), offset]));
  }

  get positions(): LogPosition[] {
    return [...this.topics].flatMap(([topic, bounds]) => bounds.map(({ partition }) => ({ topic, partition, offset: this.#positions.get(keyOf(topic, partition))! })));
  }

  /** True: all that was asked for is there. Throws SOURCE_GAP. */
  async read(reading: RecordedReading): Promise<boolean> {
    const { signal, until } = reading;
    this.#checkKept();
    if (until === 'latest') this.#stops = this.#offsets(this.topics, ({ end }) => end);
    const reader = await this.log.read(this.positions);
    try {
      for (;;) {
        if (signal.aborted) return false;
        if (typeof until === 'number' && this.#stops === null && Date.now() >= until) this.#stops = await this.#offsetsAt(until);
        if (this.#isAtEnd(reader)) return true;
        const fetch = await reader.next(100);
        if (fetch !== null) await this.#take(fetch, reading);
        await reading.settle();
      }
    } finally {
      await reader.close();
    }
  }

  /** What a topic has deleted since is lost to the recording: better known now than missed later. */
  #checkKept(): void {
    for (const [topic, bounds] of this.topics) {
      for (const { partition, start } of bounds) {
        const wanted = this.#positions.get(keyOf(topic, partition)) ?? start;
        if (wanted < start) throw new TapewrightError('SOURCE_GAP', `partition ${partition} of ${topic} begins at ${start}, and the recording ends before ${wanted}: what lies between was deleted; record into another folder`, { topic, partition, wanted, start });
        this.#positions.set(keyOf(topic, partition), wanted);
      }
    }
  }

  async #offsetsAt(time: number): Promise<ReadonlyMap<string, number>> {
    const found = new Map<string, readonly LogBounds[]>();
    for (const topic of this.topics.keys()) found.set(topic, await this.log.boundsAt(topic, time));
    return this.#offsets(found, ({ start }) => start);
  }

  #offsets(topics: ReadonlyMap<string, readonly LogBounds[]>, read: (bounds: LogBounds) => number): ReadonlyMap<string, number> {
    return new Map([...topics].flatMap(([topic, bounds]) => bounds.map((each) => [keyOf(topic, each.partition), read(each)] as const)));
  }

  #isAtEnd(reader: LogReader): boolean {
    if (this.#stops === null) return false;
    return [...this.#stops].every(([key, offset]) => this.#positions.get(key)! >= offset) || reader.emptyAnswers >= emptyAnswersMin;
  }

  async #take({ topic, partition, records }: LogFetch, reading: RecordedReading): Promise<void> {
    const key = keyOf(topic, partition);
    const from = this.#positions.get(key)!, stop = this.#stops?.get(key) ?? Infinity;
    const wanted = records.filter(({ offset }) => offset >= from && offset < stop);
    if (wanted.length === 0) return;
    await reading.take(topic, partition, wanted);
    this.#positions.set(key, wanted[wanted.length - 1]!.offset + 1);
  }
}

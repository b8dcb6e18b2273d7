/** A reader that takes partitions one after another, each to its end: the order in which one lane's catching up is hardest. */
import type { LogFetch, LogPosition, LogReader } from '../../src/live/log.js';

type Read = (positions: readonly LogPosition[]) => Promise<LogReader>;

/** Before a partition is believed to be at its end. */
const emptyAnswersMin = 10;

export class InTurnReader implements LogReader {
  #reader: LogReader;
  #turn = 0;

  private constructor(private readonly read: Read, private readonly positions: readonly LogPosition[], first: LogReader) {
    this.#reader = first;
  }

  static async open(read: Read, positions: readonly LogPosition[]): Promise<LogReader> {
    return positions.length === 1 ? read(positions) : new InTurnReader(read, positions, await read(positions.slice(0, 1)));
  }

  /** Of the last partition's reader: before it there is always more. */
  get emptyAnswers(): number {
    return this.#turn === this.positions.length - 1 ? this.#reader.emptyAnswers : 0;
  }

  async next(millis: number): Promise<LogFetch | null> {
    const fetch = await this.#reader.next(millis);
    if (fetch !== null || this.#reader.emptyAnswers < emptyAnswersMin || this.#turn === this.positions.length - 1) return fetch;
    await this.#reader.close();
    this.#turn += 1;
    this.#reader = await this.read([this.positions[this.#turn]!]);
    return this.#reader.next(millis);
  }

  close(): Promise<void> {
    return this.#reader.close();
  }
}

/** How long a publisher's messages took to be acknowledged, kept on disk every ten seconds. */
import { LatencyFile } from './latency-file.js';
import { Latencies } from './latency.js';

const everyMillis = 10_000;

export class AcknowledgeMeter {
  #current = { from: Date.now(), rows: 0, latencies: new Latencies() };
  #written: Promise<void> = Promise.resolve();
  readonly #timer: NodeJS.Timeout;

  private constructor(private readonly file: LatencyFile) {
    this.#timer = setInterval(() => this.#keep(), everyMillis).unref();
  }

  static async start(folder: string): Promise<AcknowledgeMeter> {
    return new AcknowledgeMeter(await LatencyFile.create(folder, Date.now()));
  }

  add(messages: number, millis: number): void {
    this.#current.rows += messages;
    this.#current.latencies.add('acknowledge', millis, messages);
  }

  /** Throws OUTPUT_UNWRITABLE where an interval could not be kept. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    this.#keep();
    await this.#written;
  }

  #keep(): void {
    const { from, rows, latencies } = this.#current;
    const to = Date.now();
    this.#current = { from: to, rows: 0, latencies: new Latencies() };
    if (rows === 0) return;
    this.#written = this.#written.then(() => this.file.append({ from, to, rows, backlog: 0, latencies }));
    // Told at the end: a publisher does not stop for it.
    this.#written.catch(() => undefined);
  }
}

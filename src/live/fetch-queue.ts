/** What has come from the log and waits for the lane: bounded, so that a reader knows when to stop asking. */
import type { TapewrightError } from '../core/errors.js';
import type { LogFetch } from './log.js';

export interface FetchQueueLimits {
  readonly recordsMax: number;
  readonly bytesMax: number;
}

export class FetchQueue {
  readonly #waiting: { readonly fetch: LogFetch; readonly bytes: number }[] = [];
  #records = 0;
  #bytes = 0;
  #failure: TapewrightError | null = null;
  #isClosed = false;
  #wake: () => void = () => undefined;
  readonly #room = new Set<() => void>();

  constructor(private readonly limits: FetchQueueLimits) {}

  get isEmpty(): boolean {
    return this.#waiting.length === 0;
  }

  get hasRoom(): boolean {
    return this.#records < this.limits.recordsMax && this.#bytes < this.limits.bytesMax;
  }

  /** Whether nothing is taken in any more. */
  get isOver(): boolean {
    return this.#isClosed || this.#failure !== null;
  }

  /** Also beyond the limits: what has come has come. After a failure nothing: it may not be what follows. */
  push(fetch: LogFetch, bytes: number): void {
    if (this.isOver) return;
    this.#waiting.push({ fetch, bytes });
    this.#records += fetch.records.length;
    this.#bytes += bytes;
    this.#wake();
  }

  /** The first failure is what `next` throws once all that came before it is taken. */
  fail(failure: TapewrightError): void {
    this.#failure ??= failure;
    this.#wakeAll();
  }

  close(): void {
    this.#isClosed = true;
    this.#wakeAll();
  }

  /** The first that waits; null when nothing came within `millis`, or it was closed. For one caller at a time. */
  async next(millis: number): Promise<LogFetch | null> {
    if (this.isEmpty && !this.isOver && millis > 0) await woken(millis, (wake) => { this.#wake = wake; });
    const first = this.#waiting.shift();
    if (first === undefined) {
      if (this.#failure !== null) throw this.#failure;
      return null;
    }
    this.#records -= first.fetch.records.length;
    this.#bytes -= first.bytes;
    if (this.hasRoom) this.#freeRoom();
    return first.fetch;
  }

  /** Resolves once there is room or nothing is taken in any more, at the latest after `millis`. */
  async room(millis: number): Promise<void> {
    if (this.hasRoom || this.isOver) return;
    let mine = (): void => undefined;
    await woken(millis, (wake) => this.#room.add((mine = wake)));
    this.#room.delete(mine);
  }

  #wakeAll(): void {
    this.#wake();
    this.#freeRoom();
  }

  #freeRoom(): void {
    for (const wake of this.#room) wake();
  }
}

/** Resolves when what `wait` is given is called, or after `millis`. */
async function woken(millis: number, wait: (wake: () => void) => void): Promise<void> {
  let timer: NodeJS.Timeout | null = null;
  await new Promise<void>((resolve) => {
    timer = setTimeout(resolve, millis);
    wait(resolve);
  });
  clearTimeout(timer!);
}

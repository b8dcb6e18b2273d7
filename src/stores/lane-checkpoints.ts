/** Writes a lane's checkpoints, one after the other. The flow waits for a small one, and goes on while a large one is written. */
import type { CheckpointStore } from './checkpoints.js';

/** Bytes that are soon written. */
const SMALL_BYTES = 1 << 18;

export interface TakenCheckpoint {
  readonly seq: number;
  /** The step's, hex. */
  readonly digest: string;
  readonly bytes: Uint8Array;
  readonly pages: readonly Uint8Array[];
}

export class LaneCheckpoints {
  #writing: Promise<void> | null = null;
  #isBusy = false;

  constructor(private readonly store: CheckpointStore, private readonly lane: number) {}

  /** One is being written: it is not time for another. */
  get isBusy(): boolean {
    return this.#isBusy;
  }

  /** `onWritten` is told once it is durable, with the bytes that were written. Throws also what went wrong with the one before. */
  async write({ seq, digest, bytes, pages }: TakenCheckpoint, onWritten: (bytes: number) => void = () => undefined): Promise<void> {
    await this.settled();
    const isSmall = bytes.length + this.store.unwritten(this.lane, pages) <= SMALL_BYTES;
    const writing = this.store.write(this.lane, seq, digest, bytes, pages).then(onWritten);
    if (isSmall) return writing;
    this.#writing = writing;
    this.#isBusy = true;
    // What goes wrong is told to who waits next.
    void writing.catch(() => undefined).then(() => { this.#isBusy = false; });
  }

  /** Waits for the one that is being written; throws what went wrong with it. */
  async settled(): Promise<void> {
    const writing = this.#writing;
    this.#writing = null;
    await writing;
  }
}

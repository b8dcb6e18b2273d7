/** The thread that writes Parquet, as the rest of the process sees it: one for all outputs, started when first needed. */
import { Worker } from 'node:worker_threads';
import { errorOf } from '../core/failure.js';
import type { Schema } from '../core/types.js';
import { BatchMemory } from '../sources/parquet/batch-memory.js';
import { blockBuffers, type Block } from './block.js';
import type { PrepareRequest, WriteReply, WriteRequest } from './writer-thread.js';

interface Waiting {
  resolve(): void;
  reject(cause: Error): void;
}

/** Buffers of one length that wait to be used again: those of a few blocks. */
const buffersMost = 24;

class Writer {
  /** For the blocks to write: what was written is used again. */
  readonly memory = new BatchMemory(buffersMost);
  #worker: Worker | null = null;
  #nextId = 0;
  #preparing: Promise<void> | null = null;
  readonly #waiting = new Map<number, Waiting>();

  /**
   * Starts the thread, so that the first file need not wait for it. `settled` before the process may end: a thread
   * that dies while it opens DuckDB takes the process with it.
   */
  prepare(): void {
    if (this.#worker !== null) return;
    this.#preparing = this.#ask((id) => [{ id, path: null }, []]);
    // Whoever writes meets the failure.
    this.#preparing.catch(() => undefined);
  }

  async settled(): Promise<void> {
    await this.#preparing?.catch(() => undefined);
  }

  /** Resolves when the file's bytes are durable under `path`. Throws OUTPUT_UNWRITABLE. */
  write(path: string, schema: Schema, blocks: readonly Block[], files: readonly string[]): Promise<void> {
    return this.#ask((id) => [{ id, path, schema, blocks, files }, blocks.flatMap(blockBuffers)]);
  }

  #ask(make: (id: number) => [WriteRequest | PrepareRequest, ArrayBuffer[]]): Promise<void> {
    const id = this.#nextId++;
    const [request, buffers] = make(id);
    return new Promise<void>((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      const worker = (this.#worker ??= this.#start());
      // While something is asked of it the thread keeps the process alive, and only then.
      worker.ref();
      worker.postMessage(request, buffers);
    });
  }

  #start(): Worker {
    const worker = new Worker(new URL('./writer-thread.js', import.meta.url));
    worker.on('message', ({ id, failure, buffers }: WriteReply) => {
      this.memory.takeBack(buffers);
      const waiting = this.#waiting.get(id)!;
      this.#waiting.delete(id);
      if (this.#waiting.size === 0) worker.unref();
      if (failure === null) waiting.resolve();
      else waiting.reject(errorOf(failure));
    });
    worker.on('error', (error) => this.#end(worker, error));
    worker.on('exit', () => this.#end(worker, new Error('the writer thread ended by itself')));
    return worker;
  }

  #end(worker: Worker, error: Error): void {
    if (this.#worker === worker) this.#worker = null;
    for (const waiting of this.#waiting.values()) waiting.reject(error);
    this.#waiting.clear();
  }
}

export const writer = new Writer();

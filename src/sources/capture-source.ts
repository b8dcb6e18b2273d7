/** Recorded topics, decoded batch by batch: those of more than a few megabytes in a thread of their own. */
import { statSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { errorOf } from '../core/failure.js';
import { creditPieces, type CaptureBatch } from './capture-batch.js';
import { CaptureDecoding, type CaptureRequest } from './capture-decoding.js';
import type { FromCaptureThread, ToCaptureThread } from './capture-thread.js';
import { Pending } from './pending.js';

export interface CaptureSource {
  /** The records of the next piece of the files; null at their end. One call at a time. Throws DATASET_CORRUPT and DATASET_INVALID. */
  next(): Promise<CaptureBatch | null>;
  /** SHA-256 (hex) of the files' bytes. */
  fingerprint(): Promise<string>;
  close(): Promise<void>;
}

/** A thread takes longer to start than less than this to read. */
const threadBytes = 8 << 20;

/** `threadFrom`: bytes from which a recording has a thread. */
export function openCaptureSource(request: CaptureRequest, threadFrom = threadBytes): CaptureSource {
  const bytes = request.recording.files.reduce((sum, file) => sum + statSync(file).size, 0);
  return bytes < threadFrom ? new CaptureDecoding(request) : new CaptureThread(request);
}

class CaptureThread implements CaptureSource {
  /** Null: nothing was asked for yet. */
  #worker: Worker | null = null;
  readonly #exited = new Pending<void>();
  readonly #queue: (CaptureBatch | null)[] = [];
  /** Batches taken from the queue. */
  #taken = 0;
  #waiting: Pending<void> | null = null;
  #failure: Error | null = null;
  #fingerprint: Pending<string> | null = null;
  #closed = false;

  constructor(private readonly request: CaptureRequest) {}

  #started(): Worker {
    if (this.#worker !== null) return this.#worker;
    // Of a table only its topics, and the names and types of its columns, cross.
    const tables = this.request.tables.map(({ topics, columns }) => ({ topics, columns }));
    const worker = new Worker(new URL('./capture-thread.js', import.meta.url), { workerData: { ...this.request, tables } });
    worker.on('message', (message: FromCaptureThread) => this.#receive(message));
    worker.on('error', (error) => this.#fail(error));
    worker.on('exit', () => {
      this.#exited.resolve();
      if (!this.#closed) this.#fail(new Error('the capture thread ended by itself'));
    });
    return (this.#worker = worker);
  }

  async next(): Promise<CaptureBatch | null> {
    this.#started();
    while (this.#queue.length === 0) {
      if (this.#failure !== null) throw this.#failure;
      this.#waiting = new Pending();
      await this.#waiting.promise;
    }
    const batch = this.#queue[0]!;
    if (batch === null) return null;
    this.#queue.shift();
    this.#taken += 1;
    if (this.#taken % creditPieces === 0) this.#send('credit');
    return batch;
  }

  fingerprint(): Promise<string> {
    if (this.#fingerprint === null) {
      this.#fingerprint = new Pending();
      if (this.#closed) this.#fingerprint.reject(new Error('the source is closed'));
      else this.#send('fingerprint');
    }
    return this.#fingerprint.promise;
  }

  async close(): Promise<void> {
    const isRunning = this.#worker !== null;
    if (!this.#closed) {
      this.#closed = true;
      if (isRunning) this.#send('close');
      this.#fingerprint?.reject(new Error('the source was closed before its files were hashed'));
    }
    if (isRunning) await this.#exited.promise;
  }

  #send(message: ToCaptureThread): void {
    this.#started().postMessage(message);
  }

  #receive(message: FromCaptureThread): void {
    if (message.kind === 'fingerprint') this.#fingerprint?.resolve(message.hash);
    else if (message.kind !== 'failed') {
      this.#queue.push(message.kind === 'end' ? null : message.batch);
      this.#waiting?.resolve();
    } else if (message.of === 'fingerprint') this.#fingerprint?.reject(errorOf(message.failure));
    else this.#fail(errorOf(message.failure));
  }

  /** Batches already queued are still delivered before the failure shows. */
  #fail(error: Error): void {
    this.#failure ??= error;
    this.#fingerprint?.reject(error);
    this.#waiting?.resolve();
  }
}

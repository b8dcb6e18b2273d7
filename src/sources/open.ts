/** Opens bound files as a source. Reading and decoding run in a thread of their own, a few batches ahead. */
import { basename } from 'node:path';
import { Worker } from 'node:worker_threads';
import { errorOf } from '../core/failure.js';
import { Assembler } from './assemble.js';
import { filesOf, fingerprintOf } from './files.js';
import { creditBatches, lentBuffers, type Reader, type ReaderRequest } from './reader.js';
import { Pending } from './pending.js';
import type { FromThread, ToThread } from './reader-thread.js';
import type { Binding, Source, SourceBatch, SourceColumn } from './source.js';

export { bindingOf } from './files.js';

export interface SourceOptions {
  /** Name of the table, for messages. */
  readonly table?: string;
  /** First position to deliver; 0 by default. */
  readonly from?: number;
  /** Rows of a batch, but for the last. */
  readonly batchRows?: number;
  /** Read in the calling thread: for small files and tests. */
  readonly inline?: boolean;
}

/**
 * A source over the binding's files: the columns asked for, in that order; nothing else is read.
 * Throws DATASET_MISSING, DATASET_CORRUPT or DATASET_INVALID, here or from `next`.
 */
export async function openSource(binding: Binding, columns: readonly SourceColumn[], options: SourceOptions = {}): Promise<Source> {
  const request: ReaderRequest = {
    table: options.table ?? basename(binding.path),
    binding,
    files: await filesOf(binding),
    columns,
    from: options.from ?? 0,
    batchRows: options.batchRows ?? 65_536,
  };
  if (options.inline !== true) return ThreadSource.open(request);
  // Loaded only here: in the usual case DuckDB is the reader thread's, and this thread starts sooner without it.
  const { openReader } = await import('./readers.js');
  return new InlineSource(request, await openReader(request));
}

class InlineSource implements Source {
  readonly #assembler: Assembler;

  constructor(private readonly request: ReaderRequest, private readonly reader: Reader) {
    this.#assembler = new Assembler(request.columns);
  }

  get rowsTotal(): number | null {
    return this.reader.rowsTotal;
  }

  get remarks(): readonly string[] {
    return this.reader.remarks;
  }

  async next(): Promise<SourceBatch | null> {
    const raw = await this.reader.next();
    return raw === null ? null : this.#assembler.assemble(raw);
  }

  fingerprint(): Promise<string> {
    return fingerprintOf(this.request.files);
  }

  close(): Promise<void> {
    return this.reader.close();
  }
}

type Delivery = Extract<FromThread, { kind: 'batch' | 'end' }>;

class ThreadSource implements Source {
  rowsTotal: number | null = null;
  remarks: readonly string[] = [];
  readonly #assembler: Assembler;
  readonly #worker: Worker;
  readonly #opened = new Pending<void>();
  readonly #exited = new Pending<void>();
  readonly #queue: Delivery[] = [];
  /** Who never gives a batch back leaves it to be collected. */
  readonly #lent = new WeakMap<SourceBatch, ArrayBuffer[]>();
  /** Buffers that go back with the next credit. */
  readonly #returned: ArrayBuffer[] = [];
  #waiting: Pending<void> | null = null;
  /** Batches taken from the queue. */
  #taken = 0;
  #failure: Error | null = null;
  #fingerprint: Pending<string> | null = null;
  #closed = false;

  private constructor(request: ReaderRequest) {
    this.#assembler = new Assembler(request.columns);
    this.#worker = new Worker(new URL('./reader-thread.js', import.meta.url), { workerData: request });
    this.#worker.on('message', (message: FromThread) => this.#receive(message));
    this.#worker.on('error', (error) => this.#fail(error));
    this.#worker.on('exit', () => {
      this.#exited.resolve();
      if (!this.#closed) this.#fail(new Error('the reader thread ended by itself'));
    });
  }

  static async open(request: ReaderRequest): Promise<Source> {
    const source = new ThreadSource(request);
    try {
      await source.#opened.promise;
    } catch (cause) {
      await source.close();
      throw cause;
    }
    return source;
  }

  async next(): Promise<SourceBatch | null> {
    while (this.#queue.length === 0) {
      if (this.#failure !== null) throw this.#failure;
      this.#waiting = new Pending();
      await this.#waiting.promise;
    }
    const delivery = this.#queue[0]!;
    this.remarks = delivery.remarks;
    if (delivery.kind === 'end') return null;
    this.#queue.shift();
    this.#taken += 1;
    if (this.#taken % creditBatches === 0) {
      const buffers = this.#returned.splice(0);
      this.#send({ kind: 'credit', buffers }, buffers);
    }
    const batch = this.#assembler.assemble(delivery.batch);
    if (delivery.batch.lent === true) this.#lent.set(batch, lentBuffers(delivery.batch));
    return batch;
  }

  giveBack(batch: SourceBatch): void {
    this.#returned.push(...(this.#lent.get(batch) ?? []));
    this.#lent.delete(batch);
  }

  fingerprint(): Promise<string> {
    if (this.#fingerprint === null) {
      this.#fingerprint = new Pending();
      if (this.#closed) this.#fingerprint.reject(new Error('the source is closed'));
      else this.#send({ kind: 'fingerprint' });
    }
    return this.#fingerprint.promise;
  }

  async close(): Promise<void> {
    if (!this.#closed) {
      this.#closed = true;
      this.#send({ kind: 'close' });
      this.#fingerprint?.reject(new Error('the source was closed before its files were hashed'));
    }
    await this.#exited.promise;
  }

  #send(message: ToThread, buffers: ArrayBuffer[] = []): void {
    this.#worker.postMessage(message, buffers);
  }

  #receive(message: FromThread): void {
    switch (message.kind) {
      case 'opened':
        this.rowsTotal = message.rowsTotal;
        this.remarks = message.remarks;
        this.#opened.resolve();
        break;
      case 'fingerprint':
        this.#fingerprint?.resolve(message.hash);
        break;
      case 'failed':
        if (message.of === 'fingerprint') this.#fingerprint?.reject(errorOf(message.failure));
        else this.#fail(errorOf(message.failure));
        break;
      default:
        this.#queue.push(message);
        this.#wake();
    }
  }

  /** Batches already queued are still delivered before the failure shows. */
  #fail(error: Error): void {
    this.#failure ??= error;
    this.#opened.reject(error);
    this.#fingerprint?.reject(error);
    this.#wake();
  }

  #wake(): void {
    this.#waiting?.resolve();
    this.#waiting = null;
  }
}

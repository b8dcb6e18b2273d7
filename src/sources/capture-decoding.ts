/** Recorded topics, decoded piece by piece in the thread that asks. */
import { CaptureDecoder } from './capture-decoder.js';
import type { CaptureBatch, DecodedTable } from './capture-batch.js';
import type { RecordBatch } from './capture-records.js';
import { linePieces, schemasBeside } from './capture-lines.js';
import { recordPieces, type Recording } from './recorded-rows.js';
import { RunningHash } from './running-hash.js';

export interface CaptureRequest {
  readonly recording: Recording;
  readonly tables: readonly DecodedTable[];
  /** Null: changes stand for themselves. */
  readonly transactionTopic: string | null;
  /** Of messages that clients write into the log; null or left out: none is read. */
  readonly messageTopic?: string | null;
  /** Lines that are no JSON object are bad records, too. */
  readonly tellsAll: boolean;
}

export class CaptureDecoding {
  #decoder: CaptureDecoder | null = null;
  readonly #pieces: AsyncGenerator<Buffer | RecordBatch>;
  readonly #hash: RunningHash;

  constructor(private readonly request: CaptureRequest) {
    const { recording } = request;
    this.#hash = new RunningHash(recording.files);
    this.#pieces = recording.format === 'jsonl' ? linePieces(recording.files, (bytes, file) => this.#hash.add(bytes, file)) : recordPieces(recording);
  }

  /** The records of the next piece of the files; null at their end. Throws DATASET_CORRUPT and DATASET_INVALID. */
  async next(): Promise<CaptureBatch | null> {
    const { tables, transactionTopic, messageTopic, tellsAll, recording: { files } } = this.request;
    this.#decoder ??= new CaptureDecoder(tables, transactionTopic, await schemasBeside(files), tellsAll, messageTopic);
    const piece = await this.#pieces.next();
    if (piece.done === true) return null;
    return Buffer.isBuffer(piece.value) ? this.#decoder.decode(piece.value) : this.#decoder.decodeRecords(piece.value);
  }

  /** Of the files' bytes; those that were not read until now are read for it. */
  fingerprint(): Promise<string> {
    return this.#hash.fingerprint();
  }

  async close(): Promise<void> {
    await this.#pieces.return(undefined);
  }
}

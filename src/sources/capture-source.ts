/** Recorded topics, decoded batch by batch. */
import { CaptureDecoder } from './capture-decoder.js';
import type { CaptureBatch, DecodedTable } from './capture-batch.js';
import { linePieces, schemasBeside } from './capture-lines.js';
import { fingerprintOf } from './files.js';

export interface CaptureRequest {
  readonly files: readonly string[];
  readonly tables: readonly DecodedTable[];
  /** Null: changes stand for themselves. */
  readonly transactionTopic: string | null;
  /** Lines that are no JSON object are bad records, too. */
  readonly tellsAll: boolean;
}

export class CaptureSource {
  #decoder: CaptureDecoder | null = null;
  readonly #pieces: AsyncGenerator<Buffer>;
  #hash: Promise<string> | null = null;

  constructor(private readonly request: CaptureRequest) {
    this.#pieces = linePieces(request.files);
  }

  /** The records of the next piece of the files; null at their end. Throws DATASET_CORRUPT and DATASET_INVALID. */
  async next(): Promise<CaptureBatch | null> {
    const { tables, transactionTopic, tellsAll, files } = this.request;
    this.#decoder ??= new CaptureDecoder(tables, transactionTopic, await schemasBeside(files), tellsAll);
    const piece = await this.#pieces.next();
    return piece.done === true ? null : this.#decoder.decode(piece.value);
  }

  fingerprint(): Promise<string> {
    return (this.#hash ??= fingerprintOf(this.request.files));
  }

  async close(): Promise<void> {
    await this.#pieces.return(undefined);
  }
}

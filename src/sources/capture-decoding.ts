/** Recorded topics, decoded piece by piece in the thread that asks. */
import { createHash, type Hash } from 'node:crypto';
import { CaptureDecoder } from './capture-decoder.js';
import type { CaptureBatch, DecodedTable } from './capture-batch.js';
import { linePieces, schemasBeside } from './capture-lines.js';
import { rowPieces, type Recording } from './recorded-rows.js';
import { fingerprintOf, fingerprintOfHashes } from './files.js';

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
  readonly #pieces: AsyncGenerator<Buffer>;
  /** Of each file, of the bytes read so far. */
  readonly #hashes: readonly Hash[];
  #hash: Promise<string> | null = null;
  /** How many of them were seen. */
  readonly #sizes: number[];
  #ended = false;

  constructor(private readonly request: CaptureRequest) {
    const { recording } = request;
    this.#hashes = recording.files.map(() => createHash('sha256'));
    this.#sizes = recording.files.map(() => 0);
    this.#pieces = recording.format !== 'jsonl' ? rowPieces(recording) : linePieces(recording.files, (bytes, file) => {
      this.#hashes[file]!.update(bytes);
      this.#sizes[file]! += bytes.length;
    });
  }

  /** The records of the next piece of the files; null at their end. Throws DATASET_CORRUPT and DATASET_INVALID. */
  async next(): Promise<CaptureBatch | null> {
    const { tables, transactionTopic, messageTopic, tellsAll, recording: { files } } = this.request;
    this.#decoder ??= new CaptureDecoder(tables, transactionTopic, await schemasBeside(files), tellsAll, messageTopic);
    const piece = await this.#pieces.next();
    if (piece.done !== true) return this.#decoder.decode(piece.value);
    this.#ended = true;
    return null;
  }

  /** Of what was read, where that is all; else the files are read for it. */
  fingerprint(): Promise<string> {
    const { files } = this.request.recording;
    const isSeen = this.#ended && !this.#sizes.includes(0);
    return (this.#hash ??= isSeen ? Promise.resolve(fingerprintOfHashes(files, this.#hashes.map((hash) => hash.digest('hex')))) : fingerprintOf(files));
  }

  async close(): Promise<void> {
    await this.#pieces.return(undefined);
  }
}

/** The digest of steps: each is the hash of the one before and of all that the step put out. docs/digest.md gives the format. */
import { BlockChain, type HashFunction } from './block-chain.js';
import { ByteWriter, bytesOfHex, hexOf } from './bytes.js';
import type { DeadLetter, LateRow, StepRecord } from './step.js';

/** What a chain of steps, and the rows of one output in a step, begin with. */
const NOTHING = new Uint8Array(32);

export class StepDigest {
  readonly #hash: HashFunction;
  /** By output, in table order: the rows of the current step. `OutputDigest.append` writes here. */
  readonly outputs: readonly BlockChain[];
  readonly #writer = new ByteWriter(1024);
  /** The digest that was given last: the next step begins with it. */
  #last: { readonly hex: string; readonly bytes: Uint8Array } | null = null;

  constructor(outputs: number, hash: HashFunction) {
    this.#hash = hash;
    this.outputs = Array.from({ length: outputs }, () => new BlockChain(NOTHING, hash));
  }

  /** Ends the step: its digest as lower-case hex. `previous` is the digest of the step before, null at the first. */
  close(
    previous: string | null, late: readonly LateRow[], deadLetters: readonly DeadLetter[], watermarks: StepRecord['watermarks'],
  ): string {
    const writer = this.#writer;
    writer.reset();
    writer.raw(previous === null ? NOTHING : previous === this.#last?.hex ? this.#last.bytes : bytesOfHex(previous));
    for (const output of this.outputs) {
      writer.u64BE(BigInt(output.rows));
      if (output.rows === 0) continue;
      writer.raw(output.digest());
      output.restart(NOTHING);
    }
    writer.u64BE(BigInt(late.length));
    for (const row of late) writeLate(writer, row);
    writer.u64BE(BigInt(deadLetters.length));
    for (const letter of deadLetters) writeDeadLetter(writer, letter);
    writer.u32BE(watermarks.length);
    for (const partitions of watermarks) {
      writer.u32BE(partitions.length);
      for (const watermark of partitions) writeWatermark(writer, watermark);
    }
    const bytes = this.#hash(writer.written());
    this.#last = { hex: hexOf(bytes), bytes };
    return this.#last.hex;
  }
}

function writeLate(writer: ByteWriter, row: LateRow): void {
  writer.stringBE(row.input);
  writer.u32BE(row.partition);
  writer.f64BE(row.position);
  writer.f64BE(row.eventTime);
  writer.f64BE(row.watermark);
  writer.u32BE(row.statement);
  writer.stringBE(row.operator);
  writeOptional(writer, row.windowStart);
  writeOptional(writer, row.windowEnd);
  writer.stringBE(row.reason);
  writer.stringBE(row.row);
}

function writeDeadLetter(writer: ByteWriter, letter: DeadLetter): void {
  writer.stringBE(letter.input);
  writer.u32BE(letter.partition);
  writer.f64BE(letter.position);
  writeOptional(writer, letter.eventTime);
  writer.u32BE(letter.statement);
  writer.stringBE(letter.operator);
  writer.stringBE(letter.expression);
  writer.stringBE(letter.error);
  writeOptional(writer, letter.key);
  writeOptional(writer, letter.value);
}

function writeOptional(writer: ByteWriter, value: number | string | null): void {
  writer.u8(value === null ? 0 : 1);
  if (typeof value === 'number') writer.f64BE(value);
  else if (value !== null) writer.stringBE(value);
}

function writeWatermark(writer: ByteWriter, watermark: number | 'end' | null): void {
  writer.u8(watermark === null ? 0 : watermark === 'end' ? 2 : 1);
  if (typeof watermark === 'number') writer.f64BE(watermark);
}

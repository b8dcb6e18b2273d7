/**
 * The journal of a run: one step record a line, as JSON, lanes interleaved as they were written.
 * Appended to and never changed; a line without its newline was torn by a crash and does not count.
 */
import { createReadStream } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { TapewrightError } from '../core/errors.js';
import type { Slice, StepRecord } from '../core/step.js';
import { writing } from './files.js';

/** Longest line that is read: a step of about a million slices. */
const lineBytesMax = 64 * 1024 * 1024;
const newline = 10;

export interface JournalEntry {
  readonly record: StepRecord;
  /** Bytes [start, end) of its line, newline included. */
  readonly start: number;
  readonly end: number;
}

/** A step record as one line, newline included. -Infinity is written as null, slices as arrays. */
export function journalLine(record: StepRecord): string {
  const { lane, seq, now, slices, order, end, resumed = false, caughtUp, transactions, digest, outputRows, watermarks } = record;
  return `${JSON.stringify({
    lane, seq, now: now === -Infinity ? null : now,
    slices: slices.map((slice) => [slice.input, slice.partition, slice.from, slice.to, slice.rows, slice.checksum]),
    ...(order.length > 0 ? { order } : {}), end, ...(resumed ? { resumed } : {}), ...(caughtUp === undefined ? {} : { caughtUp }),
    ...(transactions === undefined ? {} : { transactions }), digest, outputRows, watermarks,
  })}\n`;
}

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;
const isOptionalCounts = (value: unknown): value is readonly number[] | undefined => value === undefined || (Array.isArray(value) && value.every(isCount));
const isDigest = (value: unknown, digits: number): value is string =>
  typeof value === 'string' && value.length === digits && /^[0-9a-f]*$/.test(value);
const isWatermark = (value: unknown): boolean => value === null || value === 'end' || Number.isSafeInteger(value);

function sliceOf(value: unknown): Slice | null {
  if (!Array.isArray(value) || value.length !== 6) return null;
  const [input, partition, from, to, rows, checksum] = value as unknown[];
  if (!isCount(input) || !isCount(partition) || !isCount(from) || !isCount(to) || !isCount(rows)) return null;
  if (to < from || rows > to - from || !isDigest(checksum, 16)) return null;
  return { input, partition, from, to, rows, checksum };
}

/** The record in a line, or null when it is none. */
export function parseJournalLine(line: string): StepRecord | null {
  let value: Record<string, unknown> | null;
  try {
    value = JSON.parse(line) as Record<string, unknown> | null;
  } catch {
    return null;
  }
  if (typeof value !== 'object' || value === null) return null;
  const { lane, seq, now, slices, order = [], end, resumed = false, caughtUp, transactions, digest, outputRows, watermarks } = value;
  if (!isCount(lane) || !isCount(seq) || typeof end !== 'boolean' || typeof resumed !== 'boolean' || !isDigest(digest, 64)) return null;
  if (now !== null && !Number.isSafeInteger(now)) return null;
  if (!Array.isArray(slices) || !Array.isArray(outputRows) || !Array.isArray(watermarks)) return null;
  if (!outputRows.every(isCount) || !Array.isArray(order) || order.length % 2 !== 0 || !order.every(isCount)) return null;
  if (!isOptionalCounts(caughtUp) || !isOptionalCounts(transactions)) return null;
  if (!watermarks.every((input) => Array.isArray(input) && input.every(isWatermark))) return null;
  const parsed: Slice[] = [];
  for (const slice of slices) {
    const one = sliceOf(slice);
    if (one === null) return null;
    parsed.push(one);
  }
  return {
    lane, seq, now: now === null ? -Infinity : (now as number), slices: parsed, order: order as number[], end, ...(resumed ? { resumed } : {}),
    ...(caughtUp === undefined ? {} : { caughtUp }), ...(transactions === undefined ? {} : { transactions }), digest, outputRows: outputRows as number[], watermarks: watermarks as StepRecord['watermarks'],
  };
}

/**
 * The records in bytes [from, to) of a journal, `from` being the start of a line. A torn last line is left out.
 * @throws BUNDLE_INVALID naming the line (counted from `from`) that is no step record.
 */
export async function* readJournal(path: string, from = 0, to = Infinity): AsyncGenerator<JournalEntry> {
  if (from >= to) return;
  let pending: Buffer[] = [];
  let pendingBytes = 0;
  let start = from;
  let line = 0;
  try {
    for await (const read of createReadStream(path, { start: from, end: to - 1 })) {
      let chunk = read as Buffer;
      for (let at = chunk.indexOf(newline); at >= 0; at = chunk.indexOf(newline)) {
        pending.push(chunk.subarray(0, at));
        const text = (pending.length === 1 ? pending[0]! : Buffer.concat(pending)).toString('utf8');
        const end = start + pendingBytes + at + 1;
        line += 1;
        const record = parseJournalLine(text);
        if (record === null) throw brokenLine(path, line, start);
        yield { record, start, end };
        start = end;
        pending = [];
        pendingBytes = 0;
        chunk = chunk.subarray(at + 1);
      }
      pending.push(chunk);
      pendingBytes += chunk.length;
      if (pendingBytes > lineBytesMax) throw brokenLine(path, line + 1, start);
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    throw new TapewrightError('BUNDLE_INVALID', `${path} is missing: the bundle has no journal; copy the whole directory`, { path }, { cause: error });
  }
}

function brokenLine(path: string, line: number, position: number): TapewrightError {
  return new TapewrightError(
    'BUNDLE_INVALID',
    `${path}, line ${line} (byte ${position}) is no step record: the file was changed or damaged; use an intact copy of the bundle`,
    { path, line, position },
  );
}

export class JournalWriter {
  private constructor(
    private readonly path: string,
    private readonly handle: FileHandle,
    /** Bytes written: where the next record starts. */
    public position: number,
  ) {}

  /** Opens the journal for appending at byte `position`, and drops what is beyond it. */
  static open(path: string, position = 0): Promise<JournalWriter> {
    return writing(path, async () => {
      const handle = await open(path, position === 0 ? 'w' : 'r+');
      const { size } = await handle.stat();
      if (size < position) {
        await handle.close();
        throw new TapewrightError(
          'BUNDLE_INVALID', `${path} holds ${size} bytes but its checkpoint needs ${position}: the file was cut; use an intact copy of the bundle`,
          { path, size, position },
        );
      }
      await handle.truncate(position);
      return new JournalWriter(path, handle, position);
    });
  }

  /** Adds records; they are durable after the next `sync`. One call at a time. */
  append(records: readonly StepRecord[]): Promise<void> {
    return writing(this.path, async () => {
      const bytes = Buffer.from(records.map(journalLine).join(''));
      let written = 0;
      while (written < bytes.length) {
        written += (await this.handle.write(bytes, written, bytes.length - written, this.position + written)).bytesWritten;
      }
      this.position += bytes.length;
    });
  }

  sync(): Promise<void> {
    return writing(this.path, () => this.handle.datasync());
  }

  close(): Promise<void> {
    return this.handle.close();
  }
}

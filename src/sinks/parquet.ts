/** Outputs as Parquet: segments that are durable once closed, joined into one file at the end of a run. */
import { copyFile, link, mkdir, readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { Batch } from '../core/batch.js';
import { TapewrightError } from '../core/errors.js';
import type { Schema } from '../core/types.js';
import { makeDirectory, syncDirectory, writing } from '../stores/files.js';
import { BlockBuilder, blockRows, blockUnits, type Block } from './block.js';
import { duckType } from './duck-type.js';
import { writer } from './writer.js';

/** Consecutive rows of one output and lane, durable: files of `outputs/.segments`, in order. */
export interface Segment {
  /** Names within `.segments`. */
  readonly files: readonly string[];
  readonly rows: number;
}

export interface ParquetOptions {
  readonly lane?: number;
  /** What an earlier process left that counts, in order; files beyond it are deleted. */
  readonly segments?: readonly Segment[];
}

/**
 * Rows of the first file at the most: what waits in memory for the disk. Many an output is one file, and done with it;
 * where there are more they must be joined anyway, and each is a block.
 */
const fileRows = 3 * blockRows;
const segmentsFolder = '.segments';

/** One output of one lane. Rows are buffered by `append` and durable after `closeSegment`. */
export class ParquetOutput {
  readonly #segments: Segment[];
  #rows: number;
  #building: BlockBuilder;
  #blocks: Block[] = [];
  #blockedRows = 0;
  #blockedUnits = 0;
  /** Files of the open segment, and the writing of them. */
  #files: string[] = [];
  #writing: Promise<void>[] = [];
  #unfinished = 0;
  #nextNumber: number;
  #segmentStart: number;

  private constructor(private readonly directory: string, private readonly table: string, private readonly schema: Schema, private readonly lane: number, segments: readonly Segment[]) {
    this.#segments = [...segments];
    this.#rows = this.#segmentStart = segments.reduce((sum, segment) => sum + segment.rows, 0);
    this.#nextNumber = 1 + Math.max(-1, ...segments.flatMap((segment) => segment.files.map((file) => numberOf(file, table, lane) ?? -1)));
    this.#building = new BlockBuilder(schema, writer.memory);
  }

  /**
   * Opens the output TABLE of `directory` (a bundle's `outputs`). Throws OUTPUT_UNWRITABLE, SQL_UNSUPPORTED for a type
   * that Parquet cannot hold, or BUNDLE_INVALID when a segment to keep is not there.
   */
  static async open(directory: string, table: string, schema: Schema, options: ParquetOptions = {}): Promise<ParquetOutput> {
    schema.forEach(duckType);
    const folder = join(directory, segmentsFolder);
    await makeDirectory(folder);
    const { lane = 0, segments = [] } = options;
    const kept = new Set(segments.flatMap((segment) => segment.files));
    const found = await readdir(folder);
    const lost = [...kept].find((file) => !found.includes(file));
    if (lost !== undefined) throw new TapewrightError('BUNDLE_INVALID', `${join(folder, lost)} is missing, but the run's checkpoint counts on it; start a new run`, { path: join(folder, lost) });
    for (const file of found) {
      if (numberOf(file.replace(/\.part$/, ''), table, lane) !== null && !kept.has(file)) await writing(join(folder, file), () => rm(join(folder, file), { force: true }));
    }
    return new ParquetOutput(directory, table, schema, lane, segments);
  }

  /** Rows appended so far, with those of the kept segments. */
  get rows(): number {
    return this.#rows;
  }

  get segments(): readonly Segment[] {
    return this.#segments;
  }

  /** Too much waits for the disk: `drain` before more is appended, so that memory stays bounded. */
  get full(): boolean {
    return this.#unfinished > 1;
  }

  /** Rows from..to of `batch`, copied. */
  append(batch: Batch, from = 0, to = batch.length): void {
    if (from === to) return;
    writer.prepare();
    this.#rows += to - from;
    for (let row = from; row < to;) {
      row = this.#building.append(batch, row, to);
      if (this.#building.room === 0) this.#finishBlock();
    }
  }

  /** Waits until what was handed to the writer is written. Throws OUTPUT_UNWRITABLE, SQL_UNSUPPORTED for times that a file cannot hold. */
  async drain(): Promise<void> {
    await Promise.all(this.#writing);
  }

  /** Makes all appended rows durable; null when there are none since the last segment. Throws as `drain`. */
  async closeSegment(): Promise<Segment | null> {
    this.#finishBlock();
    this.#writeFile();
    if (this.#files.length === 0) return null;
    await this.drain();
    await syncDirectory(join(this.directory, segmentsFolder));
    const segment = { files: this.#files, rows: this.#rows - this.#segmentStart };
    this.#files = [];
    this.#writing = [];
    this.#segmentStart = this.#rows;
    this.#segments.push(segment);
    return segment;
  }

  #finishBlock(): void {
    if (this.#building.length === 0) return;
    this.#blockedRows += this.#building.length;
    this.#blockedUnits += this.#building.units;
    this.#blocks.push(this.#building.take());
    // Rows of long texts do not wait for more of them.
    if (this.#blockedRows >= (this.#nextNumber === 0 ? fileRows : blockRows) || this.#blockedUnits > blockUnits) this.#writeFile();
  }

  #writeFile(): void {
    if (this.#blocks.length === 0) return;
    const file = `${this.table}-${this.lane}-${String(this.#nextNumber++).padStart(6, '0')}.parquet`;
    const written = writer.write(join(this.directory, segmentsFolder, file), this.schema, this.#blocks, []);
    this.#files.push(file);
    this.#blocks = [];
    this.#blockedRows = this.#blockedUnits = 0;
    this.#unfinished += 1;
    const counted = written.finally(() => { this.#unfinished -= 1; });
    // Met by `drain` or `closeSegment`; until then it must not count as unhandled.
    counted.catch(() => undefined);
    this.#writing.push(counted);
  }
}

/** The number in a segment file's name; null when it belongs to another table or lane. */
function numberOf(file: string, table: string, lane: number): number | null {
  const prefix = `${table}-${lane}-`;
  if (!file.startsWith(prefix)) return null;
  const match = /^(\d+)\.parquet$/.exec(file.slice(prefix.length));
  return match === null ? null : Number(match[1]);
}

/**
 * Makes `target` (by default the table's own file in `directory`) from segments of `directory` in the order given: all rows, in order, and
 * the schema even when there are none. Written aside and renamed. Throws OUTPUT_UNWRITABLE.
 */
export async function joinSegments(
  directory: string, table: string, schema: Schema, segments: readonly Segment[], target = join(directory, `${table}.parquet`),
): Promise<void> {
  const files = segments.flatMap((segment) => segment.files).map((file) => join(directory, segmentsFolder, file));
  await writing(target, async () => {
    await mkdir(dirname(target), { recursive: true });
    if (files.length === 1) await adopt(files[0]!, target);
    else await writer.write(target, schema, [], files);
    await syncDirectory(dirname(target));
  });
}

/** A single segment is the output: a second name for it costs nothing. */
async function adopt(file: string, target: string): Promise<void> {
  const aside = join(dirname(target), `${basename(target)}.part`);
  await rm(aside, { force: true });
  await link(file, aside).catch(() => copyFile(file, aside));
  await rename(aside, target);
  // Where a run that was killed had joined the same segment already, both are names of one file: then nothing is renamed.
  await rm(aside, { force: true });
}

/** Deletes the folder of segments: once every output has been joined. */
export async function removeSegments(directory: string): Promise<void> {
  const folder = join(directory, segmentsFolder);
  await writing(folder, () => rm(folder, { recursive: true, force: true }));
}

/** Segment files by table, in the order of lanes and numbers: what a run that has not ended has made durable. */
export async function segmentTables(directory: string): Promise<Map<string, string[]>> {
  const folder = join(directory, segmentsFolder);
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  const found = entries.filter((entry) => entry.isFile()).flatMap(({ name }) => {
    const match = /^(.+)-(\d+)-(\d+)\.parquet$/.exec(name);
    return match === null ? [] : [{ name, table: match[1]!, lane: Number(match[2]), number: Number(match[3]) }];
  });
  found.sort((a, b) => a.lane - b.lane || a.number - b.number);
  const tables = new Map<string, string[]>();
  for (const { name, table } of found) tables.set(table, [...(tables.get(table) ?? []), join(folder, name)]);
  return tables;
}

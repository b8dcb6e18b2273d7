/** Which partition a published row goes to. */
import { cell, type Batch } from '../core/batch.js';
import { TapewrightError } from '../core/errors.js';
import { nearest } from '../core/nearest.js';
import { partitionOf } from '../core/murmur2.js';
import type { Schema } from '../core/types.js';
import { parseDuration } from '../scenario/duration.js';

/** `symbol` (any column), `hash:a,b`, or `time:1m`. */
export interface PartitionBy {
  readonly columns: readonly string[];
  /** Milliseconds of event time that share a partition; null: by `columns`. */
  readonly span: number | null;
}

export function parsePartitionBy(text: string): PartitionBy {
  if (text.startsWith('time:')) {
    const span = parseDuration(text.slice('time:'.length));
    if (span === null || span <= 0) throw new TapewrightError('USAGE', `--partition-by ${text}: write time:1m, time:30s or the like`, { given: text });
    return { columns: [], span };
  }
  const columns = (text.startsWith('hash:') ? text.slice('hash:'.length) : text).split(',').map((part) => part.trim());
  if (columns.some((name) => name === '')) throw new TapewrightError('USAGE', `--partition-by ${text}: write a column, hash:a,b or time:1m`, { given: text });
  return { columns, span: null };
}

/** `AAPL=4,TSLA=2`: keys whose rows take turns on so many partitions. */
export function parseSubPartitions(texts: readonly string[]): ReadonlyMap<string, number> {
  return new Map(texts.flatMap((text) => text.split(',')).map((text) => {
    const found = /^(.+)=([1-9]\d{0,4})$/.exec(text.trim());
    if (found === null) throw new TapewrightError('USAGE', `--sub-partition ${text}: write SYMBOL=NUMBER, e.g. AAPL=4`, { given: text });
    return [found[1]!, Number(found[2])];
  }));
}

/** As Kafka's default partitioner hashes the key; rows of a key that is split take turns on the partitions after its own. */
export class PartitionChooser {
  readonly #columns: readonly number[];
  readonly #turns = new Map<string, number>();
  readonly #known = new Map<string, number>();

  constructor(
    private readonly by: PartitionBy, schema: Schema, private readonly time: number, private readonly partitions: number,
    private readonly split: ReadonlyMap<string, number>,
  ) {
    this.#columns = by.columns.map((name) => {
      const index = schema.findIndex((field) => field.name === name);
      if (index >= 0) return index;
      const names = schema.map((field) => field.name);
      const meant = nearest(name, names);
      throw new TapewrightError('USAGE', `--partition-by: there is no column '${name}'; ${meant === null ? `columns are ${names.join(', ')}` : `did you mean '${meant}'?`}`, { column: name });
    });
    for (const [key, ways] of split) {
      if (ways > partitions) throw new TapewrightError('USAGE', `--sub-partition ${key}=${ways}: the topic has ${partitions} partitions`, { key, partitions });
    }
  }

  partition({ columns }: Batch, row: number): number {
    if (this.by.span !== null) {
      const at = Math.floor(Number(cell(columns[this.time]!, row)) / this.by.span) % this.partitions;
      return at < 0 ? at + this.partitions : at;
    }
    const key = this.#columns.map((column) => String(cell(columns[column]!, row) ?? '')).join('\0');
    let first = this.#known.get(key);
    if (first === undefined) {
      first = partitionOf(Buffer.from(key, 'utf8'), this.partitions);
      // Keys of many values must not fill the memory.
      if (this.#known.size < 65_536) this.#known.set(key, first);
    }
    const ways = this.split.get(key);
    if (ways === undefined) return first;
    const turn = this.#turns.get(key) ?? 0;
    this.#turns.set(key, (turn + 1) % ways);
    return (first + turn) % this.partitions;
  }
}

/** Rows of generated batches as objects, in the order of their arrival or of what happened. */
import { createHash } from 'node:crypto';
import { cell, type Batch } from '../../../src/core/batch.js';

export interface Tick {
  readonly symbol: string;
  readonly price: number;
  readonly volume: number;
  readonly bid: number;
  readonly ask: number;
  readonly time: number;
  readonly exchange: string;
  readonly eventType: string;
  /** Undefined in a market of quotes. */
  readonly trader: string;
}

export function* ticksOf(batches: Iterable<Batch>): Generator<Tick> {
  for (const { columns, length } of batches) {
    for (let row = 0; row < length; row += 1) {
      const [symbol, price, volume, bid, ask, time, exchange, eventType, trader] = columns.map((column) => cell(column, row));
      yield { symbol, price, volume, bid, ask, time, exchange, eventType, trader } as Tick;
    }
  }
}

/** Over the values of all rows, column by column, so that cuts into batches do not matter. */
export function digestOf(batches: Iterable<Batch>): string {
  const hashes: ReturnType<typeof createHash>[] = [];
  for (const { columns, length } of batches) {
    columns.forEach(({ values }, index) => {
      const numbers = Float64Array.from(values as Float64Array).subarray(0, length);
      (hashes[index] ??= createHash('sha256')).update(new Uint8Array(numbers.buffer));
    });
  }
  return createHash('sha256').update(hashes.map((hash) => hash.digest('hex')).join()).digest('hex');
}

export function between(value: number, least: number, most: number, what = 'it'): void {
  if (!(value >= least && value <= most)) throw new Error(`${what} is ${value}, not in ${least}..${most}`);
}

/** Mean spreads of quotes by symbol and bar, from data that have bid and ask where no output has a spread. */
import type { Column } from '../core/batch.js';
import type { Field } from '../core/types.js';
import { rawSchema } from '../engine/physical.js';
import type { SourceTable } from '../plan/plan.js';
import type { BoundReader, BoundRows } from './bound-data.js';
import type { MarketLine, Spreads } from './market.js';
import { isNumeric } from './roles.js';

interface Sum {
  sum: number;
  count: number;
}

export class SpreadReader implements BoundReader, Spreads {
  readonly columns: readonly number[];
  readonly line: MarketLine;
  /** By symbol, by bar. */
  readonly #sums = new Map<string, Map<number, Sum>>();

  private constructor(readonly table: SourceTable, private readonly symbol: number, private readonly bid: Scaled, private readonly ask: Scaled, private readonly every: number) {
    this.columns = [symbol, bid.column, ask.column];
    this.line = { label: `mean ${ask.name} − ${bid.name}`, table: null, column: 'spread' };
  }

  /** Null: the table has no bid and ask. `symbol`: a raw column. `every`: milliseconds of the finest bar. */
  static of(table: SourceTable, symbol: number, every: number): SpreadReader | null {
    const raw = rawSchema(table);
    const side = (pattern: RegExp): Scaled | null => {
      const column = raw.findIndex(({ name, type }) => pattern.test(name) && isNumeric(type.kind));
      return column < 0 ? null : { column, name: raw[column]!.name, scale: scaleOf(raw[column]!) };
    };
    const [bid, ask] = [side(/^(best_)?bid(_price)?$/i), side(/^(best_)?(ask|offer)(_price)?$/i)];
    return bid === null || ask === null ? null : new SpreadReader(table, symbol, bid, ask, every);
  }

  take({ length, time, column }: BoundRows): void {
    const symbols = column(this.symbol);
    const own = byText(symbols, (symbol) => this.#of(symbol));
    const [bids, asks] = [column(this.bid.column), column(this.ask.column)];
    for (let row = 0; row < length; row += 1) {
      const bid = numberAt(bids, row) / this.bid.scale;
      const ask = numberAt(asks, row) / this.ask.scale;
      // Crossed quotes, and prices that stand for none, would make a mean of nonsense.
      if (!(ask >= bid) || bid === 0 || Number.isNaN(time[row]!)) continue;
      const sums = own(row);
      if (sums === null) continue;
      const bar = Math.floor(time[row]! / this.every);
      const found = sums.get(bar);
      if (found === undefined) sums.set(bar, { sum: ask - bid, count: 1 });
      else {
        found.sum += ask - bid;
        found.count += 1;
      }
    }
  }

  of(symbol: string, bar: number, every: number): number | null {
    const own = this.#sums.get(symbol);
    const width = Math.round(every / this.every);
    let [sum, count] = [0, 0];
    for (let part = bar * width; part < (bar + 1) * width; part += 1) {
      const found = own?.get(part);
      sum += found?.sum ?? 0;
      count += found?.count ?? 0;
    }
    return count === 0 ? null : sum / count;
  }

  #of(symbol: string): Map<number, Sum> {
    const known = this.#sums.get(symbol) ?? new Map<number, Sum>();
    this.#sums.set(symbol, known);
    return known;
  }
}

/** A price column; DECIMAL is held as its value times `scale`. */
interface Scaled {
  readonly column: number;
  readonly name: string;
  readonly scale: number;
}

export const scaleOf = ({ type }: Field): number => (type.kind === 'DECIMAL' ? Number(`1e${type.scale ?? 0}`) : 1);

export function numberAt(column: Column, row: number): number {
  if (column.storage === 'text' || (column.nulls !== null && column.nulls[row] !== 0)) return NaN;
  return Number(column.values[row]);
}

/** What `find` makes of the text of each row, asked once for each text; null for NULL. */
export function byText<T>(column: Column, find: (text: string) => T): (row: number) => T | null {
  if (column.storage !== 'text') return () => null;
  const { dictionary } = column;
  if (dictionary === null) {
    const { values } = column;
    return (row) => (values[row] === null ? null : find(values[row]!));
  }
  const { values } = column;
  const known: (T | null | undefined)[] = [null];
  return (row) => {
    const code = values[row]!;
    const found = known[code];
    return found !== undefined ? found : (known[code] = find(dictionary.strings[code]!));
  };
}

/** Bars of the bound data's own prices, for pipelines whose outputs have none: so that their alerts stand in a market, too. */
import type { Field } from '../core/types.js';
import { rawSchema } from '../engine/physical.js';
import type { SourceTable } from '../plan/plan.js';
import type { BoundReader, BoundRows } from './bound-data.js';
import { barsMax, coarseness, lengths, symbolsMax, withinBudget, type EventfulSymbol, type MarketData, type Spreads } from './market.js';
import { packed } from './packed.js';
import { isInstrumentName, isNumeric } from './roles.js';
import { byText, numberAt, scaleOf } from './spreads.js';

interface PriceBar {
  open: number;
  high: number;
  low: number;
  close: number;
  volume: number;
  /** Event times of the open and of the close. */
  first: number;
  last: number;
}

/** By symbol, by bar. */
type Bars = Map<string, Map<number, PriceBar>>;

interface Columns {
  readonly symbol: number;
  readonly price: number;
  readonly volume: number | null;
  /** Where it says what a row is: prices are those of trades, if there are any. */
  readonly kind: number | null;
}

export class PriceReader implements BoundReader {
  readonly columns: readonly number[];
  readonly #trades: Bars = new Map();
  readonly #others: Bars = new Map();

  private constructor(readonly table: SourceTable, private readonly at: Columns, private readonly name: string, readonly every: number) {
    this.columns = [at.symbol, at.price, ...[at.volume, at.kind].filter((column) => column !== null)];
  }

  /** Null: the table has no price, or not by what the outputs tell apart. `symbol`: a raw column, and `name` as the outputs call it. `span`: of event time, in ms. */
  static of(table: SourceTable, symbol: number, name: string, span: number): PriceReader | null {
    const raw = rawSchema(table);
    const find = (pattern: RegExp, accepts: (field: Field) => boolean): number | null => {
      const column = raw.findIndex((field) => pattern.test(field.name) && accepts(field));
      return column < 0 ? null : column;
    };
    const number = ({ type }: Field): boolean => isNumeric(type.kind);
    const price = find(/^((last|trade)_?)?price$|^(last|close|mid)$/i, number);
    if (price === null || table.watermark === null || !(isInstrumentName(name) || isInstrumentName(raw[symbol]!.name))) return null;
    const every = lengths.find((length) => length >= Math.max(60_000, span / barsMax.symbol)) ?? lengths[lengths.length - 1]!;
    return new PriceReader(table, { symbol, price, volume: find(/^(volume|size|quantity|qty)$/i, number), kind: find(/^(event_)?type$/i, ({ type }) => type.kind === 'STRING') }, name, every);
  }

  get symbol(): number {
    return this.at.symbol;
  }

  take({ length, time, column }: BoundRows): void {
    const raw = rawSchema(this.table);
    const [prices, volumes] = [column(this.at.price), this.at.volume === null ? null : column(this.at.volume)];
    const [priceScale, volumeScale] = [scaleOf(raw[this.at.price]!), this.at.volume === null ? 1 : scaleOf(raw[this.at.volume]!)];
    const isTrade = this.at.kind === null ? null : byText(column(this.at.kind), (kind) => kind === 'TRADE');
    const symbols = column(this.at.symbol);
    const [trades, others] = [this.#trades, this.#others].map((bars) => byText(symbols, (symbol) => barsOf(bars, symbol)));
    for (let row = 0; row < length; row += 1) {
      const price = numberAt(prices, row) / priceScale;
      if (!Number.isFinite(price) || Number.isNaN(time[row]!)) continue;
      const bars = (isTrade === null || isTrade(row) === true ? trades! : others!)(row);
      if (bars !== null) add(bars, Math.floor(time[row]! / this.every), time[row]!, price, volumes === null ? 0 : numberAt(volumes, row) / volumeScale || 0);
    }
  }

  /** Null: no row had a price. */
  market(known: number, symbols: readonly EventfulSymbol[], spreads: Spreads | null): MarketData | null {
    const all = this.#trades.size > 0 ? this.#trades : this.#others;
    const drawn = withinBudget(symbols.map((symbol, index) => {
      const every = index < symbolsMax.fine ? this.every : this.every * coarseness;
      return { ...symbol, every, bars: [...joined(all.get(symbol.name) ?? new Map<number, PriceBar>(), every / this.every)].sort(([a], [b]) => a - b) };
    }));
    if (drawn.every(({ bars }) => bars.length === 0)) return null;
    const raw = rawSchema(this.table);
    const lineOf = (column: number) => ({ label: raw[column]!.name, table: null, column: raw[column]!.name });
    return {
      symbol: this.name, known, price: { ...lineOf(this.at.price), candles: true, isPrice: true }, volume: this.at.volume === null ? null : lineOf(this.at.volume),
      spread: spreads?.line ?? null, lines: [], band: null,
      symbols: drawn.map(({ name, alerts, every, bars }) => ({
        name, alerts, every, times: packed(bars.map(([bar]) => bar)),
        price: (['open', 'high', 'low', 'close'] as const).map((part) => packed(bars.map(([, bar]) => bar[part]))),
        volume: this.at.volume === null ? null : packed(bars.map(([, { volume }]) => volume)),
        spread: spreads === null ? null : packed(bars.map(([bar]) => spreads.of(name, bar, every))), lines: [], deviation: null,
      })),
    };
  }
}

function barsOf(bars: Bars, symbol: string): Map<number, PriceBar> {
  const own = bars.get(symbol) ?? new Map<number, PriceBar>();
  bars.set(symbol, own);
  return own;
}

/** Rows of one instant count in the order of their arrival. */
function add(bars: Map<number, PriceBar>, at: number, time: number, price: number, volume: number): void {
  const bar = bars.get(at);
  if (bar === undefined) {
    bars.set(at, { open: price, high: price, low: price, close: price, volume, first: time, last: time });
    return;
  }
  if (time < bar.first) [bar.open, bar.first] = [price, time];
  if (time >= bar.last) [bar.close, bar.last] = [price, time];
  bar.high = Math.max(bar.high, price);
  bar.low = Math.min(bar.low, price);
  bar.volume += volume;
}

/** Bars `width` times as long. */
function joined(bars: ReadonlyMap<number, PriceBar>, width: number): Map<number, PriceBar> {
  const found = new Map<number, PriceBar>();
  for (const [at, bar] of [...bars].sort(([a], [b]) => a - b)) {
    const whole = found.get(Math.floor(at / width));
    if (whole === undefined) found.set(Math.floor(at / width), { ...bar });
    else Object.assign(whole, { close: bar.close, last: bar.last, high: Math.max(whole.high, bar.high), low: Math.min(whole.low, bar.low), volume: whole.volume + bar.volume });
  }
  return found;
}

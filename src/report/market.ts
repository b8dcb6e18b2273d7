/**
 * The market as the outputs have it: for each symbol bars of price, with what else is known of the same span beside
 * them. One-minute bars (or whatever the finest are) of the most eventful symbols, coarser ones of the rest.
 */
import { quoteName } from '../sources/quote.js';
import { isAlerts, rowsText, type Charted } from './chart-series.js';
import { packed, type Packed } from './packed.js';
import { isPriceName, marketColumns, type MarketColumns } from './roles.js';
import type { Query } from './summary.js';

/** Where a line comes from. */
export interface MarketLine {
  readonly label: string;
  /** The output; null: the bound data. */
  readonly table: string | null;
  readonly column: string;
  /** Several values become one by their mean weighted with this column of the same output, else the last one stands. */
  readonly weight?: string;
}

export interface MarketSymbol {
  readonly name: string;
  /** Rows of all lists of alerts. */
  readonly alerts: number;
  /** Milliseconds that a bar stands for. */
  readonly every: number;
  /** Beginning of each bar, in multiples of `every` since 1970. */
  readonly times: Packed;
  /** Open, high, low and close, or one line. */
  readonly price: readonly Packed[];
  readonly volume: Packed | null;
  readonly spread: Packed | null;
  /** As `lines` of the market. */
  readonly lines: readonly Packed[];
  /** Standard deviation beside the line `band` of the market. */
  readonly deviation: Packed | null;
}

export interface MarketData {
  /** The column that names symbols; null: all rows are one. */
  readonly symbol: string | null;
  /** Symbols that the outputs have; the first of them, in order of their alerts, are in `symbols`. */
  readonly known: number;
  /** `isPrice`: a change of it means something. */
  readonly price: MarketLine & { readonly candles: boolean; readonly isPrice: boolean };
  readonly volume: MarketLine | null;
  readonly spread: MarketLine | null;
  readonly lines: readonly MarketLine[];
  /** Index of the line that the deviation belongs to. */
  readonly band: number | null;
  readonly symbols: readonly MarketSymbol[];
}

/** Mean spreads of the bound data, where it has bid and ask. */
export interface Spreads {
  readonly line: MarketLine;
  /** Null where no quote was seen in the bar. */
  of(symbol: string, bar: number, every: number): number | null;
}

export const symbolsMax = { fine: 50, all: 2_000 } as const;
/** Bars of a symbol, and of all of them. */
export const barsMax = { symbol: 1_500, all: 150_000 } as const;
/** How many fine bars make a coarse one. */
export const coarseness = 5;
/** Lengths of bars that people can read, in ms. */
export const lengths = [1, 10, 100, 1_000, 5_000, 10_000, 15_000, 30_000, 60_000, 300_000, 900_000, 1_800_000, 3_600_000, 14_400_000, 86_400_000];

export interface MarketBars {
  readonly symbol: string | null;
  readonly known: number;
  /** Length of a fine and of a coarse bar, in ms. */
  readonly every: readonly [number, number];
  readonly plan: MarketPlan;
  readonly symbols: readonly { readonly name: string; readonly alerts: number; readonly every: number; readonly bars: readonly Bar[] }[];
}

interface Bar {
  readonly time: number;
  /** As `columns` of the plan. */
  readonly values: (number | null)[];
}

/** What is asked of which output, once for all symbols. */
interface MarketPlan {
  readonly base: Charted;
  readonly candles: boolean;
  readonly price: MarketLine;
  readonly volume: MarketLine | null;
  readonly spread: MarketLine | null;
  readonly lines: readonly MarketLine[];
  readonly band: number | null;
  readonly deviation: MarketLine | null;
}

export interface EventfulSymbol {
  readonly name: string;
  readonly alerts: number;
}

/** Null: no output has a time and a number to draw over it. `symbols`: the most eventful first, by symbol column. */
export async function marketBars(query: Query, outputs: readonly Charted[], symbolsOf: (column: string) => Promise<{ readonly known: number; readonly symbols: readonly EventfulSymbol[] }>): Promise<MarketBars | null> {
  const plan = planOf(outputs);
  if (plan === null) return null;
  const { base } = plan;
  const column = base.roles.symbol;
  const { known, symbols } = column === null ? { known: 1, symbols: [{ name: '', alerts: 0 }] } : await symbolsOf(column);
  const every = await lengthsOf(query, base, symbols.length);
  const fine = symbols.slice(0, symbolsMax.fine);
  const coarse = symbols.slice(symbolsMax.fine);
  const bars = new Map([...(await barsOf(query, plan, outputs, fine, every[0])), ...(await barsOf(query, plan, outputs, coarse, every[1]))]);
  const drawn = symbols.flatMap(({ name, alerts }, index) => {
    const found = bars.get(name) ?? [];
    return found.length === 0 && alerts === 0 ? [] : [{ name, alerts, every: index < symbolsMax.fine ? every[0] : every[1], bars: found }];
  });
  return drawn.every((one) => one.bars.length === 0) ? null : { symbol: column, known, every, plan, symbols: withinBudget(drawn) };
}

/** Whether what the outputs have to draw are prices. */
export const isPriced = ({ candles, price }: Pick<MarketPlan, 'candles' | 'price'>): boolean => candles || isPriceName(price.column);

export function withinBudget<T extends { readonly bars: readonly unknown[] }>(symbols: readonly T[]): T[] {
  let bars = 0;
  const end = symbols.findIndex((symbol) => (bars += symbol.bars.length) > barsMax.all);
  return symbols.slice(0, end <= 0 ? symbols.length : end);
}

/** Candles first, then whatever has most rows; lines of other outputs that name symbols by the same column. */
function planOf(outputs: readonly Charted[]): MarketPlan | null {
  const drawn = outputs.filter(({ roles, rows }) => roles.time !== null && roles.numbers.length > 0 && rows > 0);
  const series = drawn.filter((output) => !isAlerts(output));
  // Where there are alerts alone, the prices that they tell.
  const drawable = series.length > 0 ? series : drawn;
  const [base] = [...drawable].sort((a, b) => Number(b.roles.candles.length > 0) - Number(a.roles.candles.length > 0) || b.rows - a.rows);
  if (base === undefined) return null;
  const beside = [base, ...drawable.filter((one) => one !== base && one.roles.symbol === base.roles.symbol)];
  const columns = beside.map((output) => ({ table: output.table, ...marketColumns(output.roles) }));
  const candle = base.roles.candles[0];
  const line = (table: string, column: string): MarketLine => ({ label: column, table, column });
  const first = (pick: (found: MarketColumns) => string | null): MarketLine | null => {
    for (const found of columns) {
      const column = pick(found);
      if (column !== null) return line(found.table, column);
    }
    return null;
  };
  const price = candle !== undefined ? { label: candle.name || 'price', table: base.table, column: candle.close } : line(base.table, columns[0]!.price);
  const mean = columns.find((found) => found.deviation !== null && found.mean !== null) ?? columns.find((found) => found.mean !== null);
  const means = mean === undefined ? null : line(mean.table, mean.mean!);
  const vwap = first((found) => found.vwap);
  const weight = columns.find(({ table }) => table === vwap?.table)?.volume ?? null;
  const weighted = vwap === null || weight === null ? vwap : { ...vwap, weight };
  const lines = [weighted, means].filter((one): one is MarketLine => one !== null && !(one.table === price.table && one.column === price.column));
  const band = mean !== undefined && mean.deviation !== null ? lines.findIndex((one) => one.table === mean.table && one.column === mean.mean) : -1;
  return {
    base, candles: candle !== undefined, price, volume: first((found) => found.volume), spread: first((found) => found.spread), lines,
    band: band < 0 ? null : band, deviation: band < 0 ? null : line(mean!.table, mean!.deviation!),
  };
}

/** The output's own step where it has one, else as long as keeps a symbol's day on a screen. */
async function lengthsOf(query: Query, base: Charted, symbols: number): Promise<readonly [number, number]> {
  const rows = rowsText(base.table, base.roles, null);
  const steps = `SELECT s, t, t - lag(t) OVER (PARTITION BY s ORDER BY t) AS step FROM (SELECT DISTINCT s, t FROM ${rows})`;
  const [least, span] = (await query(`SELECT min(step) FILTER (step > 0), max(t) - min(t) FROM (${steps})`)).rows[0]!.map(Number);
  const own = base.roles.candles.length > 0 ? (least ?? 0) : 0;
  const fit = (bars: number): number => span! / bars;
  const fine = lengths.find((length) => length >= Math.max(own, fit(barsMax.symbol))) ?? lengths[lengths.length - 1]!;
  const exact = own > 0 && own >= fit(barsMax.symbol) ? own : fine;
  const rest = Math.max(1, symbols - symbolsMax.fine);
  const wanted = Math.max(exact * coarseness, fit(barsMax.all / 2 / rest));
  return [exact, Math.ceil(wanted / exact) * exact];
}

async function barsOf(query: Query, plan: MarketPlan, outputs: readonly Charted[], symbols: readonly EventfulSymbol[], every: number): Promise<Map<string, Bar[]>> {
  const bars = new Map<string, Bar[]>(symbols.map(({ name }) => [name, []]));
  if (symbols.length === 0) return bars;
  const asked = columnsOf(plan);
  const names = plan.base.roles.symbol === null ? null : symbols.map(({ name }) => name);
  const tables = [...new Set([plan.base.table, ...asked.map(({ table }) => table)])];
  for (const table of tables) {
    const { roles } = outputs.find((output) => output.table === table)!;
    const places = asked.flatMap((one, index) => (one.table === table ? [index] : []));
    const values = places.map((index) => asked[index]!.text(roles.numbers)).join(', ');
    const rows = rowsText(table, roles, names, table === plan.base.table ? 'start' : 'end');
    const { rows: found } = await query(`SELECT s, t // ${every} AS b, ${values} FROM ${rows} GROUP BY 1, 2 ORDER BY 1, 2`);
    if (table === plan.base.table) {
      for (const [symbol, bar, ...cells] of found) {
        const values_ = new Array<number | null>(asked.length).fill(null);
        places.forEach((place, index) => { values_[place] = numberOf(cells[index]); });
        bars.get(String(symbol))?.push({ time: Number(bar), values: values_ });
      }
    } else join(bars, found, places);
  }
  return bars;
}

const numberOf = (cell: unknown): number | null => {
  const number = cell === null || cell === undefined ? NaN : Number(cell);
  return Number.isFinite(number) ? number : null;
};

/** Rows of another output beside the bars of the same span; what has no bar is left out. */
function join(bars: ReadonlyMap<string, readonly Bar[]>, rows: readonly (readonly unknown[])[], places: readonly number[]): void {
  let symbol = '';
  let own: readonly Bar[] = [];
  let at = 0;
  for (const [name, bar, ...cells] of rows) {
    if (name !== symbol || own.length === 0) {
      symbol = String(name);
      own = bars.get(symbol) ?? [];
      at = 0;
    }
    while (at < own.length && own[at]!.time < Number(bar)) at += 1;
    if (at === own.length || own[at]!.time !== Number(bar)) continue;
    places.forEach((place, index) => { own[at]!.values[place] = numberOf(cells[index]); });
  }
}

interface Asked {
  readonly table: string;
  /** SQL over `c0`, `c1`, …: the columns' numbers. */
  text(numbers: readonly string[]): string;
}

/** In the order of a bar's values: price (four, or one), volume, spread, lines, deviation. */
function columnsOf(plan: MarketPlan): Asked[] {
  const candle = plan.base.roles.candles[0];
  const of = (line: MarketLine, text: (column: string) => string): Asked => ({ table: line.table!, text: (numbers) => text(`c${numbers.indexOf(line.column)}`) });
  const last = (column: string): string => `arg_max(${column}, n)`;
  const price = plan.candles
    ? ([[candle!.open, (column: string) => `arg_min(${column}, n)`], [candle!.high, (column: string) => `max(${column})`], [candle!.low, (column: string) => `min(${column})`], [candle!.close, last]] as const)
      .map(([column, text]) => of({ ...plan.price, column }, text))
    : [of(plan.price, last)];
  return [
    ...price, ...(plan.volume === null ? [] : [of(plan.volume, (column) => `sum(${column})`)]), ...(plan.spread === null ? [] : [of(plan.spread, (column) => `avg(${column})`)]),
    ...plan.lines.map(({ weight, ...line }): Asked => (weight === undefined ? of(line, last) : { table: line.table!, text: (numbers) => weightedMean(`c${numbers.indexOf(line.column)}`, `c${numbers.indexOf(weight)}`) })), ...(plan.deviation === null ? [] : [of(plan.deviation, last)]),
  ];
}

const weightedMean = (column: string, weight: string): string => `sum(CAST(${column} AS DOUBLE) * ${weight} ORDER BY n) / nullif(sum(${weight}) FILTER (${column} IS NOT NULL), 0)`;

/** As the page holds it. */
export function marketData({ symbol, known, plan, symbols }: MarketBars, spreads: Spreads | null): MarketData {
  const width = plan.candles ? 4 : 1;
  const spread = plan.spread ?? spreads?.line ?? null;
  return {
    symbol, known, price: { ...plan.price, candles: plan.candles, isPrice: isPriced(plan) }, volume: plan.volume, spread, lines: plan.lines, band: plan.band,
    symbols: symbols.map(({ name, alerts, every, bars }) => {
      const column = (index: number): Packed => packed(bars.map(({ values }) => values[index] ?? null));
      let at = width;
      const next = (): Packed => column(at++);
      const price = Array.from({ length: width }, (_, index) => column(index));
      const volume = plan.volume === null ? null : next();
      const own = plan.spread === null ? null : next();
      const lines = plan.lines.map(next);
      const deviation = plan.deviation === null ? null : next();
      const seen = own ?? (spreads === null ? null : packed(bars.map(({ time }) => spreads.of(name, time, every))));
      return { name, alerts, every, times: packed(bars.map(({ time }) => time)), price, volume, spread: seen, lines, deviation };
    }),
  };
}

/** Symbols with most alerts, then with most rows, then by name: over all outputs that name them by `column`. */
export async function rankedSymbols(query: Query, column: string, outputs: readonly (Charted & { readonly alerts: boolean })[]): Promise<{ readonly known: number; readonly symbols: readonly EventfulSymbol[] }> {
  const counts = outputs.filter(({ roles }) => roles.symbol === column && roles.time !== null)
    .map(({ table, alerts }) => `SELECT ${quoteName(column)} AS symbol, ${alerts ? 'count(*)' : '0'} AS alerts, count(*) AS row_count FROM ${quoteName(table)} GROUP BY 1`);
  if (counts.length === 0) return { known: 0, symbols: [] };
  const { rows } = await query(`SELECT symbol, sum(alerts), count(*) OVER () FROM (${counts.join(' UNION ALL ')}) WHERE symbol IS NOT NULL GROUP BY 1 ORDER BY 2 DESC, sum(row_count) DESC, 1 LIMIT ${symbolsMax.all}`);
  // DuckDB ends an SQL text at a NUL, so that such a symbol cannot be asked for.
  const symbols = rows.map(([name, alerts]) => ({ name: String(name), alerts: Number(alerts) })).filter(({ name }) => !name.includes('\0'));
  return { known: Number(rows[0]?.[2] ?? 0), symbols };
}

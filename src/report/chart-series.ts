/** Series for the charts of a page: few symbols, and no more points than a screen can show. */
import { quoteList, quoteName } from '../sources/quote.js';
import type { Roles } from './roles.js';
import type { Query } from './summary.js';

/** What is drawn of one symbol of one output. Times are epoch ms, each told as what it adds to the one before. */
export interface Series {
  readonly times: readonly number[];
  /** By column, as long as `times`; null where there is no number to draw. */
  readonly values: Readonly<Record<string, readonly (number | null)[]>>;
}

export interface ChartData extends Roles {
  /** Milliseconds that one point stands for; 0: every row has its own. */
  readonly every: number;
  /** In the order of `symbols`; without a symbol column one series of all rows. */
  readonly symbols: readonly string[];
  readonly series: readonly Series[];
}

/** Rows beyond which a table is no list of alerts. */
const alertsMax = 100_000;
/** Symbols of a chart. */
export const chartSymbolsMax = 50;
/** Points of all symbols of one output, and of one symbol. */
const pointsMax = 15_000;
const pointsOfSymbolMax = 2_000;
const dayMillis = 86_400_000;
/** Spans of a point that people can read, in ms. */
const spans = [1, 10, 100, 1_000, 2_000, 5_000, 10_000, 15_000, 30_000, 60_000, 120_000, 300_000, 600_000, 900_000, 1_800_000, 3_600_000, 14_400_000, dayMillis];

export interface Charted {
  readonly table: string;
  readonly rows: number;
  readonly roles: Roles;
}

export const isAlerts = ({ roles, rows }: Pick<Charted, 'roles' | 'rows'>): boolean => roles.kind !== null && rows <= alertsMax;

/** Null: there is nothing to draw over a time. */
export async function chartData(query: Query, { table, roles }: Charted, symbols: readonly string[]): Promise<ChartData | null> {
  if (roles.time === null || roles.numbers.length === 0) return null;
  const names = roles.symbol === null ? [''] : symbols;
  const points = Math.min(pointsOfSymbolMax, Math.floor(pointsMax / Math.max(1, names.length)));
  return lines(query, roles, names, rowsText(table, roles, symbols), points);
}

/**
 * The rows to draw, with names of our own, since the user's may be anything: `s` symbol, `t` time in epoch ms,
 * `n` place in the output, `c0`, `c1`, … the numbers. `symbols`: null for all. At the end of a
 * window its time is the last that it covers.
 */
export function rowsText(table: string, { time, end, symbol, numbers }: Roles, symbols: readonly string[] | null, at: 'start' | 'end' = 'start'): string {
  const start = `epoch_ms(CAST(${quoteName(time!)} AS TIMESTAMP))`;
  const parts = [
    `${symbol === null ? "''" : quoteName(symbol)} AS s`, `${at === 'end' && end !== null ? `epoch_ms(CAST(${quoteName(end)} AS TIMESTAMP)) - 1` : start} AS t`,
    'row_number() OVER () AS n', ...numbers.map((name, index) => `${quoteName(name)} AS c${index}`),
  ];
  const only = symbol === null || symbols === null ? '' : ` AND ${quoteName(symbol)} IN (SELECT unnest(${quoteList(symbols)}::VARCHAR[]))`;
  return `(SELECT ${parts.join(', ')} FROM ${quoteName(table)} WHERE ${quoteName(time!)} IS NOT NULL${only})`;
}

async function lines(query: Query, roles: Roles, names: readonly string[], rows: string, points: number): Promise<ChartData> {
  const every = await spanOfPoint(query, rows, points);
  const width = Math.max(1, every);
  const values = roles.numbers.map((name, index) => `, ${pointOf(name, `c${index}`, roles)}`).join('');
  const found = await query(`SELECT s, t // ${width}${values} FROM ${rows} GROUP BY 1, 2 ORDER BY 1, 2`);
  const series = new Map(names.map((name) => [name, new SeriesBuilder(roles.numbers)]));
  for (const [symbol, bucket, ...cells] of found.rows) series.get(String(symbol))?.add(Number(bucket) * width, cells);
  return { ...roles, every, symbols: names, series: names.map((name) => series.get(name)!.series()) };
}

/** How several rows become one point: candles as candles, volumes by their sum, all else by the last value. */
function pointOf(name: string, column: string, { candles, volume }: Roles): string {
  if (name === volume) return `sum(${column})`;
  if (candles.some(({ open }) => open === name)) return `arg_min(${column}, n)`;
  if (candles.some(({ high }) => high === name)) return `max(${column})`;
  if (candles.some(({ low }) => low === name)) return `min(${column})`;
  return `arg_max(${column}, n)`;
}

/** Milliseconds that a point stands for, of rows with a symbol `s` and a time `t`; 0 when no symbol has more rows than points. */
export async function spanOfPoint(query: Query, rows: string, points: number): Promise<number> {
  const counted = `SELECT count(*) AS rows, max(t) - min(t) AS span FROM ${rows} GROUP BY s`;
  const [most, span] = (await query(`SELECT max(rows), max(span) FROM (${counted})`)).rows[0]!.map(Number);
  if (!(most! > points)) return 0;
  const least = span! / points;
  return spans.find((one) => one >= least) ?? Math.ceil(least / dayMillis) * dayMillis;
}

/** The longest of those spans that keeps rows of a symbol apart, of the same rows as `spanOfPoint`'s: at its beginning a time is easy to read. */
export async function spanBetween(query: Query, rows: string): Promise<number> {
  const [least] = (await query(`SELECT min(apart) FROM (SELECT t - lag(t) OVER (PARTITION BY s ORDER BY t) AS apart FROM ${rows}) WHERE apart > 0`)).rows[0]!;
  return least === null ? 1 : (spans.findLast((one) => one <= Number(least)) ?? 1);
}

/** Gathers points, in order of time, into columns. */
class SeriesBuilder {
  readonly #times: number[] = [];
  readonly #values: (number | null)[][];
  #last = 0;

  constructor(private readonly names: readonly string[]) {
    this.#values = names.map(() => []);
  }

  add(time: number, cells: readonly unknown[]): void {
    this.#times.push(time - this.#last);
    this.#last = time;
    cells.forEach((cell, index) => this.#values[index]!.push(drawable(cell)));
  }

  series(): Series {
    return { times: this.#times, values: Object.fromEntries(this.names.map((name, index) => [name, this.#values[index]!])) };
  }
}

/** Eight digits are more than a screen shows, and a third of the bytes. */
function drawable(cell: unknown): number | null {
  const number = cell === null ? NaN : Number(cell);
  return Number.isFinite(number) ? Number(number.toPrecision(8)) : null;
}

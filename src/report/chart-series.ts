/** Series for the charts of a page: few symbols, and no more points than a screen can show. */
import { quoteList, quoteName } from '../sources/duck.js';
import type { Roles } from './roles.js';
import type { Query } from './summary.js';

/** What is drawn of one symbol of one output. Times are epoch ms, each told as what it adds to the one before. */
export interface Series {
  readonly times: readonly number[];
  /** By column, as long as `times`; null where there is no number to draw. */
  readonly values: Readonly<Record<string, readonly (number | null)[]>>;
  /** Alerts: index into `kinds` of each row, instead of a place in a line. */
  readonly kinds?: readonly number[];
}

export interface ChartData extends Roles {
  /** Milliseconds that one point stands for; 0: every row has its own. */
  readonly every: number;
  readonly kinds: readonly string[];
  /** In the order of `symbols`; without a symbol column one series of all rows. */
  readonly symbols: readonly string[];
  readonly series: readonly Series[];
}

/** Rows beyond which a table is no list of alerts. */
const alertsMax = 100_000;
const symbolsMax = 50;
/** Points of all symbols of one output, and of one symbol. */
const pointsMax = 40_000;
const pointsOfSymbolMax = 5_000;
const dayMillis = 86_400_000;
/** Spans of a point that people can read, in ms. */
const spans = [1, 10, 100, 1_000, 2_000, 5_000, 10_000, 15_000, 30_000, 60_000, 120_000, 300_000, 600_000, 900_000, 1_800_000, 3_600_000, 14_400_000, dayMillis];

export interface Charted {
  readonly table: string;
  readonly rows: number;
  readonly roles: Roles;
}

export const isAlerts = ({ roles, rows }: Pick<Charted, 'roles' | 'rows'>): boolean => roles.kind !== null && rows <= alertsMax;

/** The most eventful symbols of the outputs that share a symbol column: those with most alerts, then with most rows, then by name. */
export async function eventfulSymbols(query: Query, column: string, outputs: readonly Charted[]): Promise<string[]> {
  const counts = outputs.filter(({ roles }) => roles.symbol === column && roles.time !== null).map((output) => {
    const alerts = isAlerts(output) ? 'count(*)' : '0';
    return `SELECT ${quoteName(column)} AS symbol, ${alerts} AS alerts, count(*) AS row_count FROM ${quoteName(output.table)} GROUP BY 1`;
  });
  if (counts.length === 0) return [];
  const { rows } = await query(`SELECT symbol, sum(alerts) AS alerts, sum(row_count) AS row_count FROM (${counts.join(' UNION ALL ')}) WHERE symbol IS NOT NULL GROUP BY 1 ORDER BY 2 DESC, 3 DESC, 1 LIMIT ${symbolsMax}`);
  // DuckDB ends an SQL text at a NUL, so that such a symbol cannot be asked for.
  return rows.map(([symbol]) => String(symbol)).filter((symbol) => !symbol.includes('\0'));
}

export async function chartData(query: Query, output: Charted, symbols: readonly string[]): Promise<ChartData | null> {
  const { roles } = output;
  const drawn = isAlerts(output) ? roles : { ...roles, kind: null };
  if (roles.time === null || (roles.numbers.length === 0 && drawn.kind === null)) return null;
  const names = roles.symbol === null ? [''] : symbols;
  const points = Math.min(pointsOfSymbolMax, Math.floor(pointsMax / Math.max(1, names.length)));
  const rows = rowsText(output.table, drawn, symbols);
  return drawn.kind === null ? lines(query, drawn, names, rows, points) : alerts(query, drawn, names, rows, points);
}

/**
 * The rows to draw, with names of our own, since the user's may be anything: `s` symbol, `t` time in epoch ms,
 * `k` kind of an alert, `n` place in the output, `c0`, `c1`, … the numbers.
 */
function rowsText(table: string, { time, symbol, kind, numbers }: Roles, symbols: readonly string[]): string {
  const parts = [
    `${symbol === null ? "''" : quoteName(symbol)} AS s`, `epoch_ms(CAST(${quoteName(time!)} AS TIMESTAMP)) AS t`,
    `${kind === null ? "''" : `coalesce(${quoteName(kind)}, 'NULL')`} AS k`, 'row_number() OVER () AS n', ...numbers.map((name, index) => `${quoteName(name)} AS c${index}`),
  ];
  const only = symbol === null ? '' : ` AND ${quoteName(symbol)} IN (SELECT unnest(${quoteList(symbols)}::VARCHAR[]))`;
  return `(SELECT ${parts.join(', ')} FROM ${quoteName(table)} WHERE ${quoteName(time!)} IS NOT NULL${only})`;
}

async function lines(query: Query, roles: Roles, names: readonly string[], rows: string, points: number): Promise<ChartData> {
  const every = await spanOfPoint(query, rows, points);
  const width = Math.max(1, every);
  const values = roles.numbers.map((name, index) => `, ${pointOf(name, `c${index}`, roles)}`).join('');
  const found = await query(`SELECT s, t // ${width}${values} FROM ${rows} GROUP BY 1, 2 ORDER BY 1, 2`);
  const series = new Map(names.map((name) => [name, new SeriesBuilder(roles.numbers)]));
  for (const [symbol, bucket, ...cells] of found.rows) series.get(String(symbol))?.add(Number(bucket) * width, cells);
  return { ...roles, every, kinds: [], symbols: names, series: names.map((name) => series.get(name)!.series()) };
}

/** How several rows become one point: candles as candles, volumes by their sum, all else by the last value. */
function pointOf(name: string, column: string, { candles, volume }: Roles): string {
  if (name === volume) return `sum(${column})`;
  if (candles.some(({ open }) => open === name)) return `arg_min(${column}, n)`;
  if (candles.some(({ high }) => high === name)) return `max(${column})`;
  if (candles.some(({ low }) => low === name)) return `min(${column})`;
  return `arg_max(${column}, n)`;
}

/** 0 when no symbol has more rows than points. */
async function spanOfPoint(query: Query, rows: string, points: number): Promise<number> {
  const counted = `SELECT count(*) AS rows, max(t) - min(t) AS span FROM ${rows} GROUP BY s`;
  const [most, span] = (await query(`SELECT max(rows), max(span) FROM (${counted})`)).rows[0]!.map(Number);
  if (!(most! > points)) return 0;
  const least = span! / points;
  return spans.find((one) => one >= least) ?? Math.ceil(least / dayMillis) * dayMillis;
}

async function alerts(query: Query, roles: Roles, names: readonly string[], rows: string, points: number): Promise<ChartData> {
  const ranked = `SELECT *, row_number() OVER (PARTITION BY s ORDER BY t, n) AS place FROM ${rows}`;
  const values = roles.numbers.map((_, index) => `, c${index}`).join('');
  const found = await query(`SELECT s, t, k${values} FROM (${ranked}) WHERE place <= ${points} ORDER BY s, place`);
  const kinds = [...new Set(found.rows.map((row) => String(row[2])))].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
  const series = new Map(names.map((name) => [name, { points: new SeriesBuilder(roles.numbers), kinds: [] as number[] }]));
  for (const [symbol, time, kind, ...cells] of found.rows) {
    const one = series.get(String(symbol));
    one?.points.add(Number(time), cells);
    one?.kinds.push(kinds.indexOf(String(kind)));
  }
  return { ...roles, every: 0, kinds, symbols: names, series: names.map((name) => ({ ...series.get(name)!.points.series(), kinds: series.get(name)!.kinds })) };
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

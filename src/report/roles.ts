/** What the columns of an output mean to a reader: derived from names and types, so that any pipeline has a chart. */
import type { Schema, TypeKind } from '../core/types.js';
import { repeatsAnomalies } from '../plan/responses.js';

export interface Candle {
  /** What the four columns share beside open, high, low and close: `bid` of `bid_open`, `price` of `open_price`; '' when nothing. */
  readonly name: string;
  readonly open: string;
  readonly high: string;
  readonly low: string;
  readonly close: string;
}

export interface Roles {
  /** The column to draw over; null: the output has no chart. */
  readonly time: string | null;
  /** Where rows are windows drawn over their start: the column with their end, when their numbers were known. */
  readonly end: string | null;
  /** The column that tells one instrument's rows from another's; null: all rows are one series. */
  readonly symbol: string | null;
  /** The column that names what happened, where rows are alerts: markers are drawn, not lines. */
  readonly kind: string | null;
  readonly candles: readonly Candle[];
  /** Drawn as bars under the candles. */
  readonly volume: string | null;
  readonly numbers: readonly string[];
}

const numeric: ReadonlySet<TypeKind> = new Set(['TINYINT', 'SMALLINT', 'INT', 'BIGINT', 'FLOAT', 'DOUBLE', 'DECIMAL']);
const timed: ReadonlySet<TypeKind> = new Set(['TIMESTAMP', 'TIMESTAMP_LTZ', 'DATE']);
/** Where there are several times, the first of these. */
const timeNames = ['window_start', 'event_time', 'window_end', 'window_time'];
const symbolNames = ['symbol', 'ticker', 'instrument', 'isin'];

/** Whether what a column names has a price of its own: a venue or a trader has none. */
export const isInstrumentName = (name: string): boolean => symbolNames.includes(name.toLowerCase()) || /symbol|ticker|instrument|contract|(^|_)(pair|coin|isin|cusip|ric|figi|sym)(_|$)/i.test(name);

export const isNumeric = (kind: TypeKind): boolean => numeric.has(kind);
export const isTime = (kind: TypeKind): boolean => timed.has(kind);

export function rolesOf(schema: Schema): Roles {
  const named = (accepts: (kind: TypeKind) => boolean): string[] => schema.filter(({ type }) => accepts(type.kind)).map(({ name }) => name);
  const times = named(isTime);
  const texts = named((kind) => kind === 'STRING');
  const numbers = named(isNumeric);
  const time = timeNames.find((name) => times.includes(name)) ?? times[0] ?? null;
  const end = time === 'window_start' && times.includes('window_end') ? 'window_end' : null;
  const kind = time === null || repeatsAnomalies(schema) ? null : (texts.find((name) => /(^|_)type$/i.test(name)) ?? null);
  const symbol = texts.find((name) => symbolNames.includes(name.toLowerCase())) ?? texts.find((name) => name !== kind) ?? null;
  return { time, end, symbol, kind, candles: candlesOf(numbers), volume: numbers.find((name) => /volume/i.test(name)) ?? null, numbers };
}

/** Columns that differ in nothing but the words open, high, low and close are a candle. */
function candlesOf(numbers: readonly string[]): Candle[] {
  const found: Candle[] = [];
  for (const open of numbers) {
    const match = /^(.*?)(open|Open|OPEN|o|O)(?![a-z])(.*)$/.exec(open);
    if (match === null || (/[a-z]$/i.test(match[1]!) && match[2] !== 'Open')) continue;
    const [, before, word, after] = match as unknown as [string, string, string, string];
    const like = (full: string): string | undefined => numbers.find((name) => name.toLowerCase() === `${before}${word.length === 1 ? full[0] : full}${after}`.toLowerCase());
    const [high, low, close] = [like('high'), like('low'), like('close')];
    if (high === undefined || low === undefined || close === undefined) continue;
    found.push({ name: `${before}${after}`.replace(/^_+|_+$/g, '').replace(/_{2,}/g, '_'), open, high, low, close });
  }
  return found;
}

/** Columns that a chart of prices draws beside its candles or its line. */
export interface MarketColumns {
  /** To draw a line of where there are no candles: what is named like a price, else the first number. */
  readonly price: string;
  readonly vwap: string | null;
  readonly mean: string | null;
  /** A standard deviation: a band about the mean. */
  readonly deviation: string | null;
  readonly volume: string | null;
  readonly spread: string | null;
}

/** Whether a column is in units of money for one: what changes of it, and candles, mean something. */
export const isPriceName = (name: string): boolean => /price|vwap|close|last|mid|rate|bid|ask|(^|_)(ma|mean|avg)(_|$)/i.test(name) && !derived.test(name) && !/std|dev|spread|volume/i.test(name);

/** Scores and ratios are of other units than what they judge. */
const derived = /ratio|score|zscore|count|percent|pct|alert|share|volatility/i;

export function marketColumns({ numbers, volume }: Roles): MarketColumns {
  const plain = numbers.filter((name) => !derived.test(name));
  const first = (pattern: RegExp): string | null => plain.find((name) => pattern.test(name)) ?? null;
  const vwap = first(/vwap/i);
  const deviation = first(/std|deviation|sigma/i);
  const mean = plain.find((name) => name !== deviation && name !== volume && /(^|_)(ma|sma|ema|mean|avg|average|moving_average)(_|$)/i.test(name) && !/volume|spread|size|std|dev/i.test(name)) ?? null;
  return {
    price: first(/(^|_)(close|last|mid)(_|$)/i) ?? vwap ?? plain.find((name) => /(^|_)(price|rate)(_|$)/i.test(name) && name !== deviation && !/high|low|open|max|min/i.test(name)) ?? mean ?? plain.find((name) => name !== volume && name !== deviation) ?? numbers[0]!,
    vwap, mean, deviation, volume, spread: first(/spread/i),
  };
}

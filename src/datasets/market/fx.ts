/** A Friday of foreign exchange and gold: quotes of six providers, with a release at 08:30 in New York. */
import { mixed } from './instruments.js';
import { Random } from './random.js';
import type { Instrument, MarketSpec, Venue } from './spec.js';

/** Friday 2026-03-06 from midnight UTC to 17:00 in New York, where the week ends. */
const DAY_FROM = 1772755200000;
const DAY_TO = 1772834400000;
const HOUR = 3600;

/** The payrolls of the month, epoch ms: 13:30 UTC. */
export const RELEASE = DAY_FROM + 13.5 * HOUR * 1000;

const FX_ROWS_MAX = 100_000_000;

/** Symbol, price, ticks in a unit of price, usual spread in ticks, move of a day in parts per ten thousand, share of the dollar in it, weight. */
const PAIRS: readonly (readonly [string, number, number, number, number, number, number])[] = [
  ['EURUSD', 1.0852, 100_000, 6, 38, -0.75, 10], ['USDJPY', 149.31, 1000, 7, 42, 0.7, 8], ['GBPUSD', 1.2718, 100_000, 9, 42, -0.7, 6],
  ['XAUUSD', 2412.6, 100, 28, 70, -0.55, 6], ['AUDUSD', 0.6541, 100_000, 8, 50, -0.65, 4], ['USDCAD', 1.3612, 100_000, 11, 34, 0.65, 3],
  ['USDCHF', 0.8807, 100_000, 9, 38, 0.7, 3], ['NZDUSD', 0.6093, 100_000, 10, 52, -0.6, 2], ['USDMXN', 17.0421, 10_000, 24, 60, 0.55, 1], ['USDSEK', 10.4113, 10_000, 26, 52, 0.65, 1],
];

const venue = (name: string, share: number, latency: number, late: number): Venue => ({ name, share, latency, late });
const PROVIDERS: readonly Venue[] = [
  venue('LP01', 20, 0, 0.03), venue('LP02', 14, 0, 0.04), venue('LP03', 11, 1, 0.05), venue('LP04', 9, 2, 0.06), venue('LP05', 6, 3, 0.08), venue('LP06', 4, 5, 0.12),
];
const OUTAGE_PROVIDER = 4;

export function fx(seed: number): MarketSpec {
  return {
    from: DAY_FROM, to: DAY_TO, instruments: PAIRS.map((pair, index) => instrumentOf(pair, new Random(seed, index + 1))), venues: PROVIDERS,
    activity, volatility: (second) => Math.sqrt(activity(second)), illiquidity: (second) => (second < 7 * HOUR || second >= 20 * HOUR ? 1.3 : 1),
    core: { from: 7 * HOUR, to: 21 * HOUR }, auctions: [], outageVenue: OUTAGE_PROVIDER, sizes: { oddOneIn: 16, tailOneIn: 280 },
    quotesOnly: true, news: 13.5 * HOUR, rowsMax: FX_ROWS_MAX, inject: { SPREAD_WIDENING: 1, BURST: 1 },
  };
}

/** A quote of a million or more of the base currency; of gold, of ounces. */
function instrumentOf([symbol, price, ticksPerUnit, spread, move, dollar, weight]: (typeof PAIRS)[number], random: Random): Instrument {
  const open = Math.round(price * ticksPerUnit * (0.99 + 0.02 * random.fraction()));
  return {
    symbol, open, ticksPerUnit, spread, weight, deviation: (open * move) / 10_000, lot: symbol === 'XAUUSD' ? 100 : 1_000_000,
    loads: mixed(dollar, 0.2), sector: symbol === 'XAUUSD' ? 1 : 0, home: 0,
  };
}

/** By hour of the day in UTC, the next one's in between: Tokyo, London, both and New York, and the end of the week. */
const BY_HOUR = [0.5, 0.6, 0.55, 0.45, 0.4, 0.4, 0.6, 1.1, 1.4, 1.2, 1, 0.9, 1.2, 1.8, 1.9, 1.7, 1.4, 0.9, 0.7, 0.6, 0.4, 0.25, 0.1];

function activity(second: number): number {
  const hour = Math.floor(second / HOUR);
  const from = BY_HOUR[hour]!;
  return from + (BY_HOUR[hour + 1]! - from) * (second / HOUR - hour);
}

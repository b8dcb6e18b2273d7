/** Twenty-four hours of a market that never closes: crypto against the dollar, in fractions of a coin. */
import { mixed, zipf } from './instruments.js';
import { Random } from './random.js';
import type { Instrument, MarketSpec, Venue } from './spec.js';

/** Saturday 2026-03-07, midnight to midnight UTC. */
const DAY_FROM = 1772841600000;
const DAY_TO = 1772928000000;
const HOUR = 3600;
const DAY = 24 * HOUR;

/** Sizes are whole numbers of 1e-8 of a coin: a size of 0.001 is 100,000. */
export const CRYPTO_SIZE_EXPONENT = 8;
const COIN = 100_000_000;

const CRYPTO_ROWS_MAX = 100_000_000;

/** Symbol, price, ticks in a unit of price, usual spread in ticks, move of a day in parts per thousand, lot in coins. */
const COINS: readonly (readonly [string, number, number, number, number, number])[] = [
  ['BTC-USD', 67_250, 10, 12, 18, 0.001], ['ETH-USD', 3412, 100, 22, 24, 0.02], ['SOL-USD', 148.2, 1000, 24, 34, 0.5], ['XRP-USD', 0.6123, 100_000, 9, 30, 100],
  ['DOGE-USD', 0.1487, 1_000_000, 40, 40, 400], ['ADA-USD', 0.4711, 100_000, 12, 34, 120], ['LTC-USD', 84.1, 1000, 26, 26, 0.7], ['LINK-USD', 17.42, 10_000, 42, 34, 3],
  ['AVAX-USD', 37.7, 10_000, 92, 38, 1.5], ['DOT-USD', 7.13, 10_000, 24, 34, 8], ['UNI-USD', 10.21, 10_000, 48, 40, 6], ['BCH-USD', 431, 100, 14, 30, 0.1],
];

const venue = (name: string, share: number, latency: number, late: number): Venue => ({ name, share, latency, late });
const VENUES: readonly Venue[] = [venue('BNCE', 28, 1, 0.04), venue('CBSE', 14, 0, 0.04), venue('BYBT', 10, 3, 0.06), venue('KRKN', 7, 2, 0.07), venue('BSTP', 5, 6, 0.1)];
const OUTAGE_VENUE = 4;

export function crypto(seed: number): MarketSpec {
  return {
    from: DAY_FROM, to: DAY_TO, instruments: COINS.map((coin, rank) => instrumentOf(coin, rank, new Random(seed, rank + 1))), venues: VENUES,
    activity, volatility: (second) => Math.sqrt(activity(second)), illiquidity: () => 1, core: { from: 0, to: DAY }, auctions: [], outageVenue: OUTAGE_VENUE,
    sizes: { oddOneIn: 2, tailOneIn: 140 }, quotesOnly: false, news: null, rowsMax: CRYPTO_ROWS_MAX,
    inject: { PRICE_SPIKE: 3, VOLUME_SURGE: 3, COMBINED_ANOMALY: 3, SPREAD_WIDENING: 3, FLASH_CRASH: 1, STUCK_PRICE: 1, FAT_FINGER: 1, BURST: 1, FEED_GAP: 1 },
  };
}

function instrumentOf([symbol, price, ticksPerUnit, spread, move, lot]: (typeof COINS)[number], rank: number, random: Random): Instrument {
  const open = Math.round(price * ticksPerUnit * (0.97 + 0.06 * random.fraction()));
  return {
    symbol, open, ticksPerUnit, spread, weight: zipf(rank), deviation: (open * move) / 1000, lot: Math.round(lot * COIN),
    loads: mixed(0.7, 0.2), sector: rank < 2 ? 0 : 1, home: 0,
  };
}

/** A wave with its top in the New York afternoon, and a quarter of an hour after each of the three fundings of perpetuals. */
function activity(second: number): number {
  const fromTop = Math.abs(second / DAY - 0.65);
  const sinceFunding = second % (8 * HOUR);
  return 0.7 + 0.9 * (1 - fromTop) * (1 - fromTop) + (sinceFunding < 900 ? 0.6 * (1 - sinceFunding / 900) : 0);
}

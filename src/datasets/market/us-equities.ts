/** A day of US equities: 500 symbols on 10 venues, before, in and after the New York session. */
import { chooseSpread, mixed, tickers, zipf } from './instruments.js';
import { Random } from './random.js';
import type { Instrument, MarketSpec, Venue } from './spec.js';

/** Monday 2026-03-02, when New York is at UTC-5: 04:00 there, and 20:00. */
const DAY_FROM = 1772442000000;
const DAY_TO = 1772499600000;
const HOUR = 3600;
const OPEN = 5.5 * HOUR;
const CLOSE = 12 * HOUR;
const END = 16 * HOUR;

/** 09:30 and 16:00 in New York, epoch ms. */
export const SESSION_OPEN = DAY_FROM + OPEN * 1000;
export const SESSION_CLOSE = DAY_FROM + CLOSE * 1000;

export const US_EQUITIES_ROWS_MAX = 100_000_000;

/** Trades of this one are always at one price, which is no binary fraction: its deviation must come out as 0. */
export const CONSTANT_SYMBOL = 'PEGD';
const CONSTANT_PRICE_TICKS = 10_010;

const TICKS_PER_UNIT = 100;
const INSTRUMENTS = 500;
const SECTORS = 11;

/** Most popular first. The rest of the tickers are made up. */
const LEADERS = (
  'AAPL TSLA NVDA MSFT AMZN AMD META GOOGL PLTR INTC BAC F NFLX AVGO SPY QQQ T WFC CSCO PFE ' +
  `XOM DIS UBER ORCL ${CONSTANT_SYMBOL} JPM MU C KO GE BA WMT CVX SBUX NKE HD V MA CRM ADBE`
).split(' ');

const venue = (name: string, share: number, latency: number, late: number): Venue => ({ name, share, latency, late });
export const VENUES: readonly Venue[] = [
  venue('XNAS', 18, 0, 0.03), venue('XNYS', 13, 0, 0.035), venue('ARCX', 8, 0, 0.04), venue('BATS', 7, 1, 0.05), venue('EDGX', 6, 1, 0.05),
  venue('MEMX', 4, 2, 0.06), venue('IEXG', 3, 3, 0.08), venue('BATY', 2, 2, 0.12), venue('EDGA', 2, 2, 0.12), venue('XASE', 1, 4, 0.15),
];
const XNAS = 0;
const XNYS = 1;
const MEMX = 5;

export function usEquities(seed: number): MarketSpec {
  const instruments = tickers(LEADERS, INSTRUMENTS).map((symbol, rank): Instrument => {
    // A stream for each instrument, so that one more of them would not change the others.
    const random = new Random(seed, rank + 1);
    const constant = symbol === CONSTANT_SYMBOL;
    const open = constant ? CONSTANT_PRICE_TICKS : rank < LEADERS.length ? 6000 + random.below(40_000) : 1500 + random.below(1 << (10 + random.below(6)));
    return {
      symbol, open, ticksPerUnit: TICKS_PER_UNIT, lot: 100, weight: zipf(rank),
      deviation: constant ? 0 : open * (0.002 + 0.003 * random.fraction()),
      spread: constant ? 2 : chooseSpread(open, rank, random),
      loads: mixed(0.5 + 0.3 * random.fraction(), 0.3), sector: random.below(SECTORS), home: symbol.length < 4 ? XNYS : XNAS,
    };
  });
  return {
    from: DAY_FROM, to: DAY_TO, instruments, venues: VENUES, activity, volatility, illiquidity: (second) => (second >= OPEN && second < CLOSE ? 1 : 1.5),
    core: { from: OPEN, to: CLOSE }, auctions: [{ second: OPEN, share: 0.0006 }, { second: CLOSE, share: 0.0015 }], outageVenue: MEMX,
    sizes: { oddOneIn: 16, tailOneIn: 280 }, quotesOnly: false, news: null, rowsMax: US_EQUITIES_ROWS_MAX,
    inject: {
      PRICE_SPIKE: 6, VOLUME_SURGE: 6, COMBINED_ANOMALY: 6, SPREAD_WIDENING: 6, FLASH_CRASH: 1, STUCK_PRICE: 1, FAT_FINGER: 2, BURST: 1, FEED_GAP: 1,
    },
  };
}

/** In the session a U, steep in its first and last quarter of an hour; before it a slow rise, after it a slow end. */
function activity(second: number): number {
  if (second < OPEN) return 0.004 + 0.05 * (second / OPEN) * (second / OPEN);
  if (second >= CLOSE) {
    const left = 1 - (second - CLOSE) / (END - CLOSE);
    return 0.004 + 0.06 * left * left;
  }
  const fromNoon = (2 * (second - OPEN)) / (CLOSE - OPEN) - 1;
  return 0.6 + 1.2 * fromNoon * fromNoon + steep(second - OPEN) + 0.8 * steep(CLOSE - second);
}

/** 1 at the edge of the session, nothing a quarter of an hour from it. */
function steep(seconds: number): number {
  const left = Math.max(0, 1 - seconds / 900);
  return left * left;
}

/** The square root of activity, as variance follows what happens; more than that outside the session, where little does. */
const volatility = (second: number): number => Math.max(0.4, Math.sqrt(0.8 * activity(second)));

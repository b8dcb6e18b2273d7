/** What makes one market differ from another: a spec is all that the model is given. Times are epoch ms or seconds since `from`. */
import type { Injections } from './injections.js';

export interface Instrument {
  readonly symbol: string;
  /** Price when the day begins, in ticks. */
  readonly open: number;
  /** Ticks in a unit of price: a price is ticks / ticksPerUnit. */
  readonly ticksPerUnit: number;
  /** Standard deviation of the price's move over the hours that the spec's volatility calls 1, in ticks; 0: it never moves. */
  readonly deviation: number;
  /** Usual distance between best bid and best ask, in ticks, at least 2. */
  readonly spread: number;
  /** Of its sizes: what is usually traded at least. */
  readonly lot: number;
  /** Shares of a move that come from the whole market, the sector and the instrument itself; their squares add up to 1. */
  readonly loads: readonly [market: number, sector: number, own: number];
  readonly sector: number;
  /** How often it is traded, relative to others. */
  readonly weight: number;
  /** Index of the venue that holds its auctions. */
  readonly home: number;
}

export interface Venue {
  readonly name: string;
  /** Of all rows, in 64ths. */
  readonly share: number;
  /** Its rows arrive this many ms, or less, after they happen; 0: at once. */
  readonly latency: number;
  /** Share of its rows that come up to 3 s late. */
  readonly late: number;
}

/** Trades of one price at one instant for every instrument: an opening or closing cross. */
export interface Auction {
  readonly second: number;
  /** Of the day's activity. */
  readonly share: number;
}

export interface Outage {
  readonly venue: number;
  /** Rows that happen in [from, to) arrive when it is over, ten times as fast as they happened. */
  readonly from: number;
  readonly to: number;
}

/** 1 trade in `oddOneIn` is less than a lot, 1 in `tailOneIn` a block; the lots of blocks follow a power law of exponent 2. */
export interface Sizes {
  readonly oddOneIn: number;
  readonly tailOneIn: number;
}

export interface MarketSpec {
  /** Event times lie in [from, to). */
  readonly from: number;
  readonly to: number;
  /** Most popular first. */
  readonly instruments: readonly Instrument[];
  /** Their shares add up to 64. */
  readonly venues: readonly Venue[];
  /** Rows of a second relative to others, before they cluster. */
  readonly activity: (second: number) => number;
  /** Standard deviation of moves at a second, relative to others. */
  readonly volatility: (second: number) => number;
  /** Spreads at a second, relative to others of the same volatility. */
  readonly illiquidity: (second: number) => number;
  /** Seconds of the hours in which all instruments trade, and anomalies are put in: [from, to). */
  readonly core: { readonly from: number; readonly to: number };
  readonly auctions: readonly Auction[];
  readonly outageVenue: number;
  readonly sizes: Sizes;
  /** Only quotes of venues: no trades, no best bids and offers. */
  readonly quotesOnly: boolean;
  /** A release known beforehand, second since `from`: the first BURST and the first SPREAD_WIDENING are there, and all instruments move. */
  readonly news: number | null;
  readonly rowsMax: number;
  /** What is injected unless the user says otherwise. */
  readonly inject: Injections;
}

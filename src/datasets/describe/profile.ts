/** What the rows of a file are like, gathered as they pass. The shape of this is what `datasets describe --json` gives. */
import type { ColumnCounts } from './column-counts.js';
import type { Judged } from './prints.js';
import type { Silence } from './silences.js';

/** Bounds of a watermark at which late rows are counted (ms). */
export const bounds: readonly number[] = [1, 2, 3, 5, 7, 10, 15, 20, 30, 45, 60, 120, 300, 600, 1_800, 3_600].map((seconds) => seconds * 1_000);

/** A row as it is shown: its 0-based number, its event time (epoch ms), its symbol. */
export interface Place {
  readonly position: number;
  readonly time: number;
  readonly symbol: string | null;
}

/** The greatest event time jumped by more than an hour; `rowsBehind`: rows that came after it with a time within the jump. */
export interface Jump extends Place {
  readonly from: number;
  rowsBehind: number;
}

export interface Disorder {
  /** Rows after one with a later event time. */
  readonly behind: number;
  /** How far behind the greatest time so far, in ms: of the rows that are behind. */
  readonly behindBy: { readonly p50: number; readonly p90: number; readonly p99: number; readonly p999: number; readonly max: number };
  readonly octaves: readonly { readonly from: number; readonly count: number }[];
  /** Rows at or below the watermark when they come, if it is so far behind the greatest time. */
  readonly lateAt: readonly { readonly bound: number; readonly rows: number }[];
  /** Least bound (ms) at which no row is late. */
  readonly boundNoneLate: number;
  readonly worst: readonly (Place & { readonly by: number })[];
  readonly jumps: readonly Jump[];
}

export interface QuoteCounts {
  /** Rows with a bid and an ask. */
  readonly quotes: number;
  readonly oneSided: number;
  readonly crossed: number;
  readonly locked: number;
  /** Of bids and asks. */
  readonly zero: number;
  readonly negative: number;
  readonly examples: readonly (Place & { readonly bid: number; readonly ask: number })[];
  readonly widest: readonly { readonly symbol: string | null; readonly spread: number; readonly mean: number; readonly time: number }[];
}

export interface PrintCounts {
  readonly prints: number;
  readonly priceZero: number;
  readonly priceNegative: number;
  readonly priceMissing: number;
  readonly volumeZero: number;
  readonly volumeNegative: number;
  readonly volumeMissing: number;
  /** Far from the neighbours' median, or from the quote. */
  readonly suspicious: number;
  readonly examples: readonly (Judged & { readonly symbol: string | null })[];
  /** Runs of one price: the longest of the symbols that have the longest. */
  readonly standing: readonly { readonly symbol: string | null; readonly prints: number; readonly from: number; readonly to: number; readonly always: boolean }[];
}

export interface SymbolCounts {
  readonly symbol: string | null;
  readonly rows: number;
  readonly from: number;
  readonly to: number;
  readonly prints: number;
  readonly priceMin: number | null;
  readonly priceMax: number | null;
  readonly behind: number;
  readonly behindMax: number;
  readonly tied: number;
  readonly repeated: number;
  readonly crossed: number;
  readonly suspicious: number;
  readonly silence: Silence | null;
}

export interface Profile {
  readonly rows: number;
  /** Rows that could not be decoded, and the first of them. */
  readonly rejected: { readonly rows: number; readonly examples: readonly { readonly position: number; readonly column: string | null; readonly error: string }[] };
  /** Rows without an event time. */
  readonly timeless: number;
  /** Epoch ms of the least and the greatest event time, strays aside; null: no row has one. */
  readonly span: { readonly from: number; readonly to: number } | null;
  readonly timeline: { readonly from: number; readonly width: number; readonly rows: readonly number[] };
  readonly columns: readonly ({ readonly name: string } & ColumnCounts)[];
  readonly symbolsTotal: number;
  /** Those with most rows. */
  readonly symbols: readonly SymbolCounts[];
  readonly eventTypes: Readonly<Record<string, number>>;
  readonly disorder: Disorder;
  /** Rows that alone lie more than an hour ahead, and the disorder without them (as with --max-ahead 1h); null: there are none. */
  readonly strays: { readonly rows: number; readonly disorder: Disorder } | null;
  /** Rows behind a later one of their own symbol, and the most that one is (ms). */
  readonly behindInSymbol: { readonly rows: number; readonly max: number };
  readonly silences: readonly Silence[];
  readonly silencesOfSymbols: readonly (Silence & { readonly symbol: string | null })[];
  /** Stretches between silences of half an hour or more. */
  readonly sessions: readonly Silence[];
  readonly ties: { readonly rows: number; readonly largest: { readonly rows: number; readonly symbol: string | null; readonly time: number } | null };
  /** Rows equal in every column to another of the same symbol and instant. */
  readonly repeated: number;
  /** Null: the file has no bid and ask. */
  readonly quotes: QuoteCounts | null;
  /** Null: the file has no price. */
  readonly prints: PrintCounts | null;
}

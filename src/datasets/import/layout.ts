/** How the columns of one file become rows of market data: plain data that a mapping decides, and a tick reader follows. */
import type { Int64 } from '../../core/types.js';
import type { TimeForm } from './clock.js';
import type { Head } from './head.js';

export type EventType = 'TRADE' | 'QUOTE' | 'BBO';

/** A row to be written. Price of a quote: the mean of bid and ask; volume: the sum of their sizes, 0 where there are none. */
export interface Tick {
  symbol: string;
  price: number | null;
  volume: Int64;
  bid: number | null;
  ask: number | null;
  /** Epoch ms. */
  time: number;
  exchange: string | null;
  type: EventType;
}

/** Columns by what they mean. */
export interface Roles {
  readonly time: string;
  /** A day that stands before the time of day. */
  readonly date?: string;
  readonly symbol?: string;
  /** What follows the symbol after a point: a share class. */
  readonly suffix?: string;
  readonly exchange?: string;
  readonly price?: string;
  readonly size?: string;
  readonly bid?: string;
  readonly bidSize?: string;
  readonly ask?: string;
  readonly askSize?: string;
}

/** What a record is: of a type, or to be left out for this reason. */
export type Kind = EventType | { readonly leftOut: string };

export interface Layout {
  readonly roles: Roles;
  readonly time: TimeForm;
  /** What all records are, or a column whose values tell; undefined for a value that is none of its. */
  readonly type: EventType | { readonly column: string; of(value: string | null): Kind | undefined };
  /** Prices are to be multiplied by ten to this. */
  readonly priceExponent: number;
  /** Sizes too, before the scale that the user states. */
  readonly sizeExponent: number;
  /** Bytes of fixed-point numbers, little-endian and in hexadecimal, in place of decimal texts. */
  readonly isFixedPoint?: boolean;
  /** Quotes too have their price and volume in columns of their own. */
  readonly isComplete?: boolean;
  /** Price texts that stand for no price. */
  readonly noPrices: readonly string[];
  /** Where no column says it; null: the user must say it (symbol), or it stays NULL (exchange). */
  readonly symbol: string | null;
  readonly exchange: string | null;
  /** Things to tell, sentences. */
  readonly says: readonly string[];
}

/** What only the user may know. */
export interface Hints {
  readonly symbol: string | null;
  readonly exchange: string | null;
}

export interface Mapping {
  /** As `--as` takes it. */
  readonly name: string;
  /** For people: whose files. */
  readonly title: string;
  /** Headers of such files, for telling which one a stranger is nearest to. */
  readonly headers: readonly string[];
  /**
   * Null: the file is none of this mapping's. With `asked` the user says that it is, so that what the columns alone
   * leave open is settled. Throws DATASET_INVALID where the format is clear but something needed is missing.
   */
  layout(head: Head, asked: boolean): Layout | null;
}

/** What most layouts have. */
export const usual = { priceExponent: 0, sizeExponent: 0, noPrices: [], symbol: null, exchange: null, says: [] } as const;

/** A column's name as mappings compare it: letters and digits, in lower case. */
export const plain = (name: string): string => name.toLowerCase().replace(/[^a-z0-9]/g, '');

/** Columns of a file by their plain names. */
export function columnsOf(head: Head): (...names: readonly string[]) => string | undefined {
  const byName = new Map<string, string>();
  for (const column of head.columns) if (!byName.has(plain(column))) byName.set(plain(column), column);
  return (...names) => names.map((name) => byName.get(name)).find((column) => column !== undefined);
}

/** Values of a column in the sample that are there. */
export function sampleOf(head: Head, column: string): string[] {
  const index = head.columns.indexOf(column);
  return index < 0 ? [] : head.sample.map((record) => record[index] ?? null).filter((value) => value !== null);
}

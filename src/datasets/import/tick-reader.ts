/** Reads records into ticks, as their layout says. What cannot be read exactly is refused with its reason. */
import { addInt64, inInt64Range } from '../../core/int64.js';
import { isEventTime } from '../../core/event-time.js';
import type { Int64 } from '../../core/types.js';
import type { Clock } from './clock.js';
import { decimalPlaces, nearestDouble, scaledInteger } from './decimal.js';
import type { EventType, Hints, Kind, Layout, Roles, Tick } from './layout.js';
import type { Values } from './record.js';

/** Null: the tick holds the record. */
export type Refusal = { readonly kind: 'rejected' | 'leftOut'; readonly reason: string } | null;

/** The scale of all sizes of an import, and what it would have to be. */
export class SizeScale {
  /** Least exponent that makes all sizes seen so far whole. */
  places = 0;

  constructor(readonly exponent: number) {}

  /** Undefined: not a whole number at this scale; null: no number at all. */
  read(text: string, fileExponent: number): Int64 | null | undefined {
    const value = scaledInteger(text, this.exponent + fileExponent);
    if (value !== null) return value;
    const places = decimalPlaces(text);
    if (places === null) return null;
    this.places = Math.max(this.places, places - fileExponent);
    return undefined;
  }
}

const rejected = (reason: string): Refusal => ({ kind: 'rejected', reason });

export const unfitReason = (exponent: number): string => `the size is no whole number at the scale 1e${exponent}`;

/** Names go into paths, pages and terminals. */
const unusable = /[\0-\x1f\x7f]/;
const symbolMax = 200;

/** `1,5` and `1,234.5` mean different things, so neither is guessed. */
const noNumber = (what: string, text: string | null): string =>
  (text !== null && /^[+-]?\d[\d.]*,\d/.test(text) ? `the ${what} has a comma in it: numbers are read with a decimal point only` : `the ${what} is no number`);

export class TickReader {
  /** Columns to read, in the order of the values that `read` takes. */
  readonly columns: readonly string[];
  /** Of the columns, by role; -1 for none. */
  readonly #at: Readonly<Record<keyof Roles, number>>;
  readonly #typeAt: number;
  readonly #typed: ((value: string | null) => Kind | undefined) | null;
  readonly #noPrices: ReadonlySet<string>;
  #volume: Int64 = 0;
  /** The last symbol that was found fit for use. */
  #usable: string | null = null;

  constructor(private readonly layout: Layout, private readonly clock: Clock, private readonly hints: Hints, private readonly scale: SizeScale) {
    const { roles, type } = layout;
    this.#typed = typeof type === 'string' ? null : type.of;
    const wanted = [...Object.values(roles), ...(typeof type === 'string' ? [] : [type.column])].filter((column) => column !== undefined);
    this.columns = [...new Set(wanted)];
    const place = (role: keyof Roles): number => (roles[role] === undefined ? -1 : this.columns.indexOf(roles[role]));
    this.#at = {
      time: place('time'), date: place('date'), symbol: place('symbol'), suffix: place('suffix'), exchange: place('exchange'), price: place('price'),
      size: place('size'), bid: place('bid'), bidSize: place('bidSize'), ask: place('ask'), askSize: place('askSize'),
    };
    this.#typeAt = typeof type === 'string' ? -1 : this.columns.indexOf(type.column);
    this.#noPrices = new Set(layout.noPrices);
  }

  /** Fills `tick`, unless there is a reason not to. */
  read(values: Values, tick: Tick): Refusal {
    const kind = this.#typed === null ? (this.layout.type as EventType) : this.#typed(values[this.#typeAt]!);
    if (kind === undefined) return rejected(`the ${this.columns[this.#typeAt]} is none that is known`);
    if (typeof kind === 'object') return { kind: 'leftOut', reason: kind.leftOut };
    tick.type = kind;
    const wrong = this.#readTime(values, tick) ?? this.#readNames(values, tick) ?? (kind === 'TRADE' ? this.#readTrade(values, tick) : this.#readQuote(values, tick));
    return wrong === null ? null : rejected(wrong);
  }

  #readTime(values: Values, tick: Tick): string | null {
    const text = values[this.#at.time]!;
    const date = this.#at.date < 0 ? '' : values[this.#at.date];
    if (text === null || date === null) return 'it has no time';
    const time = this.clock.read(date === '' ? text : `${date} ${text}`);
    if (typeof time === 'string') return time;
    if (!isEventTime(time)) return 'the time is not in the years 1 to 9999';
    tick.time = time;
    return null;
  }

  #readNames(values: Values, tick: Tick): string | null {
    const symbol = this.hints.symbol ?? (this.#at.symbol < 0 ? this.layout.symbol : values[this.#at.symbol]!);
    if (symbol === null) return 'it has no symbol';
    const suffix = this.#at.suffix < 0 ? null : values[this.#at.suffix]!;
    tick.symbol = suffix === null ? symbol : `${symbol}.${suffix}`;
    if (tick.symbol !== this.#usable) {
      if (tick.symbol.length > symbolMax) return `the symbol has more than ${symbolMax} letters`;
      if (unusable.test(tick.symbol)) return 'the symbol has control characters';
      if (/^[{[].*[}\]]$/.test(tick.symbol)) return 'the symbol is an object or a list';
      this.#usable = tick.symbol;
    }
    tick.exchange = (this.#at.exchange < 0 ? null : values[this.#at.exchange]!) ?? this.hints.exchange ?? this.layout.exchange;
    return null;
  }

  #readTrade(values: Values, tick: Tick): string | null {
    const price = this.#price(values, this.#at.price);
    if (price === null) return 'it has no price';
    if (Number.isNaN(price)) return noNumber('price', values[this.#at.price]!);
    const wrong = this.#size(values, this.#at.size, true) ?? this.#readSides(values, tick);
    tick.price = price;
    tick.volume = this.#volume;
    return wrong;
  }

  #readQuote(values: Values, tick: Tick): string | null {
    const wrong = this.#readSides(values, tick);
    if (wrong !== null) return wrong;
    if (this.layout.isComplete === true) return this.#readComplete(values, tick);
    if (tick.bid === null && tick.ask === null) return 'it has neither a bid nor an ask';
    const wrongBid = this.#size(values, this.#at.bidSize, false);
    if (wrongBid !== null) return wrongBid;
    const bidSize = this.#volume;
    const wrongAsk = this.#size(values, this.#at.askSize, false);
    if (wrongAsk !== null) return wrongAsk;
    tick.price = tick.bid === null || tick.ask === null ? null : (tick.bid + tick.ask) / 2;
    tick.volume = addInt64(bidSize, this.#volume);
    return inInt64Range(tick.volume) ? null : 'the sizes are beyond 64 bits';
  }

  #readComplete(values: Values, tick: Tick): string | null {
    const wrong = this.#size(values, this.#at.size, false);
    tick.price = this.#price(values, this.#at.price);
    tick.volume = this.#volume;
    return wrong ?? (Number.isNaN(tick.price) ? noNumber('price', values[this.#at.price]!) : null);
  }

  #readSides(values: Values, tick: Tick): string | null {
    tick.bid = this.#price(values, this.#at.bid);
    tick.ask = this.#price(values, this.#at.ask);
    return Number.isNaN(tick.bid) ? noNumber('bid', values[this.#at.bid]!) : Number.isNaN(tick.ask) ? noNumber('ask', values[this.#at.ask]!) : null;
  }

  /** NaN: no number; null: none. */
  #price(values: Values, at: number): number | null {
    const text = at < 0 ? null : this.#decimal(values[at]!);
    if (text === null || this.#noPrices.has(text)) return null;
    return nearestDouble(text, this.layout.priceExponent) ?? NaN;
  }

  /** Leaves the size in `#volume`. */
  #size(values: Values, at: number, needed: boolean): string | null {
    const text = at < 0 ? null : this.#decimal(values[at]!);
    this.#volume = 0;
    if (text === null) return needed ? 'it has no size' : null;
    const size = this.scale.read(text, this.layout.sizeExponent);
    if (size === undefined) return unfitReason(this.scale.exponent);
    if (size === null) return noNumber('size', text);
    if (size < 0) return 'the size is negative';
    if (!inInt64Range(size)) return 'the size is beyond 64 bits';
    this.#volume = size;
    return null;
  }

  #decimal(text: string | null): string | null {
    return text === null || this.layout.isFixedPoint !== true ? text : String(littleEndian(text));
  }
}

/** The signed integer whose bytes, least first, `hex` holds. */
function littleEndian(hex: string): bigint {
  const bytes = hex.match(/../g) ?? [];
  return BigInt.asIntN(bytes.length * 4 * 2, BigInt(`0x${bytes.reverse().join('') || '0'}`));
}

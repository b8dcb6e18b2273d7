/** Trades that their neighbours contradict. */

/** Prints of a symbol on either side of the one that is judged. */
const side = 7;
const places = 2 * side + 1;

/** A deviation counts as far out from so many robust deviations, and so much of the price, on. */
export const deviationsMin = 10;
export const shareMin = 0.005;
/** Times the spread that a trade may lie outside a quote, which must not be older than this (ms). */
export const spreadsMin = 10;
const quoteAgeMax = 60_000;
/** The median absolute deviation of a normal distribution, times this, is its standard deviation. */
const toDeviation = 1.4826;

export interface Print {
  readonly position: number;
  readonly time: number;
  readonly price: number;
}

export interface Judged extends Print {
  /** The neighbours' median, or the side of the quote that it is beyond. */
  readonly expected: number;
  /** Robust deviations from the median, or spreads from the quote. */
  readonly distance: number;
  readonly by: 'neighbours' | 'quote';
}

const others = new Float64Array(places - 1);

/** The last prints of one symbol: each is judged once seven more have come. */
export class Neighbours {
  readonly #prices = new Float64Array(places);
  readonly #positions = new Float64Array(places);
  readonly #times = new Float64Array(places);
  #count = 0;

  /** What is now known of the print seven before this one: null when it is as the others. */
  add(position: number, time: number, price: number): Judged | null {
    const at = this.#count % places;
    this.#prices[at] = price;
    this.#positions[at] = position;
    this.#times[at] = time;
    this.#count += 1;
    return this.#count < places ? null : this.#judge((this.#count - 1 - side) % places);
  }

  #judge(middle: number): Judged | null {
    const prices = this.#prices, price = prices[middle]!;
    // The two least and the two greatest: a bad print may have a neighbour that is as bad.
    let least = Infinity, nextLeast = Infinity, most = -Infinity, nextMost = -Infinity, filled = 0;
    for (let at = 0; at < places; at += 1) {
      if (at === middle) continue;
      const other = prices[at]!;
      others[filled++] = other;
      if (other < nextLeast) {
        nextLeast = other < least ? least : other;
        if (other < least) least = other;
      }
      if (other > nextMost) {
        nextMost = other > most ? most : other;
        if (other > most) most = other;
      }
    }
    // Most prints lie between others: only the rest is worth a median.
    if (price >= nextLeast && price <= nextMost) return null;
    const expected = medianOf(others);
    for (let at = 0; at < filled; at += 1) others[at] = Math.abs(others[at]! - expected);
    const deviation = Math.max(toDeviation * medianOf(others), (shareMin / deviationsMin) * Math.abs(expected));
    const distance = Math.abs(price - expected) / deviation;
    if (!(distance > deviationsMin)) return null;
    return { position: this.#positions[middle]!, time: this.#times[middle]!, price, expected, distance, by: 'neighbours' };
  }
}

/** Also sorts. */
function medianOf(values: Float64Array): number {
  values.sort();
  return (values[side - 1]! + values[side]!) / 2;
}

/** The last quote of one symbol that was in order. */
export interface Quote {
  readonly bid: number;
  readonly ask: number;
  readonly time: number;
}

/** Null when the trade lies within its quote's reach, or there is no quote to say so. */
export function outsideQuote({ position, time, price }: Print, { bid, ask, time: quoted }: Quote): Judged | null {
  if (Math.abs(time - quoted) > quoteAgeMax || !(bid > 0 && ask >= bid)) return null;
  // A locked quote has no spread; a hundredth of a percent stands for it.
  const spread = Math.max(ask - bid, ask * 1e-4);
  const beyond = price > ask ? price - ask : bid - price;
  if (!(beyond > spreadsMin * spread)) return null;
  return { position, time, price, expected: price > ask ? ask : bid, distance: beyond / spread, by: 'quote' };
}

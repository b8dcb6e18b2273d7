/** Times on a clock somewhere as epoch milliseconds. A time that was twice that day, or never, has none. */
import { TapewrightError } from '../../core/errors.js';

export interface Zone {
  readonly name: string;
  /** Epoch ms of a local time, itself given as if it were UTC; NaN when the clocks skipped it or showed it twice. */
  toUtc(local: number): number;
}

const dayMillis = 86_400_000;
/** Clocks change on quarters of an hour. */
const quarterMillis = 900_000;

export const utc: Zone = { name: 'UTC', toUtc: (local) => local };

/** `UTC`, `+HH:MM`, or a name of the IANA database such as America/New_York. Throws USAGE. */
export function parseZone(text: string): Zone {
  const plain = text.trim();
  if (/^(utc|gmt|z)$/i.test(plain)) return utc;
  const offset = /^([+-])(\d\d):?(\d\d)$/.exec(plain);
  if (offset !== null && Number(offset[2]) <= 14 && Number(offset[3]) < 60) {
    const millis = (offset[1] === '-' ? -1 : 1) * (Number(offset[2]) * 60 + Number(offset[3])) * 60_000;
    return { name: `${offset[1]}${offset[2]}:${offset[3]}`, toUtc: (local) => local - millis };
  }
  // Abbreviations name several zones each, so only the database's own names count.
  if (plain.includes('/')) {
    try {
      return new RegionalZone(plain);
    } catch (cause) {
      if (!(cause instanceof RangeError)) throw cause;
    }
  }
  throw new TapewrightError('USAGE', `--time-zone ${text}: must be UTC, an offset such as +01:00, or a name such as America/New_York`, { zone: text });
}

class RegionalZone implements Zone {
  readonly #format: Intl.DateTimeFormat;
  /** UTC minus local, by quarter of an hour of the local time. */
  readonly #differences = new Map<number, number>();

  constructor(readonly name: string) {
    this.#format = new Intl.DateTimeFormat('en-US', {
      timeZone: name, hourCycle: 'h23', year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit', second: '2-digit', era: 'short',
    });
  }

  toUtc(local: number): number {
    const quarter = Math.floor(local / quarterMillis);
    let difference = this.#differences.get(quarter);
    if (difference === undefined) {
      difference = this.#differenceAt(quarter * quarterMillis);
      this.#differences.set(quarter, difference);
    }
    return local + difference;
  }

  /** Of the offsets in force a day before and after, those that lead back to the local time. */
  #differenceAt(local: number): number {
    const offsets = new Set([this.#offset(local - dayMillis), this.#offset(local + dayMillis)]);
    const fitting = [...offsets].filter((offset) => this.#offset(local - offset) === offset);
    return fitting.length === 1 ? -fitting[0]! : NaN;
  }

  #offset(at: number): number {
    const parts = Object.fromEntries(this.#format.formatToParts(at).map(({ type, value }) => [type, value]));
    const part = (name: string): number => Number(parts[name]);
    return Date.UTC(part('year'), part('month') - 1, part('day'), part('hour'), part('minute'), part('second')) - at;
  }
}

/** Days and times from their digits in bytes. Everything here runs for each value. */
import { daysOf, monthLength } from '../functions/calendar.js';

const minus = 45, point = 46, zero = 48, colon = 58, space = 32, letterT = 84, letterZ = 90;

export class ByteTimes {
  /** Days since 1970 of the day that was read last. */
  days = 0;
  /** Its eight digits. */
  #date = -1;

  /** The day at ten bytes, `2024-08-08`, to `days`; false: there is none. */
  day(bytes: Uint8Array, at: number): boolean {
    const year = two(bytes, at) * 100 + two(bytes, at + 2), month = two(bytes, at + 5), day = two(bytes, at + 8);
    if (Number.isNaN(year + month + day) || bytes[at + 4] !== minus || bytes[at + 7] !== minus) return false;
    const date = (year * 100 + month) * 100 + day;
    if (date === this.#date) return true;
    if (month < 1 || month > 12 || day < 1 || day > monthLength(year, month)) return false;
    this.#date = date;
    this.days = daysOf(year, month, day);
    return true;
  }

  /**
   * `2024-08-08T09:30:00.123456Z`, with a T or a space, a fraction of up to `digitsMost` digits or none, and a Z or none:
   * a count since 1970 of `units` a second, finer digits dropped. NaN: it is of another form.
   */
  time(bytes: Uint8Array, start: number, end: number, units: number, digitsMost: number): number {
    const last = bytes[end - 1] === letterZ ? end - 1 : end;
    const size = last - start;
    if (size < 19 || size > 20 + digitsMost || size === 20 || (bytes[start + 10] !== space && bytes[start + 10] !== letterT) || bytes[start + 13] !== colon || bytes[start + 16] !== colon) return NaN;
    const hour = two(bytes, start + 11), minute = two(bytes, start + 14), second = two(bytes, start + 17);
    if (!(hour < 24 && minute < 60 && second < 60) || !this.day(bytes, start)) return NaN;
    let fraction = 0;
    if (size > 19) {
      if (bytes[start + 19] !== point) return NaN;
      let unit = units;
      for (let at = start + 20; at < last; at += 1) {
        const digit = bytes[at]! - zero;
        if (!(digit >= 0 && digit <= 9)) return NaN;
        if (unit > 1) fraction = fraction * 10 + digit;
        unit = Math.floor(unit / 10);
      }
      for (; unit > 1; unit = Math.floor(unit / 10)) fraction *= 10;
    }
    return ((this.days * 24 + hour) * 3600 + minute * 60 + second) * units + fraction;
  }
}

/** Two digits as a number; NaN where they are none. */
function two(bytes: Uint8Array, at: number): number {
  const tens = bytes[at]! - zero, ones = bytes[at + 1]! - zero;
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : NaN;
}

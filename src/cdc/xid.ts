/** Ids of transactions: most are digits, and then compared as numbers. */

/** A transaction whose id is a number; handed on as it is, for to hand on its numbers makes an object of each. */
export interface Numbered {
  readonly xid: number;
  readonly lsn: number;
  /** Of its commit, epoch ms. */
  readonly time: number;
}

/** Of more digits they may not be exact. */
const digitsMost = 15;

const zero = 48;

/** The number whose digits an id is; NaN: it is none, or begins with a zero. */
export function numberOf(xid: string): number {
  const { length } = xid;
  if (length === 0 || length > digitsMost || (length > 1 && xid.charCodeAt(0) === zero)) return NaN;
  let number = 0;
  for (let at = 0; at < length; at += 1) {
    const digit = xid.charCodeAt(at) - zero;
    if (!(digit >= 0 && digit <= 9)) return NaN;
    number = number * 10 + digit;
  }
  return number;
}

/** As `numberOf`, of an id that is bytes[from, to). */
export function numberOfBytes(bytes: Uint8Array, from: number, to: number): number {
  const length = to - from;
  if (length === 0 || length > digitsMost || (length > 1 && bytes[from] === zero)) return NaN;
  let number = 0;
  for (let at = from; at < to; at += 1) {
    const digit = bytes[at]! - zero;
    if (!(digit >= 0 && digit <= 9)) return NaN;
    number = number * 10 + digit;
  }
  return number;
}

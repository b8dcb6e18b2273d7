/** What the fields of a file without a header look like. */
import type { Head } from './head.js';

const kinds: Readonly<Record<string, RegExp>> = {
  int: /^\d+$/,
  decimal: /^-?\d*\.?\d+(?:[eE][+-]?\d+)?$/,
  /** Milliseconds or microseconds of this century. */
  epoch: /^1\d{12}(?:\d{3})?$/,
  bool: /^(?:true|false)$/i,
  /** Seconds since midnight. */
  seconds: /^\d{1,5}\.\d+$/,
  event: /^[1-7]$/,
  side: /^-?1$/,
};

/** Whether every record of the sample has fields of these kinds, in this order and no more: 'int decimal bool'. */
export function isShaped(head: Head, shape: string): boolean {
  const wanted = shape.split(' ').map((kind) => kinds[kind]!);
  if (head.form !== 'csv' || head.hasHeader || head.columns.length !== wanted.length || head.sample.length === 0) return false;
  return head.sample.every((record) => wanted.every((kind, field) => kind.test(record[field] ?? '')));
}

/** Windows and lengths of time, as the builder takes them. */
import { durationText } from '../plan/print.js';
import { wrong } from './wrong.js';

type Unit = 'ms' | 'millisecond' | 'second' | 'minute' | 'hour' | 'day';
/** `1 minute`, `30 seconds`, `250 ms`. */
export type Duration = `${number} ${Unit | `${Unit}s`}`;

const units: Readonly<Record<string, number>> = { ms: 1, millisecond: 1, second: 1_000, minute: 60_000, hour: 3_600_000, day: 86_400_000 };

/** Milliseconds. */
export function millisOf(duration: Duration, least = 1): number {
  const match = /^(\d+(?:\.\d+)?) (\w+?)s?$/.exec(duration === '1 ms' ? '1 millisecond' : duration.replace(/ ms$/, ' milliseconds'));
  const unit = units[match?.[2] ?? ''];
  const millis = match === null || unit === undefined ? NaN : Number(match[1]) * unit;
  if (Number.isSafeInteger(millis) && millis >= least) return millis;
  throw wrong(`${JSON.stringify(duration)} is no length of time; write it like '1 minute', '30 seconds' or '250 ms'`);
}

/** `INTERVAL '5' MINUTE`; Flink wants the number of digits beyond two. */
export function intervalText(millis: number): string {
  const text = durationText(millis);
  const digits = /^'(\d+)/.exec(text)![1]!.length;
  return `INTERVAL ${digits <= 2 ? text : `${text}(${digits})`}`;
}

/** Which windows rows are in. */
export interface Window {
  readonly name: 'TUMBLE' | 'HOP' | 'CUMULATE' | 'SESSION';
  /** Lengths as SQL takes them. */
  readonly lengths: readonly string[];
  /** SESSION: columns that tell sessions apart. */
  readonly by: readonly string[];
}

const aligned = (name: Window['name'], ...lengths: readonly number[]): Window => ({ name, lengths: lengths.map(intervalText), by: [] });

/** Windows of a fixed size, one after the other. */
export const tumble = (size: Duration, offset?: Duration): Window => aligned('TUMBLE', millisOf(size), ...(offset === undefined ? [] : [millisOf(offset)]));

/** Windows of `size`, a new one every `slide`. */
export const hop = (size: Duration, slide: Duration): Window => aligned('HOP', millisOf(slide), millisOf(size));

/** Windows that grow by `step` up to `size`, and begin anew. */
export const cumulate = (size: Duration, step: Duration): Window => aligned('CUMULATE', millisOf(step), millisOf(size));

/** Rows none further than `gap` from the next; `by` tells sessions apart. */
export const session = (gap: Duration, ...by: readonly string[]): Window => ({ ...aligned('SESSION', millisOf(gap)), by });

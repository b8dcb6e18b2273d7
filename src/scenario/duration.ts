/** Spans and points of event time as people write them. */
import { isEventTime } from '../core/event-time.js';

const units: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, min: 60_000, h: 3_600_000, d: 86_400_000 };

/** `500ms`, `10s`, `5m`, `1h`, `1d`, `1h30m`, or ISO 8601 (`PT5M`) in whole milliseconds, above 0; null for anything else. */
export function parseDuration(text: string): number | null {
  const plain = text.trim();
  const iso = /^P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d{1,3})?)S)?)?$/i.exec(plain);
  const parts: [string, number][] = iso !== null
    ? [[iso[1] ?? '0', units.d!], [iso[2] ?? '0', units.h!], [iso[3] ?? '0', units.m!], [iso[4] ?? '0', units.s!]]
    : /^(?:\d+(?:\.\d+)?(?:ms|s|min|m|h|d))+$/.test(plain)
      ? Array.from(plain.matchAll(/(\d+(?:\.\d+)?)(ms|s|min|m|h|d)/g), (match) => [match[1]!, units[match[2]!]!])
      : [];
  const millis = parts.reduce((sum, [amount, unit]) => sum + Math.round(Number(amount) * unit), 0);
  return millis > 0 && Number.isSafeInteger(millis) ? millis : null;
}

/** Epoch milliseconds, or an ISO date or date-time (UTC when it names no zone); null for anything else. */
export function parseEventTime(text: string): number | null {
  const plain = text.trim();
  if (/^-?\d{5,16}$/.test(plain)) return isEventTime(Number(plain)) ? Number(plain) : null;
  const match = /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?)(Z|[+-]\d{2}:?\d{2})?)?$/i.exec(plain);
  if (match === null) return null;
  const [, date, time = '00:00', zone = 'Z'] = match;
  // Beyond the millisecond nothing counts: event time is whole milliseconds.
  const clock = time.replace(/(\.\d{3})\d+$/, '$1');
  const colon = /^[+-]\d{4}$/.test(zone) ? `${zone.slice(0, 3)}:${zone.slice(3)}` : zone.toUpperCase();
  const millis = Date.parse(`${date}T${clock}${colon}`);
  // Date.parse takes the 31st of February for a day in March.
  const written = Date.parse(`${date}T00:00Z`);
  if (!Number.isFinite(millis) || new Date(written).toISOString().slice(0, 10) !== date) return null;
  return millis;
}

/** An event time for people: `2026-03-02 14:30:00.000`, UTC. */
export function formatEventTime(millis: number): string {
  if (millis === Infinity) return 'the end';
  const date = new Date(millis);
  return Number.isNaN(date.getTime()) ? 'no time yet' : date.toISOString().replace('T', ' ').replace('Z', '');
}

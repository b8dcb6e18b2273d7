/** What a generator is asked to put into its day for detectors to find, and how the user writes that. */
import { TapewrightError } from '../../core/errors.js';
import { nearest } from '../../core/nearest.js';

export const ANOMALY_TYPES = [
  'PRICE_SPIKE', 'VOLUME_SURGE', 'COMBINED_ANOMALY', 'SPREAD_WIDENING', 'FLASH_CRASH', 'STUCK_PRICE', 'FAT_FINGER', 'BURST', 'FEED_GAP',
] as const;
export type AnomalyType = (typeof ANOMALY_TYPES)[number];

/** How many of each type; a type that is not there is not injected. */
export type Injections = Readonly<Partial<Record<AnomalyType, number>>>;

/** One of a type every four minutes, at the most. */
export const INJECTIONS_MAX = 100;

export const noInjections: Injections = {};

/** An injected anomaly. Its rows lie in [from, to], both epoch ms; `symbol` is null where the whole market has it. */
export interface AnomalyLabel {
  readonly type: AnomalyType;
  readonly symbol: string | null;
  readonly from: number;
  readonly to: number;
  /** In the unit of its type: see datasets/us-equities-day/README.md. */
  readonly size: number;
}

/** `PRICE_SPIKE` as the user writes it: `price-spike`. */
export const injectionName = (type: AnomalyType): string => type.toLowerCase().replaceAll('_', '-');

/** `flash-crash:1,stuck-price:2` or `none`, the types in their own order: equal injections give equal texts. */
export function injectionsText(injections: Injections): string {
  const parts = ANOMALY_TYPES.filter((type) => (injections[type] ?? 0) > 0).map((type) => `${injectionName(type)}:${injections[type]}`);
  return parts.join(',') || 'none';
}

/** Reads what `injectionsText` writes, in any order; a type without a number is one of it. Throws USAGE. */
export function parseInjections(text: string): Injections {
  const injections: Partial<Record<AnomalyType, number>> = {};
  if (text === 'none') return injections;
  for (const part of text.split(',')) {
    const [, name, count] = /^([a-z-]+)(?::(\d+))?$/.exec(part) ?? [];
    const type = ANOMALY_TYPES.find((known) => injectionName(known) === name);
    const names = ANOMALY_TYPES.map(injectionName);
    if (type === undefined) {
      const meant = nearest(name ?? part, [...names, 'none']);
      const hint = meant === null ? `write none, or some of ${names.join(', ')}, e.g. flash-crash:1,stuck-price:2` : `did you mean '${meant}'?`;
      throw new TapewrightError('USAGE', `there is no '${part}' to inject; ${hint}`, { inject: text, known: names });
    }
    if (injections[type] !== undefined) throw new TapewrightError('USAGE', `${name} is to be injected twice in '${text}'; give one number`, { inject: text });
    const number = Number(count ?? 1);
    if (number > INJECTIONS_MAX) throw new TapewrightError('USAGE', `${name}:${count} is more than the ${INJECTIONS_MAX} of a type that fit into a day`, { inject: text });
    injections[type] = number;
  }
  return injections;
}

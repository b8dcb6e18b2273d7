/** Where anomalies are put into a day: by seed and numbers of each type alone, so that any number of rows has them at the same moments. */
import type { Surge } from './activity.js';
import { ANOMALY_TYPES, type AnomalyLabel, type AnomalyType, type Injections } from './injections.js';
import { Random } from './random.js';
import type { MarketSpec, Outage } from './spec.js';

/** One trade that stands out. */
export type PrintType = 'PRICE_SPIKE' | 'VOLUME_SURGE' | 'COMBINED_ANOMALY' | 'FAT_FINGER';

/** What happens to one instrument for a while. */
export type EpisodeType = 'SPREAD_WIDENING' | 'FLASH_CRASH' | 'STUCK_PRICE';

export interface Print {
  readonly type: PrintType;
  readonly instrument: number;
  /** Epoch ms. */
  readonly time: number;
  /** How far off the price, or how many times the usual size. */
  readonly size: number;
}

export interface Episode {
  readonly type: EpisodeType;
  /** Null: all instruments. */
  readonly instrument: number | null;
  /** Epoch ms, [from, to). */
  readonly from: number;
  readonly to: number;
  readonly size: number;
}

export interface DayPlan {
  /** In the order of their times, as all of these. */
  readonly prints: readonly Print[];
  readonly episodes: readonly Episode[];
  readonly surges: readonly Surge[];
  readonly outage: Outage;
  readonly labels: readonly AnomalyLabel[];
  /** Second of a release whose effect on prices and spreads is part of the day; null: there is none. */
  readonly news: number | null;
}

const SPIKE = 0.06;
const FINGER = 0.25;
const SURGE = 40;
const COMBINED = 4;
const WIDENING = 5;
const CRASH = 0.08;
const BURST = 10;
const NEWS_BURST = 12;

const SECONDS: Readonly<Record<'SPREAD_WIDENING' | 'FLASH_CRASH' | 'STUCK_PRICE' | 'BURST' | 'FEED_GAP', number>> = {
  SPREAD_WIDENING: 40, FLASH_CRASH: 420, STUCK_PRICE: 600, BURST: 30, FEED_GAP: 30,
};
const OUTAGE_SECONDS = 45;
/** Only in symbols of these ranks, where five minutes hold enough trades to stand out from. */
const BUSY = 16;
/** At the begin and the end of the core hours nothing is put in, so that there are minutes before and after it. */
const LEAD_SECONDS = 420;
const TAIL_SECONDS = 300;
const NEWS_SECONDS = 600;

/** Whether a type is a single trade. */
export const isPrint = (type: AnomalyType): type is PrintType => type === 'PRICE_SPIKE' || type === 'VOLUME_SURGE' || type === 'COMBINED_ANOMALY' || type === 'FAT_FINGER';
const isEpisode = (type: AnomalyType): type is EpisodeType => type === 'SPREAD_WIDENING' || type === 'FLASH_CRASH' || type === 'STUCK_PRICE';

export function planDay(spec: MarketSpec, seed: number, inject: Injections): DayPlan {
  const random = new Random(seed, -1);
  const moments = momentsOf(spec, random, inOrder(spec, inject));
  const surges: Surge[] = [];
  const episodes: Episode[] = [];
  const prints: Print[] = [];
  const labels: AnomalyLabel[] = [];
  const news = spec.news !== null && (inject.BURST ?? 0) > 0 ? spec.news : null;
  const label = (type: AnomalyType, instrument: number | null, from: number, to: number, size: number): void => {
    labels.push({ type, symbol: instrument === null ? null : spec.instruments[instrument]!.symbol, from, to, size });
  };
  const surge = (type: 'BURST' | 'FEED_GAP', from: number, seconds: number, factor: number, size: number): void => {
    surges.push({ from, to: from + seconds, factor });
    label(type, null, spec.from + from * 1000, spec.from + (from + seconds) * 1000 - 1, size);
  };
  const episode = (type: EpisodeType, instrument: number | null, from: number, seconds: number, size: number): void => {
    episodes.push({ type, instrument, from, to: from + seconds * 1000, size });
    label(type, instrument, from, from + seconds * 1000 - 1, size);
  };
  if (news !== null) {
    surge('BURST', news, NEWS_SECONDS, NEWS_BURST, NEWS_BURST);
    // The first minute is the wildest.
    surges.push({ from: news, to: news + 60, factor: 3 });
    if ((inject.SPREAD_WIDENING ?? 0) > 0) episode('SPREAD_WIDENING', null, spec.from + news * 1000, NEWS_SECONDS / 5, WIDENING);
  }
  for (const { type, second } of moments) {
    if (type === 'BURST') surge(type, second, SECONDS.BURST, BURST, BURST);
    else if (type === 'FEED_GAP') surge(type, second, SECONDS.FEED_GAP, 0, SECONDS.FEED_GAP);
  }
  let chosen: number[] = [];
  for (const { type, second } of moments) {
    // Not one of the last few again: what was put into it would still be in its five minutes.
    const busy = Array.from({ length: Math.min(BUSY, spec.instruments.length) }, (_, rank) => rank).filter((rank) => spec.instruments[rank]!.deviation > 0 && !chosen.includes(rank));
    const up = random.below(2) === 0 ? 1 : -1;
    const instrument = busy[random.below(busy.length)]!;
    if (isPrint(type) || isEpisode(type)) chosen = [...chosen, instrument].slice(-Math.min(6, busy.length - 1));
    const time = spec.from + second * 1000 + random.below(1000);
    if (isPrint(type)) {
      const print: Print = { type, instrument, time: outsideGaps(spec, surges, time), size: type === 'PRICE_SPIKE' ? up * SPIKE : type === 'FAT_FINGER' ? up * FINGER : type === 'VOLUME_SURGE' ? SURGE : COMBINED };
      prints.push(print);
      label(type, instrument, print.time, print.time, print.size);
    } else if (isEpisode(type)) {
      episode(type, instrument, time, SECONDS[type], type === 'FLASH_CRASH' ? -CRASH : type === 'STUCK_PRICE' ? SECONDS.STUCK_PRICE : WIDENING);
    }
  }
  const byFrom = <T extends { from: number }>(a: T, b: T): number => a.from - b.from;
  return {
    prints: prints.sort((a, b) => a.time - b.time), episodes: episodes.sort(byFrom), surges: surges.sort(byFrom),
    labels: labels.sort(byFrom), outage: outageOf(spec, random), news,
  };
}

/** In turn, so that the types are spread over the day. The first of what a release brings is not among them: it has its time. */
function inOrder(spec: MarketSpec, inject: Injections): AnomalyType[] {
  const released = spec.news !== null && (inject.BURST ?? 0) > 0;
  const count = (type: AnomalyType): number => (inject[type] ?? 0) - (released && (type === 'BURST' || type === 'SPREAD_WIDENING') ? 1 : 0);
  const rounds = Math.max(0, ...ANOMALY_TYPES.map(count));
  return Array.from({ length: rounds }, (_, round) => ANOMALY_TYPES.filter((type) => count(type) > round)).flat();
}

/** Each in the middle of its own part of the core hours, earlier if it would not be over in time. */
function momentsOf({ core }: MarketSpec, random: Random, types: readonly AnomalyType[]): { readonly type: AnomalyType; readonly second: number }[] {
  const from = core.from + LEAD_SECONDS;
  const to = core.to - TAIL_SECONDS;
  const part = (to - from) / types.length;
  return types.map((type, index) => {
    const lasts = isPrint(type) ? 0 : SECONDS[type];
    const second = from + Math.floor(part * (index + 0.2 + 0.4 * random.fraction()));
    return { type, second: Math.min(second, to - lasts) };
  });
}

/** A trade cannot be where the feed is silent: it comes five seconds after. */
function outsideGaps({ from }: MarketSpec, surges: readonly Surge[], time: number): number {
  let moved = time;
  for (const gap of surges) if (gap.factor === 0 && moved >= from + gap.from * 1000 && moved < from + gap.to * 1000) moved = from + gap.to * 1000 + 5000;
  return moved;
}

/** In the third quarter of the core hours: afternoon. */
function outageOf({ from, core, outageVenue }: MarketSpec, random: Random): Outage {
  const second = core.from + Math.floor((core.to - core.from) * (0.5 + 0.25 * random.fraction()));
  return { venue: outageVenue, from: from + second * 1000, to: from + (second + OUTAGE_SECONDS) * 1000 };
}

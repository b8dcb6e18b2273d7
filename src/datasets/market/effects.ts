/** What planned episodes do to prices, spreads and activity, at the time at hand. */
import type { DayPlan, Episode, EpisodeType } from './plan.js';

/** A crash falls faster and faster, stays down for a moment, and comes back fast at first. */
const FALL_MILLIS = 90_000;
const STAY_MILLIS = 30_000;

/** While it lasts, spreads are up to this much wider. */
const CRASH_WIDENING = 1.5;

/** A release moves all instruments one way for three steps of the course, and keeps them restless for ten minutes. */
const NEWS_MOVE_SECONDS = 15;
const NEWS_MOVE = 30;
const NEWS_UNREST_SECONDS = 600;
const NEWS_UNREST = 3;

export class Effects {
  #active: Episode[] = [];
  #next = 0;
  #time = 0;

  constructor(private readonly plan: DayPlan) {}

  /** Goes to `time` (epoch ms, never back). The instrument that draws a crowd, -1 for none. */
  enter(time: number): number {
    const { episodes } = this.plan;
    this.#time = time;
    while (this.#next < episodes.length && episodes[this.#next]!.from <= time) {
      this.#active.push(episodes[this.#next]!);
      this.#next += 1;
    }
    if (this.#active.length === 0) return -1;
    if (this.#active.some(({ to }) => to <= time)) this.#active = this.#active.filter(({ to }) => to > time);
    return this.#active.find(({ type }) => type === 'FLASH_CRASH')?.instrument ?? -1;
  }

  /** Whether the feed repeats one price of the instrument. */
  stuck(instrument: number): boolean {
    return this.#has('STUCK_PRICE', instrument);
  }

  /** Whether nobody trades at the quoted prices, as they are too far apart. */
  widened(instrument: number): boolean {
    return this.#has('SPREAD_WIDENING', instrument);
  }

  /** Whether everyone sells. */
  falling(instrument: number): boolean {
    return this.#active.length > 0 && this.#active.some((episode) => isCrashOf(instrument, episode) && this.#time < episode.from + FALL_MILLIS);
  }

  priceFactor(instrument: number): number {
    let factor = 1;
    for (const episode of this.#active) if (isCrashOf(instrument, episode)) factor += episode.size * depth(episode, this.#time);
    return factor;
  }

  spreadFactor(instrument: number): number {
    let factor = 1;
    for (const episode of this.#active) {
      if (episode.type === 'SPREAD_WIDENING' && concerns(instrument, episode)) factor *= episode.size;
      else if (isCrashOf(instrument, episode)) factor *= 1 + CRASH_WIDENING * depth(episode, this.#time);
    }
    return factor;
  }

  #has(type: EpisodeType, instrument: number): boolean {
    return this.#active.length > 0 && this.#active.some((episode) => episode.type === type && concerns(instrument, episode));
  }

  /** What a release adds to the moves of a step of the course that begins at `second`, in deviations of a step. */
  shock(second: number): number {
    const { news } = this.plan;
    return news !== null && second >= news && second < news + NEWS_MOVE_SECONDS ? NEWS_MOVE : 0;
  }

  /** By how much moves are larger than usual for the hour. */
  unrest(second: number): number {
    const { news } = this.plan;
    if (news === null || second < news || second >= news + NEWS_UNREST_SECONDS) return 1;
    const left = 1 - (second - news) / NEWS_UNREST_SECONDS;
    return 1 + NEWS_UNREST * left * left;
  }
}

const concerns = (instrument: number, episode: Episode): boolean => episode.instrument === null || episode.instrument === instrument;
const isCrashOf = (instrument: number, episode: Episode): boolean => episode.type === 'FLASH_CRASH' && episode.instrument === instrument;

/** Of a crash's size, from 0 to 1 and back. */
function depth({ from, to }: Episode, time: number): number {
  const since = time - from;
  if (since < FALL_MILLIS) return (since / FALL_MILLIS) * (since / FALL_MILLIS);
  if (since < FALL_MILLIS + STAY_MILLIS) return 1;
  const left = Math.max(0, to - time) / (to - from - FALL_MILLIS - STAY_MILLIS);
  return left * left;
}

/**
 * What is fixed about the generated trading day, however many rows it has: instruments, venues, the course of
 * each price, and where the anomalies are. Depends on the seed alone. Prices are whole ticks of 0.01.
 */
import type { AnomalyLabel, Injections } from '../market/injections.js';
import { Random } from './random.js';

/** Monday 2026-03-02, 09:30 to 16:00 in New York, which is UTC-5 on that day. Epoch ms. */
export const SESSION_OPEN = 1772461800000;
export const SESSION_CLOSE = 1772485200000;

export const VENUES = ['XNAS', 'XNYS', 'ARCX', 'BATS', 'EDGX', 'MEMX', 'IEXG', 'BATY', 'EDGA', 'XASE'] as const;

/** Trades of this one are always at one price, which is no binary fraction: its deviation must come out as 0. */
export const CONSTANT_SYMBOL = 'PEGD';
export const CONSTANT_PRICE_TICKS = 10010;

/** Most popular first: instrument k is drawn in proportion to 1 / (k + 1). The rest of the tickers are made up. */
const LEADERS = (
  'AAPL TSLA NVDA MSFT AMZN AMD META GOOGL PLTR INTC BAC F NFLX AVGO SPY QQQ T WFC CSCO PFE ' +
  `XOM DIS UBER ORCL ${CONSTANT_SYMBOL} JPM MU C KO GE BA WMT CVX SBUX NKE HD V MA CRM ADBE`
).split(' ');

const INSTRUMENTS = 500;
const LETTERS = 26 * 26 * 26;
const STEP_MILLIS = 10_000;
/** Of a price's move within ten seconds, the part that stays. */
const SLOW_SHARE = 0.25;
/** Bound of the part that fades, in deviations of one such move. */
const FAST_STEPS_MAX = 2.5;
const STEPS = (SESSION_CLOSE - SESSION_OPEN) / STEP_MILLIS;

export type AnomalyKind = 'PRICE_SPIKE' | 'VOLUME_SURGE' | 'COMBINED_ANOMALY' | 'SPREAD_WIDENING';
export const ANOMALY_KINDS: readonly AnomalyKind[] = ['PRICE_SPIKE', 'VOLUME_SURGE', 'COMBINED_ANOMALY', 'SPREAD_WIDENING'];
const ANOMALIES_OF_A_KIND = 6;

/** An injected anomaly: the one TRADE of `symbol` that was made to stand out at `eventTime` (epoch ms). */
export interface PlannedAnomaly {
  readonly kind: AnomalyKind;
  readonly symbol: string;
  readonly eventTime: number;
}

export interface Market {
  readonly symbols: readonly string[];
  /** Usual distance between bid and ask, by instrument. */
  readonly spreadTicks: Int32Array;
  /** Price of instrument k at `SESSION_OPEN + step · 10 s` is `path[k · pathSteps + step]`; between, on a line. */
  readonly path: Float64Array;
  readonly pathSteps: number;
  /** Ascending by event time, more than five minutes apart. */
  readonly anomalies: readonly PlannedAnomaly[];
}

export function usEquitiesMarket(seed: number, inject: Injections = usEquitiesDayInjections): Market {
  const symbols = tickers();
  const spreadTicks = new Int32Array(INSTRUMENTS);
  const pathSteps = STEPS + 1;
  const path = new Float64Array(INSTRUMENTS * pathSteps);
  for (let instrument = 0; instrument < INSTRUMENTS; instrument += 1) {
    // A stream for each instrument, so that one more of them would not change the others.
    const random = new Random(seed, instrument + 1);
    const constant = symbols[instrument] === CONSTANT_SYMBOL;
    const open = constant ? CONSTANT_PRICE_TICKS : instrument < LEADERS.length ? 6000 + random.below(40_000) : 1500 + random.below(1 << (10 + random.below(6)));
    spreadTicks[instrument] = constant ? 2 : 2 + Math.floor(open / 8000) + random.below(1 + Math.floor(instrument / 100));
    const dayDeviation = constant ? 0 : open * (0.006 + 0.012 * random.fraction());
    walk(path.subarray(instrument * pathSteps, (instrument + 1) * pathSteps), open, dayDeviation, random);
  }
  return { symbols, spreadTicks, path, pathSteps, anomalies: plannedAnomalies(seed, symbols, kindsOf(inject)) };
}

/**
 * A slow random walk, drawn back to where it opened so that a day stays a day whatever the seed, and a faster
 * deviation from it, bounded, that fades within a minute: most of what moves within five minutes comes back, so
 * that few prices stand out by more than three deviations of their own accord.
 */
function walk(path: Float64Array, open: number, dayDeviation: number, random: Random): void {
  const stepDeviation = dayDeviation / Math.sqrt(STEPS);
  let slow = open;
  let fast = 0;
  for (let step = 0; step < path.length; step += 1) {
    path[step] = slow + fast;
    slow += SLOW_SHARE * stepDeviation * random.bell() + (open - slow) / STEPS;
    const moved = 0.75 * fast + stepDeviation * random.bell();
    fast = Math.max(-FAST_STEPS_MAX * stepDeviation, Math.min(FAST_STEPS_MAX * stepDeviation, moved));
  }
}

/** Leaders, then three letters in an order that looks like none: 7919 and 17576 share no factor. */
function tickers(): string[] {
  const symbols = [...LEADERS];
  const taken = new Set(symbols);
  for (let number = 0; symbols.length < INSTRUMENTS; number += 1) {
    const code = (number * 7919 + 4242) % LETTERS;
    const letter = (place: number) => String.fromCharCode(65 + (Math.floor(code / place) % 26));
    const symbol = letter(676) + letter(26) + letter(1);
    if (!taken.has(symbol)) symbols.push(symbol);
  }
  return symbols;
}

/** One in each of equal parts of the session, in the middle half of its part; only in busy symbols, where five minutes hold enough trades. */
function plannedAnomalies(seed: number, symbols: readonly string[], kinds: readonly AnomalyKind[]): PlannedAnomaly[] {
  const random = new Random(seed, -1);
  const busy = symbols.slice(0, 16);
  const count = kinds.length;
  const part = (SESSION_CLOSE - SESSION_OPEN) / count;
  return Array.from({ length: count }, (_, index) => ({
    kind: kinds[index]!,
    symbol: busy[random.below(busy.length)]!,
    eventTime: SESSION_OPEN + Math.floor(part * (index + 0.25 + 0.5 * random.fraction())),
  }));
}

/** What a day has in it unless told otherwise. */
export const usEquitiesDayInjections: Injections = Object.fromEntries(ANOMALY_KINDS.map((kind) => [kind, ANOMALIES_OF_A_KIND]));

/** In turn, so that the kinds are spread over the day. */
function kindsOf(inject: Injections): AnomalyKind[] {
  const rounds = Math.max(0, ...ANOMALY_KINDS.map((kind) => inject[kind] ?? 0));
  return Array.from({ length: rounds }, (_, round) => ANOMALY_KINDS.filter((kind) => (inject[kind] ?? 0) > round)).flat();
}

/** Where the generator puts anomalies for this seed, whatever the number of rows (from about 10,000 up). */
export function usEquitiesDayLabels(seed: number, inject: Injections = usEquitiesDayInjections): readonly AnomalyLabel[] {
  return plannedAnomalies(seed, tickers(), kindsOf(inject)).map(({ kind, symbol, eventTime }) => ({ type: kind, symbol, from: eventTime, to: eventTime, size: 1 }));
}

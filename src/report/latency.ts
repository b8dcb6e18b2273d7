/** The latencies of live runs over time, layer by layer, held against the budget. */
import { readLatencies, type LatencyInterval } from '../live/latency-file.js';
import { Latencies, layers, type LayerName, type Percentiles } from '../live/latency.js';

/** Milliseconds, but for counts; `from` is epoch ms. */
export interface LatencyPoint extends Percentiles {
  readonly from: number;
}

export interface LayerReport {
  readonly name: LayerName;
  readonly title: string;
  /** For the 99th percentile; null: the layer has none. */
  readonly budget: number | null;
  readonly met: boolean | null;
  readonly whole: Percentiles;
  /** Points whose 99th percentile is over the budget. */
  readonly pointsOver: number;
  readonly points: readonly LatencyPoint[];
}

/** Times are epoch ms. */
export interface LatencyReport {
  readonly directories: readonly string[];
  readonly from: number;
  readonly to: number;
  readonly rows: number;
  /** Rows that were sent before the run first began; they are in no percentile. */
  readonly backlog: number;
  /** Milliseconds that one point stands for. */
  readonly pointMillis: number;
  /** Whether every layer that has a budget keeps it over the whole. */
  readonly met: boolean;
  readonly layers: readonly LayerReport[];
}

const pointsMax = 720;
const pointWidths = [10, 20, 30, 60, 120, 300, 600, 1800, 3600, 7200, 21_600, 86_400].map((seconds) => seconds * 1000);

/** @throws BUNDLE_INVALID */
export async function latencyReport(directories: readonly string[]): Promise<LatencyReport> {
  const intervals = (await Promise.all(directories.map(readLatencies))).flat();
  return reportOf(directories, intervals);
}

export function reportOf(directories: readonly string[], intervals: readonly LatencyInterval[]): LatencyReport {
  const from = intervals.reduce((least, interval) => Math.min(least, interval.from), Infinity);
  const to = intervals.reduce((most, interval) => Math.max(most, interval.to), -Infinity);
  const pointMillis = pointWidths.find((width) => (to - from) / width <= pointsMax) ?? pointWidths[pointWidths.length - 1]!;
  const whole = new Latencies();
  const points = new Map<number, Latencies>();
  for (const { from: begun, latencies } of intervals) {
    const at = Math.floor(begun / pointMillis) * pointMillis;
    const point = points.get(at) ?? new Latencies();
    points.set(at, point);
    point.merge(latencies);
    whole.merge(latencies);
  }
  const inOrder = [...points].sort(([a], [b]) => a - b);
  const reports = layers.flatMap(({ name, title, budget }): LayerReport[] => {
    const all = whole.percentiles(name);
    if (all === null) return [];
    const series = inOrder.flatMap(([at, latencies]) => {
      const found = latencies.percentiles(name);
      return found === null ? [] : [{ from: at, ...found }];
    });
    return [{ name, title, budget, met: budget === null ? null : all.p99 <= budget, whole: all, pointsOver: budget === null ? 0 : series.filter(({ p99 }) => p99 > budget).length, points: series }];
  });
  const sum = (count: (interval: LatencyInterval) => number): number => intervals.reduce((total, interval) => total + count(interval), 0);
  return { directories, from, to, rows: sum(({ rows }) => rows), backlog: sum(({ backlog }) => backlog), pointMillis, met: reports.every(({ met }) => met !== false), layers: reports };
}

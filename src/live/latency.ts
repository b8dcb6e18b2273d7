/** How long rows take on their way through a live run, layer by layer, as HDR histograms of microseconds. */
import { build, decodeFromCompressedBase64, encodeIntoCompressedBase64, type Histogram } from 'hdr-histogram-js';

/** Parts of the way of a row, and the whole of it. */
export const layerNames = ['acknowledge', 'fetch', 'output', 'commit', 'total'] as const;
export type LayerName = (typeof layerNames)[number];

export interface Layer {
  readonly name: LayerName;
  readonly title: string;
  /** What 99 of 100 rows are to keep, milliseconds; null: it has no budget of its own. */
  readonly budget: number | null;
}

/** The budgets: producer 1 ms and Kafka 5 ms, processing 50 ms, 100 ms from send to what everyone can read. */
export const layers: readonly Layer[] = [
  { name: 'acknowledge', title: 'send to acknowledged', budget: 6 },
  { name: 'fetch', title: 'send to fetched', budget: 6 },
  { name: 'output', title: 'fetched to output', budget: 50 },
  { name: 'commit', title: 'output to committed', budget: null },
  { name: 'total', title: 'send to committed', budget: 100 },
];

/** An hour: what takes longer counts as one. Microseconds. */
const microsMax = 3_600_000_000;

const emptyHistogram = (): Histogram => build({ bitBucketSize: 32, lowestDiscernibleValue: 1, highestTrackableValue: microsMax, numberOfSignificantValueDigits: 3 });

/** Milliseconds at those shares of the rows. */
export interface Percentiles {
  readonly count: number;
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly p999: number;
  readonly max: number;
}

/** Histograms of the layers that have any rows. Values are milliseconds outside and microseconds within. */
export class Latencies {
  readonly #histograms = new Map<LayerName, Histogram>();

  get isEmpty(): boolean {
    return this.#histograms.size === 0;
  }

  /** `rows` rows took so long. Less than nothing, which clocks of two machines can give, counts as nothing. */
  add(layer: LayerName, millis: number, rows: number): void {
    if (rows > 0) this.#of(layer).recordValueWithCount(Math.min(microsMax, Math.max(0, Math.round(millis * 1000))), rows);
  }

  merge(other: Latencies): void {
    for (const [layer, histogram] of other.#histograms) this.#of(layer).add(histogram);
  }

  percentiles(layer: LayerName): Percentiles | null {
    const histogram = this.#histograms.get(layer);
    if (histogram === undefined) return null;
    const max = histogram.maxValue;
    // A percentile is the upper end of its bucket, which may lie above the greatest value.
    const at = (percentile: number): number => Math.min(max, histogram.getValueAtPercentile(percentile)) / 1000;
    return { count: histogram.totalCount, p50: at(50), p90: at(90), p99: at(99), p999: at(99.9), max: max / 1000 };
  }

  /** By layer, as HDR's own compressed text. */
  encoded(): Readonly<Record<string, string>> {
    return Object.fromEntries([...this.#histograms].map(([layer, histogram]) => [layer, encodeIntoCompressedBase64(histogram)]));
  }

  /** @throws Error where a text is no histogram. */
  static decoded(texts: Readonly<Record<string, string>>): Latencies {
    const latencies = new Latencies();
    for (const layer of layerNames) if (texts[layer] !== undefined) latencies.#of(layer).add(decodeFromCompressedBase64(texts[layer]));
    return latencies;
  }

  #of(layer: LayerName): Histogram {
    let histogram = this.#histograms.get(layer);
    if (histogram === undefined) this.#histograms.set(layer, histogram = emptyHistogram());
    return histogram;
  }
}

/** One look at a live run: what a line of `--json` holds, what the screen draws. */
import type { LayerName, Percentiles } from './latency.js';
import type { BrokerWatch } from './meter-brokers.js';
import { keyOf, type LaneStatus, type LiveMeter, type LiveTotals } from './meter.js';

export interface LaneLook extends LaneStatus {
  /** Messages that are there and not taken yet; null: the brokers have not said. */
  readonly lag: number | null;
}

/** Times are epoch ms, rates are of the time since the look before. */
export interface LiveStatus extends Omit<LiveTotals, 'outputRows'> {
  readonly group: string;
  readonly at: number;
  readonly upSeconds: number;
  readonly rowsPerSecond: number;
  readonly outputsPerSecond: number;
  readonly outputs: readonly { readonly table: string; readonly rows: number }[];
  readonly lag: number | null;
  readonly lanes: readonly LaneLook[];
  /** Of the last ten to twenty seconds, milliseconds. */
  readonly latency: Readonly<Partial<Record<LayerName, Percentiles>>>;
  /** Share of the time in which steps could not take all that was waiting, of the lane that has it worst. */
  readonly backpressure: number;
  readonly longestPauseMillis: number;
  readonly rssBytes: number;
}

export interface StatusParts {
  readonly group: string;
  readonly tables: readonly string[];
  readonly meter: LiveMeter;
  readonly brokers: Pick<BrokerWatch, 'ends'>;
}

export class StatusTaker {
  readonly #begun = performance.now();
  #before = { at: performance.now(), rows: 0, outputs: 0, backpressure: new Map<number, number>() };

  constructor(private readonly parts: StatusParts) {}

  take(longestPauseMillis: number): LiveStatus {
    const { group, tables, meter, brokers } = this.parts;
    const { outputRows, ...totals } = meter.totals;
    const now = performance.now();
    const millis = Math.max(1, now - this.#before.at);
    const outputs = outputRows.reduce((sum, rows) => sum + rows, 0);
    const before = this.#before;
    const lanes = meter.lanes.map((lane) => ({ ...lane, lag: lagOf(lane, brokers.ends) }));
    this.#before = { at: now, rows: totals.rows, outputs, backpressure: new Map(lanes.map(({ lane, backpressureMillis }) => [lane, backpressureMillis])) };
    const pressed = Math.max(0, ...lanes.map(({ lane, backpressureMillis }) => backpressureMillis - (before.backpressure.get(lane) ?? 0)));
    return {
      group, at: Date.now(), upSeconds: Math.round((now - this.#begun) / 100) / 10, ...totals,
      rowsPerSecond: Math.round(((totals.rows - before.rows) * 1000) / millis), outputsPerSecond: Math.round(((outputs - before.outputs) * 1000) / millis),
      outputs: tables.map((table, index) => ({ table, rows: outputRows[index]! })),
      lag: lanes.some(({ lag }) => lag === null) ? null : lanes.reduce((sum, { lag }) => sum + lag!, 0),
      lanes, latency: Object.fromEntries(meter.recent), backpressure: Math.min(1, Math.round((pressed * 1000) / millis) / 1000),
      longestPauseMillis: Math.round(longestPauseMillis * 10) / 10, rssBytes: process.memoryUsage.rss(),
    };
  }
}

/** The end that the brokers told may be older than the position. */
export function lagOf({ positions }: Pick<LaneStatus, 'positions'>, ends: ReadonlyMap<string, number>): number | null {
  let lag = 0;
  for (const position of positions) {
    const end = ends.get(keyOf(position));
    if (end === undefined) return null;
    lag += Math.max(0, end - position.offset);
  }
  return lag;
}

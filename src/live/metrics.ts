/** A live run for Prometheus. Everything is taken from the meter at the moment of asking. */
import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics, type Metric } from 'prom-client';
import type { BrokerWatch } from './meter-brokers.js';
import { lagOf } from './meter-status.js';
import type { LiveMeter } from './meter.js';

export interface MetricsParts {
  readonly group: string;
  readonly tables: readonly string[];
  readonly meter: LiveMeter;
  readonly brokers: BrokerWatch;
  /** Milliseconds between checkpoints. */
  readonly checkpointEvery: number;
  /** The longest pause of the event loop of late, milliseconds. */
  readonly longestPause: () => number;
}

const seconds = [0.001, 0.002, 0.005, 0.01, 0.02, 0.03, 0.04, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.5, 1, 2, 5, 10, 60];

type Values = readonly (readonly [labels: Readonly<Record<string, string>>, value: number])[];

export function liveMetrics(parts: MetricsParts): Registry {
  const { meter, group, tables, brokers, checkpointEvery, longestPause } = parts;
  const registry = new Registry();
  registry.setDefaultLabels({ group });
  collectDefaultMetrics({ register: registry });
  const counter = (name: string, help: string, labelNames: readonly string[], values: () => Values): void => {
    new Counter({ name, help, labelNames: [...labelNames], registers: [registry], collect() {
      this.reset();
      for (const [labels, value] of values()) this.inc(labels, value);
    } });
  };
  const gauge = (name: string, help: string, labelNames: readonly string[], values: () => Values): void => {
    new Gauge({ name, help, labelNames: [...labelNames], registers: [registry], collect() {
      this.reset();
      for (const [labels, value] of values()) this.set(labels, value);
    } });
  };
  const { totals } = meter;
  counter('tapewright_records_consumed_total', 'Records taken from the input.', ['topic', 'partition'], () => [...meter.consumed].map(([key, rows]) => [labelsOf(key), rows]));
  counter('tapewright_output_rows_total', 'Rows of outputs that are committed.', ['table'], () => tables.map((table, index) => [{ table }, totals.outputRows[index]!]));
  counter('tapewright_steps_total', 'Steps, which are transactions, that are committed.', [], () => [[{}, totals.steps]]);
  counter('tapewright_late_rows_total', 'Rows that an operator refused as late.', [], () => [[{}, totals.late]]);
  counter('tapewright_dead_letters_total', 'Messages and rows that could not be used.', [], () => [[{}, totals.deadLetters]]);
  counter('tapewright_change_gaps_total', 'Gaps in the changes of captured databases.', [], () => [[{}, totals.changeGaps]]);
  counter('tapewright_backlog_records_total', 'Records that were sent before the group first ran; they are in no latency.', [], () => [[{}, totals.backlog]]);
  counter('tapewright_lanes_taken_total', 'Lanes taken, and taken again after a failure.', [], () => [[{}, totals.taken]]);
  counter('tapewright_backpressure_seconds_total', 'Time in which steps could not take all that was waiting.', ['lane'], () => meter.lanes.map(({ lane, backpressureMillis }) => [{ lane: String(lane) }, backpressureMillis / 1000]));
  gauge('tapewright_consumer_lag', 'Records that are there and not taken yet.', ['topic', 'partition'], () => meter.lanes.flatMap(({ positions }) => positions.flatMap((position) => {
    const lag = lagOf({ positions: [position] }, brokers.ends);
    return lag === null ? [] : [[{ topic: position.topic, partition: String(position.partition) }, lag] as const];
  })));
  gauge('tapewright_watermark_lag_seconds', 'How far the watermark is behind the wall clock.', ['lane'], () => meter.lanes.flatMap(({ lane, watermark }) => (watermark === null ? [] : [[{ lane: String(lane) }, (Date.now() - watermark) / 1000] as const])));
  gauge('tapewright_under_replicated_partitions', 'Partitions of the input of which a replica is not in sync.', ['topic'], () => [...brokers.underReplicated].map(([topic, count]) => [{ topic }, count]));
  gauge('tapewright_checkpoint_interval_seconds', 'Time between checkpoints, as asked.', [], () => [[{}, checkpointEvery / 1000]]);
  gauge('tapewright_checkpoint_bytes', 'Size of the last checkpoint.', ['lane'], () => meter.lanes.flatMap(({ lane, checkpoint }) => (checkpoint === null ? [] : [[{ lane: String(lane) }, checkpoint.bytes] as const])));
  gauge('tapewright_checkpoint_age_seconds', 'Time since the last checkpoint.', ['lane'], () => meter.lanes.flatMap(({ lane, checkpoint }) => (checkpoint === null ? [] : [[{ lane: String(lane) }, (Date.now() - checkpoint.at) / 1000] as const])));
  gauge('tapewright_checkpoint_last_seconds', 'How long the last checkpoint took.', ['lane'], () => meter.lanes.flatMap(({ lane, checkpoint }) => (checkpoint === null ? [] : [[{ lane: String(lane) }, checkpoint.millis / 1000] as const])));
  gauge('tapewright_event_loop_pause_seconds', 'The longest pause of the event loop in the last minute.', [], () => [[{}, longestPause() / 1000]]);
  observe(registry, meter);
  return registry;
}

function observe(registry: Registry, meter: LiveMeter): void {
  const registers = [registry];
  const total = new RowHistogram('tapewright_end_to_end_latency_seconds', 'From the send of a row to the commit of its step.', false);
  const byLayer = new RowHistogram('tapewright_layer_latency_seconds', 'The parts of it: fetch, output, commit.', true);
  for (const metric of [total, byLayer]) registry.registerMetric(metric as unknown as Metric);
  const commit = new Histogram({ name: 'tapewright_commit_seconds', help: 'One transaction: outputs, journal and offsets.', buckets: seconds, registers });
  const checkpoint = new Histogram({ name: 'tapewright_checkpoint_seconds', help: 'One checkpoint, from the snapshot to the name in the folder.', buckets: seconds, registers });
  meter.onLatency = (layer, millis, rows) => {
    (layer === 'total' ? total : byLayer).observeRows(layer, millis / 1000, rows);
  };
  meter.onCommit = (millis) => commit.observe(millis / 1000);
  meter.onCheckpointed = ({ millis }) => checkpoint.observe(millis / 1000);
}

function labelsOf(key: string): Readonly<Record<string, string>> {
  const slash = key.lastIndexOf('/');
  return { topic: key.slice(0, slash), partition: key.slice(slash + 1) };
}

/** A histogram that takes many rows of one value at once, which the client's own does not: the part of a metric that a registry asks for. */
class RowHistogram {
  readonly type = 'histogram';
  readonly aggregator = 'sum';
  readonly #counts = new Map<string, { readonly buckets: number[]; sum: number; count: number }>();

  constructor(readonly name: string, readonly help: string, private readonly isLabelled: boolean) {
    if (!isLabelled) this.#of('');
  }

  /** `layer`: the label, where the metric has one. */
  observeRows(layer: string, value: number, rows: number): void {
    const counts = this.#of(this.isLabelled ? layer : '');
    counts.count += rows;
    counts.sum += Math.max(0, value) * rows;
    const bucket = seconds.findIndex((bound) => value <= bound);
    if (bucket >= 0) counts.buckets[bucket]! += rows;
  }

  get(): Promise<unknown> {
    const { name, help, aggregator } = this;
    const values = [...this.#counts].flatMap(([layer, { buckets, sum, count }]) => {
      const labels = this.isLabelled ? { layer } : {};
      let below = 0;
      const cumulative = seconds.map((le, index) => ({ metricName: `${name}_bucket`, labels: { ...labels, le }, value: below += buckets[index]! }));
      return [...cumulative, { metricName: `${name}_bucket`, labels: { ...labels, le: '+Inf' }, value: count }, { metricName: `${name}_sum`, labels, value: sum }, { metricName: `${name}_count`, labels, value: count }];
    });
    return Promise.resolve({ name, help, type: this.type, aggregator, values });
  }

  reset(): void {
    this.#counts.clear();
  }

  #of(layer: string): { readonly buckets: number[]; sum: number; count: number } {
    let counts = this.#counts.get(layer);
    if (counts === undefined) this.#counts.set(layer, counts = { buckets: seconds.map(() => 0), sum: 0, count: 0 });
    return counts;
  }
}

/** What is known of a live run while it goes on: told by the lanes, read by the screen, the metrics and the JSON lines. */
import type { Pipeline } from '../plan/plan.js';
import type { CommittedStep, LaneEvents, LanePhase } from './lane.js';
import type { LatencyInterval } from './latency-file.js';
import { Latencies, layerNames, type LayerName, type Percentiles } from './latency.js';
import type { LogPosition } from './log.js';
import { WallClock } from './meter-clock.js';

export interface Checkpointed {
  readonly seq: number;
  readonly bytes: number;
  readonly millis: number;
  /** Epoch ms. */
  readonly at: number;
}

export interface LaneStatus {
  readonly lane: number;
  readonly phase: LanePhase;
  /** Of the last step that is committed; -1: none. */
  readonly seq: number;
  readonly rows: number;
  /** Next offsets. */
  readonly positions: readonly LogPosition[];
  /** Epoch ms of the last step; null: none yet, or the tables have none. */
  readonly watermark: number | null;
  readonly checkpoint: Checkpointed | null;
  /** Time in which a step could not take all that was waiting. */
  readonly backpressureMillis: number;
}

/** Since the process began. */
export interface LiveTotals {
  readonly rows: number;
  /** Rows that were sent before the group first ran. */
  readonly backlog: number;
  readonly steps: number;
  readonly late: number;
  readonly deadLetters: number;
  /** Of the changes of captured databases. */
  readonly changeGaps: number;
  /** By output, in table order. */
  readonly outputRows: readonly number[];
  /** Lanes taken, restarts among them. */
  readonly taken: number;
}

type Mutable<T> = { -readonly [Member in keyof T]: T[Member] };

interface Lane {
  readonly status: Mutable<Omit<LaneStatus, 'positions'>>;
  /** When its last step began. */
  begun: number;
  /** Of its inputs. */
  topics: readonly string[];
  /** By topic, in the order of the engine's partitions. */
  positions: Map<string, Mutable<LogPosition>[]>;
}

export class LiveMeter implements LaneEvents {
  readonly totals: Mutable<LiveTotals>;
  /** Records by topic and partition. */
  readonly consumed = new Map<string, number>();
  /** Told each time that rows took so long, for those who count in buckets. */
  onLatency: (layer: LayerName, millis: number, rows: number) => void = () => undefined;
  onCommit: (millis: number) => void = () => undefined;
  onCheckpointed: (checkpoint: Checkpointed) => void = () => undefined;
  readonly #lanes = new Map<number, Lane>();
  readonly #clock = new WallClock();
  readonly #topics: readonly string[];
  #current = { from: 0, rows: 0, backlog: 0, latencies: new Latencies() };
  /** The interval before: what is shown is of both. */
  #last = new Latencies();

  /** `begun`: when the group first ran, epoch ms; rows sent before waited for it and are no measure of it. */
  constructor(pipeline: Pipeline, private readonly begun: number) {
    this.#topics = pipeline.sources.map(({ options }) => options['topic'] ?? '');
    this.totals = { rows: 0, backlog: 0, steps: 0, late: 0, deadLetters: 0, changeGaps: 0, outputRows: pipeline.sinks.map(() => 0), taken: 0 };
    this.#current.from = Date.now();
  }

  /** Those that are this process's. */
  get lanes(): readonly LaneStatus[] {
    return [...this.#lanes.values()].map(({ status, positions }) => ({ ...status, positions: [...positions.values()].flat() })).sort((a, b) => a.lane - b.lane);
  }

  /** Of the last ten to twenty seconds. */
  get recent(): ReadonlyMap<LayerName, Percentiles> {
    const both = new Latencies();
    both.merge(this.#last);
    both.merge(this.#current.latencies);
    return new Map(layerNames.flatMap((layer) => {
      const found = both.percentiles(layer);
      return found === null ? [] : [[layer, found] as const];
    }));
  }

  /** What was measured since the last call. */
  takeInterval(): LatencyInterval {
    const to = Date.now();
    const interval = { ...this.#current, to };
    this.#last = interval.latencies;
    this.#current = { from: to, rows: 0, backlog: 0, latencies: new Latencies() };
    return interval;
  }

  phase(lane: number, phase: LanePhase, seq: number): void {
    const { status } = this.#laneOf(lane);
    status.phase = phase;
    if (phase === 'taken') {
      this.totals.taken += 1;
      status.seq = seq;
    } else if (phase === 'committed') status.seq = seq;
    // Another process may have it from here on: what it lacks is no lag of ours.
    else if (phase === 'left') this.#lanes.delete(lane);
  }

  committed(): void {
    // All of it is in onStep.
  }

  onTaken(lane: number, positions: readonly LogPosition[], topics = this.#topics): void {
    const found = this.#laneOf(lane);
    found.topics = topics;
    found.positions = new Map(topics.map((topic) => [topic, positions.filter((position) => position.topic === topic).map((position) => ({ ...position }))]));
    found.begun = performance.now();
  }

  onChangesGap(): void {
    this.totals.changeGaps += 1;
  }

  onCheckpoint(lane: number, checkpoint: Omit<Checkpointed, 'at'>): void {
    const done = { ...checkpoint, at: Date.now() };
    this.#laneOf(lane).status.checkpoint = done;
    this.onCheckpointed(done);
  }

  onStep(lane: number, step: CommittedStep): void {
    const found = this.#laneOf(lane);
    const { totals } = this;
    const { result, record, times } = step;
    totals.steps += 1;
    totals.late += result.late.length;
    totals.deadLetters += result.deadLetters.length;
    for (const { table, batch } of result.outputs) (totals.outputRows as number[])[table]! += batch.length;
    found.status.watermark = leastMark(record.watermarks);
    this.#countRows(found, step);
    this.#measure(step);
    this.onCommit(times.committed - times.applied);
  }

  #countRows(lane: Lane, { pieces, times }: CommittedStep): void {
    let rows = 0;
    let oldest = Infinity;
    for (const { input, partition, records, at } of pieces) {
      rows += records.length;
      if (at !== undefined && at < oldest) oldest = at;
      const position = lane.positions.get(lane.topics[input]!)?.[partition];
      if (position === undefined) continue;
      position.offset = records[records.length - 1]!.offset + 1;
      this.consumed.set(keyOf(position), (this.consumed.get(keyOf(position)) ?? 0) + records.length);
    }
    lane.status.rows += rows;
    this.totals.rows += rows;
    // What was there when the last step began, and is taken by this one only, did not fit.
    if (oldest < lane.begun) lane.status.backpressureMillis += times.begun - lane.begun;
    lane.begun = times.begun;
  }

  #measure({ pieces, times }: CommittedStep): void {
    const wall = this.#clock.offset();
    for (const { records, at = times.begun } of pieces) {
      // Many rows were sent in the same millisecond: they are counted together.
      for (let from = 0, to = 1; from < records.length; to += 1) {
        const sent = records[from]!.timestamp;
        if (to < records.length && records[to]!.timestamp === sent) continue;
        const rows = to - from;
        from = to;
        this.#current.rows += rows;
        if (sent < this.begun) {
          this.#current.backlog += rows;
          this.totals.backlog += rows;
          continue;
        }
        this.#add('fetch', at + wall - sent, rows);
        this.#add('output', times.applied - at, rows);
        this.#add('commit', times.committed - times.applied, rows);
        this.#add('total', times.committed + wall - sent, rows);
      }
    }
  }

  #add(layer: LayerName, millis: number, rows: number): void {
    this.#current.latencies.add(layer, millis, rows);
    this.onLatency(layer, millis, rows);
  }

  #laneOf(lane: number): Lane {
    let found = this.#lanes.get(lane);
    if (found === undefined) {
      found = { status: { lane, phase: 'taking', seq: -1, rows: 0, watermark: null, checkpoint: null, backpressureMillis: 0 }, begun: performance.now(), topics: this.#topics, positions: new Map() };
      this.#lanes.set(lane, found);
    }
    return found;
  }
}

export const keyOf = ({ topic, partition }: Pick<LogPosition, 'topic' | 'partition'>): string => `${topic}/${partition}`;

/** Of the partitions that have one; null: none has. */
function leastMark(watermarks: readonly (readonly (number | 'end' | null)[])[]): number | null {
  const marks = watermarks.flat();
  if (marks.includes(null)) return null;
  const numbers = marks.filter((mark) => typeof mark === 'number');
  return numbers.length === 0 ? null : Math.min(...numbers);
}

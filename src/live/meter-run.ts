/** A live run that is watched: the screen or lines of JSON each second, latencies on disk, metrics for Prometheus. */
import { planTexts } from '../runtime/pipeline.js';
import { FrameScreen, type Screen } from '../runtime/frame-screen.js';
import { shortCount } from '../runtime/progress-line.js';
import { Watch } from '../runtime/watch-state.js';
import type { CommittedStep, LaneEvents } from './lane.js';
import { LatencyFile } from './latency-file.js';
import type { LiveOptions } from './live.js';
import { BrokerWatch } from './meter-brokers.js';
import { PauseWatch } from './meter-pauses.js';
import { StatusTaker, type LiveStatus } from './meter-status.js';
import { LiveMeter } from './meter.js';
import type { MetricsServer } from './metrics-server.js';
import { liveFrame } from './view.js';

export interface MeteredOptions extends Pick<LiveOptions, 'texts' | 'settings' | 'group' | 'state' | 'checkpointEvery'> {
  /** Of the loopback; null: no metrics. */
  readonly metricsPort: number | null;
  /** Null: there is no terminal, or nobody wants the view. */
  readonly screen: Screen | null;
  readonly colours: boolean;
  /** Told once a second; null: nobody asked. */
  readonly onStatus: ((status: LiveStatus) => void) | null;
  /** Remarks where there is no view, and how far it is where nobody is told the status; null: nothing. */
  readonly say: ((text: string) => void) | null;
}

const tickMillis = 1000;
/** In ticks: a line for people, an interval on disk. */
const sayEvery = 5, intervalEvery = 10;
/** Less of a screen shows nothing. */
const columnsMin = 60, rowsMin = 14;

export class MeteredRun {
  readonly #meter: LiveMeter;
  readonly #watch: Watch;
  readonly #taker: StatusTaker;
  readonly #brokers: BrokerWatch;
  readonly #pauses = new PauseWatch();
  readonly #lastPauses: number[] = [];
  readonly #screen: FrameScreen | null;
  #metrics: MetricsServer | null = null;
  #timer: NodeJS.Timeout | null = null;
  #ticks = 0;
  #message: { readonly text: string; readonly at: number } | null = null;
  #isFileBroken = false;

  private constructor(private readonly options: MeteredOptions, private readonly file: LatencyFile) {
    const { texts, settings, group, screen } = options;
    const pipeline = planTexts(texts);
    const tables = pipeline.sinks.map(({ name }) => name);
    this.#meter = new LiveMeter(pipeline, file.begun);
    this.#watch = new Watch({ name: group, speed: null, lanes: 0, inputs: [], sinks: pipeline.sinks });
    this.#brokers = new BrokerWatch(settings, [...new Set(pipeline.sources.flatMap(({ options: { topic } }) => (topic ?? '').split(';').map((each) => each.trim()).filter((each) => each !== '')))]);
    this.#taker = new StatusTaker({ group, tables, meter: this.#meter, brokers: this.#brokers });
    this.#screen = screen === null || (screen.columns || 80) < columnsMin || (screen.rows || 24) < rowsMin ? null : new FrameScreen(screen);
  }

  static async start(options: MeteredOptions): Promise<MeteredRun> {
    const run = new MeteredRun(options, await LatencyFile.create(options.state, Date.now()));
    await run.#start();
    return run;
  }

  /** To be handed to the run. */
  get events(): LaneEvents {
    const meter = this.#meter;
    return {
      phase: (lane, phase, seq) => {
        meter.phase(lane, phase, seq);
        if (phase === 'taken') this.remark(`lane ${lane} is taken after step ${seq < 0 ? 'none' : seq}`);
      },
      committed: () => undefined,
      onTaken: (lane, positions, topics) => {
        this.#brokers.watch(topics);
        meter.onTaken(lane, positions, topics);
      },
      onChangesGap: () => meter.onChangesGap(),
      onCheckpoint: (lane, checkpoint) => meter.onCheckpoint(lane, checkpoint),
      onStep: (lane, step: CommittedStep) => {
        meter.onStep(lane, step);
        if (this.#screen !== null) this.#watch.takeStep(step.result);
      },
    };
  }

  /** Where the metrics are; null: nowhere. */
  get metricsAddress(): string | null {
    return this.#metrics?.address ?? null;
  }

  /** Something that the run has to say: at the foot of the view for a while, or a line. */
  remark(text: string): void {
    this.#message = { text, at: performance.now() };
    if (this.#screen === null) this.options.say?.(text);
  }

  async close(): Promise<void> {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#screen?.close();
    this.#pauses.stop();
    await Promise.all([this.#keep(), this.#brokers.close(), this.#metrics?.close()]);
  }

  async #start(): Promise<void> {
    const { group, texts, checkpointEvery, metricsPort } = this.options;
    const tables = planTexts(texts).sinks.map(({ name }) => name);
    if (metricsPort !== null) {
      // Loaded where it is asked for: a process that takes over a lane is in a hurry.
      const [metrics, server] = await Promise.all([import('./metrics.js'), import('./metrics-server.js')]);
      const registry = metrics.liveMetrics({ group, tables, meter: this.#meter, brokers: this.#brokers, checkpointEvery, longestPause: () => Math.max(0, ...this.#lastPauses) });
      this.#metrics = await server.MetricsServer.start(registry, metricsPort);
      this.remark(`metrics at ${this.#metrics.address}`);
    }
    this.#pauses.start();
    void this.#brokers.start();
    this.#screen?.open();
    this.#timer = setInterval(() => this.#tick(), tickMillis);
  }

  #tick(): void {
    this.#ticks += 1;
    const pause = this.#pauses.longest();
    this.#lastPauses.push(pause);
    if (this.#lastPauses.length > 60) this.#lastPauses.shift();
    const status = this.#taker.take(pause);
    this.options.onStatus?.(status);
    if (this.#screen !== null) this.#draw(status);
    else if (this.options.onStatus === null && this.#ticks % sayEvery === 0) this.options.say?.(statusText(status));
    if (this.#ticks % intervalEvery === 0) void this.#keep();
  }

  #draw(status: LiveStatus): void {
    if (this.#message !== null && performance.now() - this.#message.at > 8000) this.#message = null;
    const alerts = this.#watch.state({ rows: 0, rowsTotal: null, eventTime: 0, late: 0 }, 0);
    this.#screen!.draw((width, height) => liveFrame({ status, alerts, message: this.#message?.text ?? null }, width, height, this.options.colours));
  }

  /** A disk that is full is no reason to stop a run: it is said once. */
  async #keep(): Promise<void> {
    const interval = this.#meter.takeInterval();
    if (interval.rows === 0) return;
    try {
      await this.file.append(interval);
    } catch (error) {
      if (!this.#isFileBroken) this.remark(`latencies are not kept: ${error instanceof Error ? error.message : String(error)}`);
      this.#isFileBroken = true;
    }
  }
}

/** `1.20 M rows in (2000/s), 12.3 k out (45/s), lag 3, p99 42 ms`. */
export function statusText({ rows, rowsPerSecond, outputs, outputsPerSecond, lag, latency, late, deadLetters }: LiveStatus): string {
  const out = outputs.reduce((sum, output) => sum + output.rows, 0);
  return [
    `${shortCount(rows)} rows in (${shortCount(rowsPerSecond)}/s)`, `${shortCount(out)} out (${shortCount(outputsPerSecond)}/s)`, `lag ${lag === null ? '?' : shortCount(lag)}`,
    ...(latency.total === undefined ? [] : [`p99 ${Math.round(latency.total.p99)} ms`]), ...(late > 0 ? [`${late} late`] : []), ...(deadLetters > 0 ? [`${deadLetters} dead letters`] : []),
  ].join(', ');
}

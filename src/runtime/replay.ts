/** Replays history: reads, merges, folds, writes, checkpoints; takes up again where a run was stopped or killed. */
import { ByteWriter } from '../core/bytes.js';
import { TapewrightError, assert } from '../core/errors.js';
import { Engine, type StepResult } from '../engine/engine.js';
import { buildPhysical, rawSchema } from '../engine/physical.js';
import type { SliceRows } from '../engine/scan-batch.js';
import { writer } from '../sinks/writer.js';
import { thisMachine } from '../report/machine.js';
import { reportFiles, writeReport } from '../report/write.js';
import { formatEventTime } from '../scenario/duration.js';
import { Bundle } from '../stores/bundle.js';
import { CheckpointStore } from '../stores/checkpoints.js';
import { LaneCheckpoints } from '../stores/lane-checkpoints.js';
import { writeAside } from '../stores/files.js';
import type { JournalWriter } from '../stores/journal.js';
import type { DatasetRecord } from '../stores/manifest.js';
import type { CaptureReader } from './capture-reader.js';
import { findCaptures, openCapture } from './captures.js';
import { InputReader, type HistoryReader, type RunLane } from './input-reader.js';
import { LaneFeed } from './lane-feed.js';
import { LaneOutput, type DurableSegments } from './lane-output.js';
import { takeLabels } from './labels.js';
import type { OutputResult, ReplayOptions, ReplayResult, RunObserver, RunParameters } from './options.js';
import { changelogRemarks, changelogsOf, outputRecords } from './output-records.js';
import { Pace } from './pace.js';
import { placed, placedError } from './pipeline.js';
import { prepare, type Prepared } from './prepare.js';
import { recoverLanes, type CheckpointHeader } from './recover.js';
import { joinRunFiles, removeRunSegments } from './run-files.js';
import { sha256 } from './sha256.js';
import { versions } from './versions.js';

/** Between two reports of progress, in ms of real time. */
const progressMillis = 100;

interface Lane extends RunLane {
  readonly output: LaneOutput;
  readonly checkpoints: LaneCheckpoints;
  /** When the last checkpoint was taken, in ms of real time. */
  checkpointed: number;
}

export async function runReplay(options: ReplayOptions): Promise<ReplayResult> {
  const started = performance.now();
  const say = options.onRemark ?? (() => undefined);
  const run = options.run;
  if (run.kind === 'new') {
    const prepared = await prepare(run.texts, run.parameters, say);
    const bundle = await Bundle.create(run.out, { texts: run.texts, parameters: run.parameters, versions: versions(), datasets: recordsOf(prepared), ...changelogsOf(prepared.pipeline.sinks) });
    return new Replay(bundle, prepared, run.parameters, options, started).run(false);
  }
  const bundle = await Bundle.resume(run.directory);
  if (bundle.manifest.status === 'complete') {
    bundle.close();
    say('The run is complete: this is its result.');
    return resultOf(bundle);
  }
  const parameters = run.speed === undefined ? bundle.manifest.parameters : { ...bundle.manifest.parameters, speed: run.speed };
  try {
    if (!bundle.sealed) {
      throw new TapewrightError('BUNDLE_INVALID', `${bundle.path('manifest.json')} was changed since the run wrote it; restore it, or start a new run`, { directory: bundle.directory });
    }
    const prepared = await prepare(bundle.manifest.texts, parameters, say);
    const current = versions();
    const goesOn = bundle.manifest.versions.code === current.code;
    // Half of a run by one code and half by another would be the result of neither.
    if (!goesOn) say('The code has changed since the run began: it starts over.');
    await bundle.save({ status: 'running', versions: current });
    return await new Replay(bundle, sameData(prepared, bundle), parameters, options, started).run(goesOn);
  } catch (error) {
    bundle.close();
    throw error;
  }
}

const recordsOf = (prepared: Prepared): Record<string, DatasetRecord> => Object.fromEntries(prepared.inputs.map(({ table, record }) => [table, record]));

/** The data must be those that the run began with: compared at once where both are known, else once the files are read. */
function sameData(prepared: Prepared, bundle: Bundle): Prepared {
  const inputs = prepared.inputs.map((input) => {
    const { table, record } = input;
    const before = bundle.manifest.datasets[table]?.fingerprint ?? null;
    if (before !== null && record.fingerprint !== null && before !== record.fingerprint) {
      throw new TapewrightError('DATASET_CORRUPT', `the data bound to ${table} are not those that the run began with; start a new run`, { table });
    }
    return { ...input, record: { ...record, fingerprint: record.fingerprint ?? before } };
  });
  return { ...prepared, inputs };
}

class Replay {
  #lanes: Lane[] = [];
  #readers: HistoryReader[] = [];
  #captures: CaptureReader[] = [];
  #journal!: JournalWriter;
  readonly #checkpoints: CheckpointStore;
  #lastProgress = 0;
  /** Windows that --to cut short. */
  readonly #cut = new Set<number>();
  readonly #pace: Pace;
  /** Fingerprints of the bound files: 'asked' while they are made, then what is to be written into the manifest once. */
  #hashed: 'not asked' | 'asked' | 'written' | Readonly<Record<string, DatasetRecord>> = 'not asked';

  constructor(
    private readonly bundle: Bundle, private readonly prepared: Prepared, private readonly parameters: RunParameters,
    private readonly options: ReplayOptions, private readonly started: number,
  ) {
    this.#checkpoints = new CheckpointStore(bundle.path('checkpoints'));
    this.#pace = new Pace(parameters.speed, options.signal, parameters.from);
  }

  /** `goesOn`: what an earlier process made durable counts. */
  async run(goesOn: boolean): Promise<ReplayResult> {
    try {
      await this.#open(goesOn);
      const read = performance.now();
      const stopped = await this.#loop();
      return stopped ? await this.#stop(read) : await this.#complete(read);
    } catch (error) {
      if (error instanceof TapewrightError && error.code === 'SOURCE_GAP' && this.#rows() > 0) await this.#stopAtGap();
      // What could not even begin leaves nothing behind that would be in the way of the next try.
      if (error instanceof TapewrightError && this.options.run.kind === 'new' && this.#rows() === 0) await this.bundle.discard();
      throw placedError(this.bundle.manifest.texts.sql, error);
    } finally {
      await this.#close();
    }
  }

  /** Nothing of this process touches the bundle any more when its lock is given back. */
  async #close(): Promise<void> {
    try {
      for (const reader of this.#readers) await reader.source.close();
      for (const { output, checkpoints } of this.#lanes) {
        await output.settle();
        await checkpoints.settled().catch(() => undefined);
      }
      await writer.settled();
      await this.#journal?.close();
    } finally {
      this.bundle.close();
    }
  }

  async #open(goesOn: boolean): Promise<void> {
    const { pipeline, planHash } = this.prepared;
    const { lanes, from, stepEvery } = this.parameters;
    const captures = await findCaptures(this.prepared, this.parameters);
    const captured = captures.map(({ inputs }) => inputs);
    const make = (lane: number): Engine => new Engine(pipeline, {
      lane, partitions: pipeline.sources.map(() => 1), hash: sha256, withholdBefore: from, strict: this.parameters.strict, captures: captured,
    });
    if (!goesOn) await this.#checkpoints.clear();
    const observer = this.#observer();
    const recovered = await recoverLanes(this.bundle, this.#checkpoints, { lanes, make, planHash, journal: goesOn, say: this.options.onRemark ?? (() => undefined) });
    this.#journal = recovered.journal;
    for (const [lane, { engine, segments, rejected, gates, journalled }] of recovered.lanes.entries()) {
      const output = await LaneOutput.open(this.bundle, pipeline, lane, segments);
      const onRows = observer === null ? {} : { onRows: (rows: SliceRows) => observer.onRows(lane, rows) };
      const feed = new LaneFeed(engine, { stepEvery, from, rejected, captures: captured, ...onRows }, (result) => {
        const { seq, digest } = result.record;
        const before = journalled.get(seq);
        if (before !== undefined && before !== digest) {
          throw new TapewrightError('CHECKPOINT_MISMATCH', `step ${seq} of lane ${lane} gives another digest than before the run was interrupted: the data have changed; start a new run`, { lane, seq });
        }
        for (const end of result.endedBeyond) if (this.parameters.to !== null && end > this.parameters.to) this.#cut.add(end);
        output.take(this.#inFiles(result));
        observer?.onStep(lane, result);
      });
      this.#lanes.push({ engine, feed, output, gates, checkpoints: new LaneCheckpoints(this.#checkpoints, lane), checkpointed: performance.now() });
    }
    const together = new Map<number, HistoryReader>();
    for (const found of captures) {
      const { capture, readers } = openCapture(found, this.prepared, this.#lanes[0]!);
      this.#captures.push(capture);
      readers.forEach((reader, index) => together.set(found.inputs[index]!, reader));
    }
    for (const input of pipeline.sources.keys()) this.#readers.push(together.get(input) ?? (await InputReader.open(input, this.prepared, this.parameters, this.#lanes)));
  }

  #observer(): RunObserver | null {
    const { pipeline } = this.prepared;
    if (this.options.observe === undefined) return null;
    const { columns } = buildPhysical(pipeline);
    const inputs = pipeline.sources.map((source, input) => columns[input]!.map((column) => rawSchema(source)[column]!));
    return this.options.observe({ name: this.bundle.manifest.texts.name, parameters: this.parameters, pipeline, inputs });
  }

  /** Dead letters name the place of an expression in the user's files. */
  #inFiles(result: StepResult): StepResult {
    const { sql } = this.bundle.manifest.texts;
    if (result.deadLetters.length === 0 || sql.length < 2) return result;
    return { ...result, deadLetters: result.deadLetters.map((letter) => ({ ...letter, expression: placed(sql, letter.expression) })) };
  }

  /** True when the run was stopped before the end of its data. */
  async #loop(): Promise<boolean> {
    const { stopAfterRows, signal } = this.options;
    const isDone = this.#lanes.map(() => false);
    const stops = () => signal?.aborted === true || (stopAfterRows !== null && this.#rows() >= stopAfterRows);
    const pause = () => stops() || this.#lanes.some((lane) => this.#isDue(lane)) || this.#lanes.some(({ output }) => output.full || output.journalDue);
    while (isDone.some((done) => !done)) {
      const starved = new Set<number>();
      let paced = Infinity;
      for (const [index, lane] of this.#lanes.entries()) {
        const end = lane.feed.drain(this.#pace.limit(), pause);
        if (end.kind === 'done') isDone[index] = true;
        else if (end.kind === 'starved') starved.add(end.input);
        else if (end.kind === 'paced') paced = Math.min(paced, end.next);
        if (end.kind === 'paused' && stops()) return true;
      }
      this.#report(paced < Infinity);
      await this.#writeOut();
      // A lane that stopped at a step's end for a checkpoint or for the disk goes on with the next turn.
      if (starved.size > 0) for (const input of starved) await this.#readers[input]!.read();
      else if (paced < Infinity) await this.#pace.until(paced);
      if (signal?.aborted === true && this.#lanes.every(({ engine }) => !engine.midStep)) return true;
    }
    return false;
  }

  #rows(): number {
    return this.#lanes.reduce((sum, { engine }) => sum + engine.counts.rows, 0);
  }

  /** A lane in the middle of a step stays due until the step's end. */
  #isDue({ checkpointed, checkpoints }: Lane): boolean {
    return !checkpoints.isBusy && performance.now() - checkpointed >= this.parameters.checkpointEvery;
  }

  async #writeOut(): Promise<void> {
    for (const { output } of this.#lanes) if (output.full) await output.drain();
    if (this.#lanes.some(({ output }) => output.journalDue)) await this.#appendJournal();
    for (const [index, lane] of this.#lanes.entries()) if (this.#isDue(lane) && !lane.engine.midStep && lane.engine.seq > 0) await this.#checkpoint(index);
  }

  async #appendJournal(): Promise<void> {
    await this.#journal.append(this.#lanes.flatMap(({ output }) => output.takeRecords()));
  }

  /** Outputs first, then the journal, then the checkpoint that vouches for both. */
  async #checkpoint(index: number): Promise<void> {
    const lane = this.#lanes[index]!;
    const { engine, output, feed } = lane;
    const { body, pages } = engine.checkpoint();
    const digest = engine.stepDigest!;
    const gates = this.#readers.map((reader) => reader.gateState(index));
    const segments = await output.sync();
    await this.#appendJournal();
    await this.#journal.sync();
    const writer = new ByteWriter(body.length + 4096);
    writer.string(JSON.stringify({ planHash: this.prepared.planHash, segments, rejected: feed.rejected, gates } satisfies CheckpointHeader));
    writer.bytes(body);
    await lane.checkpoints.write({ seq: engine.seq - 1, digest, bytes: writer.written(), pages });
    lane.checkpointed = performance.now();
    await this.#rememberData();
  }

  /** Files are hashed beside a long run, so that a resumed one can tell that they were changed meanwhile. */
  async #rememberData(): Promise<void> {
    if (this.#hashed === 'not asked') {
      this.#hashed = 'asked';
      // What cannot be hashed now is met again at the end.
      void this.#fingerprints().then((datasets) => { this.#hashed = datasets; }, () => undefined);
    } else if (typeof this.#hashed === 'object') {
      await this.bundle.save({ datasets: this.#hashed });
      this.#hashed = 'written';
    }
  }

  /** `isWaiting`: for the pace, so that nothing is behind it. */
  #report(isWaiting: boolean): void {
    const { onProgress } = this.options;
    const now = performance.now();
    if (onProgress === undefined || now - this.#lastProgress < progressMillis) return;
    this.#lastProgress = now;
    const totals = this.#readers.map(({ source }) => source.rowsTotal);
    const eventTime = Math.max(...this.#lanes.map(({ feed }) => feed.greatest));
    const lagMs = isWaiting ? 0 : this.#pace.lag(eventTime);
    onProgress({
      rows: this.#rows(), rowsTotal: totals.includes(null) ? null : totals.reduce<number>((sum, rows) => sum + rows!, 0),
      eventTime, late: this.#lanes.reduce((sum, { engine }) => sum + engine.counts.late, 0), lagMs,
    });
  }

  /** What came before the gap stays, as after a stop. */
  async #stopAtGap(): Promise<void> {
    for (const { feed } of this.#lanes) feed.finish(false);
    await this.#stop(performance.now());
  }

  /** What the changes lacked, beside what they gave. */
  async #recordCaptures(): Promise<void> {
    const records = [...this.#captures.map(({ record }) => record), ...this.#readers.flatMap(({ changes }) => changes ?? [])];
    if (records.length > 0) await writeAside(this.bundle.path('cdc.json'), `${JSON.stringify(records, null, 2)}\n`);
  }

  async #stop(read: number): Promise<ReplayResult> {
    for (const [index, { engine }] of this.#lanes.entries()) if (!engine.midStep && engine.seq > 0) await this.#checkpoint(index);
    for (const { checkpoints } of this.#lanes) await checkpoints.settled();
    await this.#appendJournal();
    await this.#journal.sync();
    await this.#recordCaptures();
    await this.bundle.save({ status: 'stopped', ...this.#totals(read), remarks: this.#remarks(), datasets: await this.#fingerprints() });
    return resultOf(this.bundle, (read - this.started) / 1000);
  }

  async #complete(read: number): Promise<ReplayResult> {
    const { pipeline } = this.prepared;
    for (const { feed } of this.#lanes) feed.finish(!this.parameters.openEnd);
    this.#refuseEmptySpan();
    const fingerprints = await this.#fingerprints();
    // What reading took is given back before the files are written.
    for (const reader of this.#readers) await reader.source.close();
    const segments: DurableSegments[] = [];
    for (const { output } of this.#lanes) segments.push(await output.sync());
    await this.#appendJournal();
    await this.#journal.sync();
    await joinRunFiles(this.bundle, pipeline, segments);
    const { datasets, remarks } = await takeLabels(this.bundle, fingerprints);
    const totals = { ...this.#totals(read), remarks: [...this.#remarks(), ...remarks] };
    await this.#recordCaptures();
    await writeAside(this.bundle.path('metrics.json'), `${JSON.stringify(this.#metrics(totals), null, 2)}\n`);
    const outputs = await outputRecords(this.bundle, pipeline.sinks, this.#lanes.map(({ engine }) => engine.outputs), sha256);
    if (this.options.report !== false) await writeReport(this.bundle, { ...this.bundle.manifest, ...totals, outputs, datasets });
    await this.bundle.complete({ ...totals, outputs, datasets });
    // Only now: until the manifest says complete, a killed run is taken up again from these.
    for (const { checkpoints } of this.#lanes) await checkpoints.settled();
    await this.#checkpoints.clear();
    await removeRunSegments(this.bundle);
    return resultOf(this.bundle, (read - this.started) / 1000);
  }

  #refuseEmptySpan(): void {
    const { from, to } = this.parameters;
    const greatest = Math.max(...this.#lanes.map(({ engine }) => engine.now));
    if ((from === null && to === null) || !this.prepared.pipeline.sources.some(({ watermark }) => watermark !== null)) return;
    // Rows before --from only build state.
    if (greatest > -Infinity && greatest >= (from ?? -Infinity)) return;
    const span = `[${from === null ? 'the start' : formatEventTime(from)}, ${to === null ? 'the end' : formatEventTime(to)})`;
    const seen = this.#readers.flatMap((reader) => (reader.seen === null ? [] : [`those of ${reader.table} are of ${formatEventTime(reader.seen.from)} to ${formatEventTime(reader.seen.to)}`]));
    throw new TapewrightError('SPAN_EMPTY', `no row has an event time in ${span}: ${seen.join(', ') || 'there are no rows'}`, { from, to });
  }

  async #fingerprints(): Promise<Record<string, DatasetRecord>> {
    const datasets: Record<string, DatasetRecord> = {};
    for (const [index, { table, record }] of this.prepared.inputs.entries()) {
      const reader = this.#readers[index]!;
      const actual = record.generated ? record.fingerprint : await reader.source.fingerprint();
      if (record.fingerprint !== null && actual !== record.fingerprint) {
        throw new TapewrightError('DATASET_CORRUPT', `the file bound to ${table} has SHA-256 ${actual}, but ${record.fingerprint} is expected (${record.dataset === null ? 'from when the run began; start a new run' : `see the dataset.yaml of ${record.dataset}`})`, { table, actual, expected: record.fingerprint });
      }
      datasets[table] = { ...record, fingerprint: actual, rows: reader.source.rowsTotal ?? reader.rows };
    }
    return datasets;
  }

  #totals(read: number) {
    const sum = (count: 'rows' | 'late' | 'deadLetters' | 'behind') => this.#lanes.reduce((total, { engine }) => total + engine.counts[count], 0);
    return {
      rows: sum('rows'), late: sum('late'), deadLetters: sum('deadLetters'), behind: sum('behind'),
      rejected: this.#lanes.reduce((total, { feed }) => total + feed.rejected, 0),
      seconds: this.bundle.manifest.seconds + (performance.now() - read) / 1000,
      peakRssMB: Math.max(this.bundle.manifest.peakRssMB, Math.round(process.resourceUsage().maxRSS * 1024 / 1e5) / 10),
    };
  }

  #remarks(): string[] {
    const cut = this.#cut.size;
    return [
      ...this.prepared.remarks, ...changelogRemarks(this.prepared.pipeline.sinks, this.parameters.from), ...this.#readers.flatMap((reader) => reader.remarks()),
      ...(cut === 0 ? [] : [`${cut === 1 ? 'One window ends' : `${cut} windows end`} after --to, and fired at the end of the data with what was there.`]),
    ];
  }

  #metrics(totals: Pick<ReplayResult, 'rows' | 'seconds' | 'late' | 'rejected' | 'deadLetters' | 'behind' | 'peakRssMB'>) {
    const { rows, seconds, late, rejected, deadLetters, behind, peakRssMB } = totals;
    return { rows, seconds, eventsPerSecond: Math.round(rows / seconds), late, rejected, deadLetters, behind, peakRssMB, steps: this.#lanes.map(({ engine }) => engine.seq), machine: thisMachine() };
  }
}

/** Of a run that has ended. */
export function resultOf(bundle: Bundle, startupSeconds = 0): ReplayResult {
  const { manifest } = bundle;
  assert(manifest.status !== 'running', 'a result is of a run that has ended');
  const outputs = Object.fromEntries(Object.entries(manifest.outputs).map(([table, { rows, digest, setDigest, standing }]): [string, OutputResult] => [table, { rows, digest, setDigest, ...(standing === undefined ? {} : { standing }) }]));
  return {
    run: manifest.id, directory: bundle.directory, status: manifest.status, rows: manifest.rows, seconds: manifest.seconds, startupSeconds,
    eventsPerSecond: manifest.seconds > 0 ? Math.round(manifest.rows / manifest.seconds) : 0, peakRssMB: manifest.peakRssMB, outputs,
    late: manifest.late, rejected: manifest.rejected, deadLetters: manifest.deadLetters, behind: manifest.behind,
    report: manifest.files[reportFiles.html] === undefined ? null : bundle.path(reportFiles.html), remarks: manifest.remarks,
  };
}

/** Replays history: reads, merges, folds, writes, checkpoints; takes up again where a run was stopped or killed. */
import { createHash } from 'node:crypto';
import { ByteReader, ByteWriter } from '../core/bytes.js';
import { combineLanes, combineSets, type HashFunction } from '../core/digest.js';
import { TapewrightError, assert } from '../core/errors.js';
import type { StepRecord } from '../core/step.js';
import { Engine } from '../engine/engine.js';
import { deadLetterSchema, lateSchema } from '../sinks/refused.js';
import { joinSegments, removeSegments } from '../sinks/parquet.js';
import { Bundle } from '../stores/bundle.js';
import { CheckpointStore } from '../stores/checkpoints.js';
import { writeAside } from '../stores/files.js';
import { JournalWriter, journalLine, readJournal } from '../stores/journal.js';
import type { DatasetRecord, OutputRecord } from '../stores/manifest.js';
import { InputReader } from './input-reader.js';
import { LaneFeed } from './lane-feed.js';
import { LaneOutput, type DurableSegments } from './lane-output.js';
import type { OutputResult, ReplayOptions, ReplayResult, RunParameters } from './options.js';
import { Pace } from './pace.js';
import { prepare, type Prepared } from './prepare.js';
import { versions } from './versions.js';

export const sha256: HashFunction = (...chunks) => {
  const hash = createHash('sha256');
  for (const chunk of chunks) hash.update(chunk);
  return hash.digest();
};

interface Lane {
  readonly engine: Engine;
  readonly feed: LaneFeed;
  readonly output: LaneOutput;
  /** Digests of steps that an earlier process journalled beyond its checkpoint: the same must come again. */
  readonly journalled: ReadonlyMap<number, string>;
}

export async function runReplay(options: ReplayOptions): Promise<ReplayResult> {
  const started = performance.now();
  const say = options.onRemark ?? (() => undefined);
  const run = options.run;
  if (run.kind === 'new') {
    const prepared = await prepare(run.texts, run.parameters, say);
    const bundle = await Bundle.create(run.out, { texts: run.texts, parameters: run.parameters, versions: versions(), datasets: recordsOf(prepared) });
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
    const prepared = await prepare(bundle.manifest.texts, parameters, say);
    return await new Replay(bundle, sameData(prepared, bundle), parameters, options, started).run(true);
  } catch (error) {
    bundle.close();
    throw error;
  }
}

const recordsOf = (prepared: Prepared): Record<string, DatasetRecord> => Object.fromEntries(prepared.inputs.map(({ table, record }) => [table, record]));

/** The data must be those that the run began with, where that is known already. */
function sameData(prepared: Prepared, bundle: Bundle): Prepared {
  for (const { table, record } of prepared.inputs) {
    const before = bundle.manifest.datasets[table]?.fingerprint ?? null;
    if (before !== null && record.fingerprint !== null && before !== record.fingerprint) {
      throw new TapewrightError('DATASET_CORRUPT', `the data bound to ${table} are not those that the run began with; start a new run`, { table });
    }
  }
  return prepared;
}

class Replay {
  #lanes: Lane[] = [];
  #readers: InputReader[] = [];
  #journal!: JournalWriter;
  readonly #checkpoints: CheckpointStore;
  #lastCheckpoint = performance.now();
  #lastProgress = 0;
  /** Windows that --to cut short. */
  readonly #cut = new Set<number>();
  readonly #pace: Pace;
  /** Input rows rejected before this process. */
  #rejectedBefore = 0;

  constructor(
    private readonly bundle: Bundle, private readonly prepared: Prepared, private readonly parameters: RunParameters,
    private readonly options: ReplayOptions, private readonly started: number,
  ) {
    this.#checkpoints = new CheckpointStore(bundle.path('checkpoints'));
    this.#pace = new Pace(parameters.speed, options.signal);
  }

  async run(resumed: boolean): Promise<ReplayResult> {
    try {
      await this.#open(resumed);
      const read = performance.now();
      const stopped = await this.#loop();
      return stopped ? await this.#stop(read) : await this.#complete(read);
    } finally {
      for (const reader of this.#readers) await reader.source.close();
      await this.#journal?.close();
      this.bundle.close();
    }
  }

  async #open(resumed: boolean): Promise<void> {
    const { pipeline, planHash } = this.prepared;
    const { lanes, from, stepEvery } = this.parameters;
    const seqs: number[] = [];
    const restored: { engine: Engine; kept: DurableSegments | null }[] = [];
    for (let lane = 0; lane < lanes; lane += 1) {
      const make = () => new Engine(pipeline, {
        lane, partitions: pipeline.sources.map(() => 1), hash: sha256, withholdBefore: from, strict: this.parameters.strict,
      });
      const found = resumed ? await this.#restore(lane, make, planHash) : null;
      restored.push(found ?? { engine: make(), kept: null });
      seqs.push(restored[lane]!.engine.seq);
    }
    const journalled = await this.#openJournal(resumed, seqs);
    for (const [lane, { engine, kept }] of restored.entries()) {
      const output = await LaneOutput.open(this.bundle, pipeline, lane, kept);
      const known = journalled[lane]!;
      const feed = new LaneFeed(engine, { stepEvery, from }, (result) => {
        const { seq, digest } = result.record;
        const before = known.get(seq);
        if (before !== undefined && before !== digest) {
          throw new TapewrightError('CHECKPOINT_MISMATCH', `step ${seq} of lane ${lane} gives another digest than before the run was interrupted: the data or the code have changed; start a new run`, { lane, seq });
        }
        for (const end of result.endedBeyond) if (this.parameters.to !== null && end > this.parameters.to) this.#cut.add(end);
        output.take(result);
      });
      this.#lanes.push({ engine, feed, output, journalled: known });
    }
    for (const input of pipeline.sources.keys()) this.#readers.push(await InputReader.open(input, this.prepared, this.parameters, this.#lanes));
  }

  async #restore(lane: number, make: () => Engine, planHash: string): Promise<{ engine: Engine; kept: DurableSegments } | null> {
    let restored: { engine: Engine; kept: DurableSegments } | null = null;
    await this.#checkpoints.newestUsable(lane, ({ bytes }) => {
      const reader = new ByteReader(bytes);
      const header = JSON.parse(reader.string()) as { planHash: string; code: string; segments: DurableSegments; rejected: number };
      if (header.planHash !== planHash) throw new TapewrightError('CHECKPOINT_MISMATCH', 'the checkpoint is of another pipeline');
      const engine = make();
      try {
        engine.restore(reader.bytes());
      } catch (error) {
        if (error instanceof TapewrightError && error.code === 'CHECKPOINT_MISMATCH') return false;
        throw error;
      }
      restored = { engine, kept: header.segments };
      if (lane === 0) this.#rejectedBefore = header.rejected;
      return true;
    });
    return restored;
  }

  /** Keeps what the checkpoints cover; beyond that only the digests, to be met again. */
  async #openJournal(resumed: boolean, seqs: readonly number[]): Promise<Map<number, string>[]> {
    const path = this.bundle.path('journal');
    const journalled = seqs.map(() => new Map<number, string>());
    const kept: StepRecord[] = [];
    if (resumed) {
      try {
        for await (const { record } of readJournal(path)) {
          if (record.seq < (seqs[record.lane] ?? 0)) kept.push(record);
          else journalled[record.lane]?.set(record.seq, record.digest);
        }
      } catch (error) {
        // Killed before the first record: there is nothing to keep.
        if (!(error instanceof TapewrightError) || seqs.some((seq) => seq > 0)) throw error;
      }
    }
    const text = kept.map(journalLine).join('');
    await writeAside(path, text);
    this.#journal = await JournalWriter.open(path, Buffer.byteLength(text));
    return journalled;
  }

  /** True when the run was stopped before the end of its data. */
  async #loop(): Promise<boolean> {
    const { stopAfterRows, signal } = this.options;
    const isDone = this.#lanes.map(() => false);
    const stops = () => signal?.aborted === true || (stopAfterRows !== null && this.#rows() >= stopAfterRows);
    const pause = () => stops() || this.#checkpointDue() || this.#lanes.some(({ output }) => output.full || output.pendingRecords > 4096);
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
      this.#report();
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

  #checkpointDue(): boolean {
    return performance.now() - this.#lastCheckpoint >= this.parameters.checkpointEvery;
  }

  async #writeOut(): Promise<void> {
    for (const { output } of this.#lanes) if (output.full) await output.drain();
    if (this.#lanes.some(({ output }) => output.pendingRecords > 4096)) await this.#appendJournal();
    if (!this.#checkpointDue()) return;
    for (const [index, lane] of this.#lanes.entries()) if (!lane.engine.midStep && lane.engine.seq > 0) await this.#checkpoint(index);
    this.#lastCheckpoint = performance.now();
  }

  async #appendJournal(): Promise<void> {
    await this.#journal.append(this.#lanes.flatMap(({ output }) => output.takeRecords()));
  }

  /** Outputs first, then the journal, then the checkpoint that vouches for both. */
  async #checkpoint(index: number): Promise<void> {
    const { engine, output } = this.#lanes[index]!;
    const state = engine.snapshot();
    const segments = await output.sync();
    await this.#appendJournal();
    await this.#journal.sync();
    const writer = new ByteWriter(state.length + 4096);
    const rejected = this.#rejectedBefore + this.#readers.reduce((sum, reader) => sum + reader.rejected, 0);
    writer.string(JSON.stringify({ planHash: this.prepared.planHash, segments, rejected }));
    writer.bytes(state);
    await this.#checkpoints.write(index, engine.seq - 1, engine.stepDigest!, writer.written());
  }

  #report(): void {
    const { onProgress } = this.options;
    const now = performance.now();
    if (onProgress === undefined || now - this.#lastProgress < 200) return;
    this.#lastProgress = now;
    const totals = this.#readers.map(({ source }) => source.rowsTotal);
    onProgress({
      rows: this.#rows(), rowsTotal: totals.includes(null) ? null : totals.reduce<number>((sum, rows) => sum + rows!, 0),
      eventTime: Math.max(...this.#lanes.map(({ feed }) => feed.greatest)), late: this.#lanes.reduce((sum, { engine }) => sum + engine.counts.late, 0),
    });
  }

  async #stop(read: number): Promise<ReplayResult> {
    for (const [index, { engine }] of this.#lanes.entries()) if (!engine.midStep && engine.seq > 0) await this.#checkpoint(index);
    await this.#appendJournal();
    await this.#journal.sync();
    await this.bundle.save({ status: 'stopped', ...this.#totals(read) });
    return resultOf(this.bundle, (read - this.started) / 1000);
  }

  async #complete(read: number): Promise<ReplayResult> {
    const { pipeline } = this.prepared;
    for (const { feed } of this.#lanes) feed.finish(!this.parameters.openEnd);
    if (this.#rows() === 0) this.#refuseEmptySpan();
    const segments: DurableSegments[] = [];
    for (const { output } of this.#lanes) segments.push(await output.sync());
    await this.#appendJournal();
    await this.#journal.sync();
    for (const [table, { name, schema }] of pipeline.sinks.entries()) {
      await joinSegments(this.bundle.path('outputs'), name, schema, segments.flatMap(({ outputs }) => outputs[table]!));
    }
    await joinSegments(this.bundle.directory, 'late', lateSchema, segments.flatMap(({ late }) => late));
    await joinSegments(this.bundle.directory, 'dead-letters', deadLetterSchema, segments.flatMap(({ deadLetters }) => deadLetters));
    await removeSegments(this.bundle.path('outputs'));
    await removeSegments(this.bundle.directory);
    const datasets = await this.#fingerprints();
    const totals = this.#totals(read);
    await writeAside(this.bundle.path('metrics.json'), `${JSON.stringify(this.#metrics(totals), null, 2)}\n`);
    await this.bundle.complete({ ...totals, outputs: this.#outputs(), datasets });
    await this.#checkpoints.clear();
    return resultOf(this.bundle, (read - this.started) / 1000);
  }

  #refuseEmptySpan(): void {
    const { from, to } = this.parameters;
    if (from === null && to === null) return;
    const span = `[${from === null ? 'the start' : new Date(from).toISOString()}, ${to === null ? 'the end' : new Date(to).toISOString()})`;
    throw new TapewrightError('SPAN_EMPTY', `no row has an event time in ${span}: see the span of the data with "datasets describe" or query the file`, { from, to });
  }

  async #fingerprints(): Promise<Record<string, DatasetRecord>> {
    const datasets: Record<string, DatasetRecord> = {};
    for (const [index, { table, record }] of this.prepared.inputs.entries()) {
      const reader = this.#readers[index]!;
      const actual = record.generated ? record.fingerprint : await reader.source.fingerprint();
      if (record.fingerprint !== null && actual !== record.fingerprint) {
        throw new TapewrightError('DATASET_CORRUPT', `the file of ${record.dataset ?? table} has SHA-256 ${actual}, but its dataset.yaml expects ${record.fingerprint}`, { table });
      }
      datasets[table] = { ...record, fingerprint: actual, rows: reader.source.rowsTotal ?? reader.rows };
    }
    return datasets;
  }

  #totals(read: number) {
    const sum = (count: 'rows' | 'late' | 'deadLetters' | 'behind') => this.#lanes.reduce((total, { engine }) => total + engine.counts[count], 0);
    const remarks = [...this.prepared.remarks, ...this.#readers.flatMap((reader) => reader.remarks())];
    if (this.#cut.size > 0) remarks.push(`${this.#cut.size} windows reach beyond --to: they fired at the end with what they had.`);
    return {
      rows: sum('rows'), late: sum('late'), deadLetters: sum('deadLetters'), behind: sum('behind'),
      rejected: this.#rejectedBefore + this.#readers.reduce((total, { rejected }) => total + rejected, 0),
      seconds: this.bundle.manifest.seconds + (performance.now() - read) / 1000,
      peakRssMB: Math.max(this.bundle.manifest.peakRssMB, Math.round(process.resourceUsage().maxRSS * 1024 / 1e5) / 10),
      remarks,
    };
  }

  #metrics(totals: Pick<ReplayResult, 'rows' | 'seconds' | 'late' | 'rejected' | 'deadLetters' | 'behind' | 'peakRssMB'>) {
    const { rows, seconds, late, rejected, deadLetters, behind, peakRssMB } = totals;
    return { rows, seconds, eventsPerSecond: Math.round(rows / seconds), late, rejected, deadLetters, behind, peakRssMB, steps: this.#lanes.map(({ engine }) => engine.seq) };
  }

  #outputs(): Record<string, OutputRecord> {
    const perLane = this.#lanes.map(({ engine }) => engine.outputs);
    return Object.fromEntries(this.prepared.pipeline.sinks.map(({ name }, table) => {
      const outputs = perLane.map((lane) => lane[table]!);
      let at = 0;
      const lanes = outputs.map(({ rows }) => ({ from: at, to: (at += rows) }));
      // One lane's digest is the output's; several are hashed together in lane order.
      const digest = outputs.length === 1 ? outputs[0]!.digest : combineLanes(outputs.map((output) => output.digest), sha256);
      return [name, { rows: at, digest, setDigest: combineSets(outputs.map((output) => output.setDigest)), lanes, segments: [] }];
    }));
  }
}

function resultOf(bundle: Bundle, startupSeconds = 0): ReplayResult {
  const { manifest } = bundle;
  assert(manifest.status !== 'running', 'a result is of a run that has ended');
  const outputs = Object.fromEntries(Object.entries(manifest.outputs).map(([table, { rows, digest, setDigest }]): [string, OutputResult] => [table, { rows, digest, setDigest }]));
  return {
    run: manifest.id, directory: bundle.directory, status: manifest.status, rows: manifest.rows, seconds: manifest.seconds, startupSeconds,
    eventsPerSecond: manifest.seconds > 0 ? Math.round(manifest.rows / manifest.seconds) : 0, peakRssMB: manifest.peakRssMB, outputs,
    late: manifest.late, rejected: manifest.rejected, deadLetters: manifest.deadLetters, behind: manifest.behind, report: null, remarks: manifest.remarks,
  };
}

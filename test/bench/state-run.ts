/** One run of a state workload: so many keys, checkpoints on a disk while the flow goes on, and the state taken up again. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Column } from '../../src/core/batch.js';
import type { HashFunction } from '../../src/core/digest.js';
import { storageOf, type Field } from '../../src/core/types.js';
import { Engine } from '../../src/engine/engine.js';
import { rawSchema } from '../../src/engine/physical.js';
import { planSql } from '../../src/sql/planner.js';
import { CheckpointStore } from '../../src/stores/checkpoints.js';
import { LaneCheckpoints } from '../../src/stores/lane-checkpoints.js';
import { peakRssMB } from './processes.js';
import { stateWorkloads, type StateWorkload } from './state-workloads.js';

export interface TakenState {
  /** Bytes that the checkpoint wrote, and the milliseconds until it was durable. */
  readonly bytes: number;
  readonly millis: number;
  /** The longest time in which no row went in, from the checkpoint's beginning until it was durable, in ms; and the taking itself. */
  readonly pauseMillis: number;
  readonly takingMillis: number;
  /** The same two without the time in which other processes had the processors. */
  readonly ownPauseMillis: number;
  readonly ownTakingMillis: number;
}

export interface StateRun {
  readonly keys: number;
  readonly loadSeconds: number;
  /** Of all keys; then each time after 1 % of the keys, drawn evenly, were changed. */
  readonly first: TakenState;
  readonly changed: readonly TakenState[];
  /** Before the state is taken up again by another engine. */
  readonly peakRssMB: number;
  readonly resumeSeconds: number;
  /** The engine that took the state up gives the digest that the first one gives. */
  readonly agrees: boolean;
}

const sha256: HashFunction = (...chunks) => {
  const hash = createHash('sha256');
  for (const chunk of chunks) hash.update(chunk);
  return hash.digest();
};

const BATCH = 4096;
const CHANGES = 3;

export async function runState(name: string, keys: number, folder: string): Promise<StateRun> {
  const workload = stateWorkloads[name]!;
  const began = performance.now();
  const flow = new Flow(workload, keys);
  for (let from = 0; from < keys; from += BATCH) flow.feed(from, Math.min(keys, from + BATCH), (at) => at);
  const loadSeconds = (performance.now() - began) / 1000;
  const store = new CheckpointStore(folder);
  const lane = new LaneCheckpoints(store, 0);
  const first = await taken(flow, lane);
  const changed: TakenState[] = [];
  for (let round = 0; round < CHANGES; round += 1) {
    flow.change(Math.ceil(keys / 100));
    changed.push(await taken(flow, lane));
  }
  const peak = peakRssMB();
  const { body, pages } = flow.engine.checkpoint();
  await lane.write({ seq: flow.engine.seq - 1, digest: flow.engine.stepDigest!, bytes: body, pages });
  await lane.settled();
  const resumed = performance.now();
  const other = new Flow(workload, keys, flow.place);
  await store.newestUsable(0, ({ bytes, pages }) => {
    other.engine.resume({ body: bytes, pages });
    return true;
  });
  const resumeSeconds = (performance.now() - resumed) / 1000;
  for (const one of [flow, other]) one.change(Math.ceil(keys / 100));
  return { keys, loadSeconds, first, changed, peakRssMB: peak, resumeSeconds, agrees: flow.engine.stepDigest === other.engine.stepDigest };
}

/** A checkpoint, and then the flow until it is written. */
async function taken(flow: Flow, lane: LaneCheckpoints): Promise<TakenState> {
  const { engine } = flow;
  const start = instant();
  const { body, pages } = engine.checkpoint();
  const taking = since(start);
  let bytes = -1;
  let last = start;
  const pause = { millis: 0, ownMillis: 0 };
  const written = lane.write({ seq: engine.seq - 1, digest: engine.stepDigest!, bytes: body, pages }, (count) => { bytes = count; });
  while (bytes < 0) {
    // As a lane does: whoever writes gets a turn between two batches.
    await new Promise((resolve) => { setImmediate(resolve); });
    const { millis, ownMillis } = since(last);
    pause.millis = Math.max(pause.millis, millis);
    pause.ownMillis = Math.max(pause.ownMillis, ownMillis);
    flow.touch();
    last = instant();
  }
  await written;
  await lane.settled();
  return { bytes, millis: since(start).millis, pauseMillis: pause.millis, takingMillis: taking.millis, ownPauseMillis: pause.ownMillis, ownTakingMillis: taking.ownMillis };
}

/** By the clock, and how long this thread has been ready to run while others ran, in ms. */
interface Instant {
  readonly clock: number;
  readonly waited: number;
}

const instant = (): Instant => ({ clock: performance.now(), waited: waitedMillis() });

function since(start: Instant): { readonly millis: number; readonly ownMillis: number } {
  const { clock, waited } = instant();
  const millis = clock - start.clock;
  return { millis, ownMillis: Math.max(0, millis - (waited - start.waited)) };
}

/** As Linux counts it, of the first thread; elsewhere 0. */
function waitedMillis(): number {
  try {
    return Number(readFileSync('/proc/self/schedstat', 'latin1').split(' ')[1]) / 1e6;
  } catch {
    return 0;
  }
}

/** How far the data are drawn. */
interface Place {
  readonly positions: number[];
  round: number;
  drawn: number;
}

class Flow {
  readonly engine: Engine;
  readonly #input: number;
  readonly #other: number;
  readonly place: Place;

  /** `place`: where another one stands, from which this one is to go on. */
  constructor(private readonly workload: StateWorkload, private readonly keys: number, place: Place | null = null) {
    const pipeline = planSql(workload.sql);
    this.engine = new Engine(pipeline, { lane: 0, partitions: pipeline.sources.map(() => 1), hash: sha256, withholdBefore: null, strict: false });
    const named = (table: string | undefined): number => pipeline.sources.findIndex((source) => source.name === table);
    this.#input = named(workload.table);
    this.#other = named(workload.other?.table);
    this.place = place === null ? { positions: pipeline.sources.map(() => 0), round: 0, drawn: 1 } : structuredClone(place);
  }

  /** Rows of the keys that `idAt` has from `from` up to `to`: one step. */
  feed(from: number, to: number, idAt: (at: number) => number): void {
    this.#step(this.#input, this.workload.columns, Array.from({ length: to - from }, (_, at) => idAt(from + at)));
  }

  /** Other values for so many keys, drawn evenly, and for a few rows of the other table. */
  change(count: number): void {
    this.place.round += 1;
    for (let from = 0; from < count; from += BATCH) this.feed(from, Math.min(count, from + BATCH), () => this.#draw());
    if (this.#other >= 0) this.#step(this.#other, this.workload.other!.columns, [this.#draw(), this.#draw()]);
  }

  /** A few rows more. */
  touch(): void {
    this.feed(0, 256, (at) => at % this.keys);
  }

  #draw(): number {
    this.place.drawn = (this.place.drawn * 48_271) % 2_147_483_647;
    return this.place.drawn % this.keys;
  }

  #step(input: number, values: StateWorkload['columns'], ids: readonly number[]): void {
    const { engine, place: { positions, round } } = this;
    const raw = rawSchema(engine.pipeline.sources[input]!);
    const columns = engine.plan.columns[input]!.map((column) => columnOf(raw[column]!, values[raw[column]!.name], ids, round));
    const { batch } = engine.scan(input, 0, { batch: { length: ids.length, columns }, position: positions[input]!, positions: null, watermarks: null });
    positions[input]! += ids.length;
    engine.apply([{ batch, from: 0, to: ids.length }], { end: false });
  }
}

function columnOf({ type }: Field, value: ((id: number, round: number) => number | string) | undefined, ids: readonly number[], round: number): Column {
  const storage = storageOf(type);
  if (storage === 'text') return { storage, values: ids.map((id) => (value === undefined ? null : String(value(id, round)))), dictionary: null };
  return { storage, values: Float64Array.from(ids, (id) => Number(value?.(id, round) ?? 0)), nulls: null };
}

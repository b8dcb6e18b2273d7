/** The state of a lane: the engine, and before it what waits of captured databases. Steps go through it alike, new or made again. */
import { ByteReader, ByteWriter } from '../core/bytes.js';
import { Engine } from '../engine/engine.js';
import type { EngineState } from '../engine/engine-state.js';
import type { SliceRows } from '../engine/scan-batch.js';
import type { Pipeline } from '../plan/plan.js';
import { sha256 } from '../runtime/sha256.js';
import { LiveCapture, type CapturePlan } from './capture.js';
import type { GapRecord } from './journal-topic.js';
import { isCaptured, type LaneInput, type Piece, type Rejection } from './rerun.js';

export interface FoldPlan {
  readonly lane: number;
  readonly pipeline: Pipeline;
  /** Those of the pipeline, in their order, and after them topics that only captures read. */
  readonly inputs: readonly LaneInput[];
  readonly captures?: readonly CapturePlan[];
  readonly strict: boolean;
  readonly releasedBy?: boolean;
}

/** The clock of a step, and what else is told to it before its first row. */
export interface StepBegin {
  /** Epoch ms. */
  readonly now: number;
  readonly resumed?: boolean | undefined;
  /** Inputs of which nothing more is to be had for now. */
  readonly caughtUp?: readonly number[] | undefined;
  /** Time at which the input ends, epoch ms; null: it goes on. */
  readonly until: number | null;
}

export interface FoldState {
  readonly engine: EngineState;
  readonly captures: Uint8Array;
}

export class LaneFold {
  readonly engine: Engine;
  readonly captures: readonly LiveCapture[];
  readonly #inputs: readonly LaneInput[];

  constructor(plan: FoldPlan) {
    this.#inputs = plan.inputs;
    this.engine = newEngine(plan);
    this.captures = (plan.captures ?? []).map((capture) => new LiveCapture(capture, this.engine));
  }

  /** Before the first row of a step. What captures have kept back may go on with it: the rows that were fed. */
  begin({ now, resumed, caughtUp = [], until }: StepBegin): SliceRows[] {
    this.engine.tick(now, resumed);
    for (const index of caughtUp) {
      const input = this.#inputs[index]!;
      if (isCaptured(input)) this.captures[input.capture]!.caughtUp(input.topic);
    }
    return this.captures.flatMap((capture) => this.#feed(capture.deliver(until)));
  }

  /** Records of a captured topic, which are prepared: the rows that were fed. */
  take({ input, partition, records }: Piece, rejected: Rejection[], until: number | null): SliceRows[] {
    const captured = this.#inputs[input]!;
    if (!isCaptured(captured)) return [];
    const capture = this.captures[captured.capture]!;
    capture.push({ input, partition, topicPartition: captured.partitions[partition]!, decoder: captured.decoder, records }, rejected);
    return this.#feed(capture.deliver(until));
  }

  /** Before the step in which the input ends is closed. */
  finish(until: number | null): SliceRows[] {
    return this.captures.flatMap((capture) => this.#feed(capture.finish(until)));
  }

  #feed(pieces: SliceRows[]): SliceRows[] {
    for (const piece of pieces) this.engine.feed(piece);
    return pieces;
  }

  /** What a capture stopped at, or went on behind. */
  passGap({ changes }: GapRecord): void {
    if (changes !== undefined) this.captures[changes.capture]!.goOn(changes.gap);
  }

  /** Between steps. */
  snapshot(): FoldState {
    const writer = new ByteWriter(1024);
    for (const capture of this.captures) capture.snapshot(writer);
    return { engine: this.engine.checkpoint(), captures: writer.written() };
  }

  /** Throws CHECKPOINT_MISMATCH. */
  restore({ engine, captures }: FoldState): void {
    this.engine.resume(engine);
    const reader = new ByteReader(captures);
    for (const capture of this.captures) capture.restore(reader);
  }
}

/** A captured table is one partition of the engine, whatever its topics have. */
export function newEngine({ lane, pipeline, inputs, captures = [], strict, releasedBy = false }: FoldPlan): Engine {
  return new Engine(pipeline, {
    lane, partitions: enginePartitions(pipeline, inputs), hash: sha256, withholdBefore: null, strict, releasedBy, captures: transactedInputs(captures),
  });
}

export const enginePartitions = (pipeline: Pipeline, inputs: readonly LaneInput[]): number[] =>
  pipeline.sources.map((_, input) => (isCaptured(inputs[input]!) ? 1 : inputs[input]!.partitions.length));

/** Of the pipeline, by database: those whose rows come in transactions. */
export const transactedInputs = (captures: readonly CapturePlan[]): number[][] =>
  captures.filter(({ transactionTopic }) => transactionTopic !== null).map(({ tables }) => tables.map(({ input }) => input));

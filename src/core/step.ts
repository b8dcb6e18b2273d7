/**
 * What a run records beside its data. A run is a fold over steps:
 * (state, step, rows of its slices) -> (state, outputs).
 */
import type { Batch } from './batch.js';

/** The rows of one input partition in a step: positions [from, to), of which `rows` belong to this lane. */
export interface Slice {
  /** Index of the source table in the pipeline. */
  readonly input: number;
  readonly partition: number;
  readonly from: number;
  readonly to: number;
  readonly rows: number;
  /** 64-bit hash over the columns read, 16 hex digits. */
  readonly checksum: string;
}

export interface Step {
  readonly lane: number;
  /** From 0, contiguous within the lane. */
  readonly seq: number;
  /** Epoch ms. In replay the greatest event time delivered so far, -Infinity before any. */
  readonly now: number;
  /** One of each input partition that delivered rows, in the order of their first rows. */
  readonly slices: readonly Slice[];
  /**
   * The interleaving: pairs of (index of the slice, rows that it delivers next), flat. Empty when each slice is
   * delivered whole, one after the other.
   */
  readonly order: readonly number[];
  /** The end of history: every watermark becomes +infinity after the slices. */
  readonly end: boolean;
  /** The lane was taken up before the step: silence of input partitions counts from its `now`. Only where silence matters. */
  readonly resumed?: boolean;
  /**
   * Inputs of which nothing more was to be had when the step began: a captured table without rows keeps no snapshot
   * waiting. Only where captured tables wait.
   */
  readonly caughtUp?: readonly number[];
}

/** A step as the journal keeps it: what went in, and the digest of what came out. */
export interface StepRecord extends Step {
  /** SHA-256 hex, chained over the lane's steps. */
  readonly digest: string;
  /** Cumulative rows of each output, in table order. */
  readonly outputRows: readonly number[];
  /** Rows of the database transactions in it: pairs of (rows of the step since the one before, rows of it), flat. Only where rows are kept without what told of them. */
  readonly transactions?: readonly number[];
  /** Watermark of each input partition after the step: [input][partition], epoch ms; null before any (-infinity), 'end' for +infinity. */
  readonly watermarks: readonly (readonly (number | 'end' | null)[])[];
}

/** Where a row came from: input (table name), partition, position (0-based row number or Kafka offset). */
export interface Origin {
  readonly input: string;
  readonly partition: number;
  readonly position: number;
}

/** A row that an operator refused for one window (or frame): a row of late.parquet. */
export interface LateRow extends Origin {
  readonly eventTime: number;
  readonly watermark: number;
  readonly lane: number;
  readonly step: number;
  readonly statement: number;
  readonly operator: string;
  readonly windowStart: number | null;
  readonly windowEnd: number | null;
  readonly reason: string;
  /** The row as the operator saw it, as JSON. */
  readonly row: string;
}

/** A row that could not be used at all: a row of dead-letters.parquet. Key and value are bytes as latin1 strings. */
export interface DeadLetter extends Origin {
  readonly eventTime: number | null;
  readonly lane: number;
  readonly step: number;
  readonly statement: number;
  readonly operator: string;
  readonly expression: string;
  readonly error: string;
  readonly key: string | null;
  readonly value: string | null;
  /** Of the message, where they are kept: in no digest. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** By row of an output: the row of the input whose arrival let it go; input -1: none did, but the end or the clock. */
export interface ReleasedBy {
  readonly inputs: Int32Array;
  readonly partitions: Int32Array;
  readonly positions: Float64Array;
}

/** Rows of one output, in emission order. */
export interface OutputRows {
  /** Index of the sink table in the pipeline. */
  readonly table: number;
  readonly batch: Batch;
  /** Where it was asked for. */
  readonly releasedBy?: ReleasedBy;
}

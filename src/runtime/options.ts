/** What the commands ask of the runtime, and what they are told: plain data on both sides. */

import type { Schema } from '../core/types.js';
import type { FunctionSignature } from '../functions/function-signature.js';
import type { StepResult } from '../engine/engine.js';
import type { SliceRows } from '../engine/scan-batch.js';
import type { Pipeline } from '../plan/plan.js';

/** A text of the user's, kept byte for byte. */
export interface TextFile {
  /** As the user would name it: relative to the scenario's folder, or the path given. */
  readonly path: string;
  readonly text: string;
}

/** What one output must hold for the run to be as expected. */
export interface OutputExpectation {
  readonly table: string;
  /** SQL condition over the output's columns; null: all rows. */
  readonly where: string | null;
  readonly minRows: number | null;
  readonly maxRows: number | null;
}

export interface Expectations {
  readonly outputs: readonly OutputExpectation[];
  /** Most late rows and most rejected rows; null: any number. */
  readonly lateMax: number | null;
  readonly rejectedMax: number | null;
}

/**
 * A module of the user's whose functions the SQL calls. Its text is kept to be read and compared: it is run only where its
 * file was given, never from a bundle.
 */
export interface ModuleText extends TextFile {
  readonly functions: readonly FunctionSignature[];
}

/** What is to be run: texts only, nothing opened yet. */
export interface PipelineTexts {
  /** The scenario's name, or the SQL file's without its extension: part of the run's id. */
  readonly name: string;
  /** The scenario file; null for a bare SQL file. */
  readonly scenario: TextFile | null;
  /** SQL files in order; the pipeline is their texts one after the other. */
  readonly sql: readonly TextFile[];
  /** None unless the SQL calls functions of the user's. */
  readonly modules?: readonly ModuleText[];
  readonly expect: Expectations;
}

/** What the user bound a table to. */
export interface RequestedBinding {
  /** A file, a glob, or the name of a dataset, as the user gave it. */
  readonly given: string;
  /** The folder that a relative path starts from. */
  readonly base: string;
  /** DuckDB expressions over the file's columns, by table column (`--map`). */
  readonly map: Readonly<Record<string, string>>;
}

/** All that decides a run's outputs beside texts and data, and how it is to be run. Kept in the manifest. */
export interface RunParameters {
  /** By table name. */
  readonly bindings: Readonly<Record<string, RequestedBinding>>;
  /** Source columns that rows are divided by; null: the scenario has none. */
  readonly key: readonly string[] | null;
  readonly lanes: number;
  /** Event times in epoch ms: rows in [from, to). */
  readonly from: number | null;
  readonly to: number | null;
  /** Milliseconds of event time. */
  readonly stepEvery: number;
  /** Milliseconds of real time, at least 1,000. */
  readonly checkpointEvery: number;
  readonly openEnd: boolean;
  readonly strict: boolean;
  /** Milliseconds of event time that one row may move the watermark; null: any. */
  readonly maxAhead: number | null;
  readonly batchRows: number;
  /** Multiples of real time; null: as fast as it goes. */
  readonly speed: number | null;
}

export const defaultParameters: Omit<RunParameters, 'bindings'> = {
  key: null, lanes: 1, from: null, to: null, stepEvery: 10_000, checkpointEvery: 10_000,
  openEnd: false, strict: false, maxAhead: null, batchRows: 32_768, speed: null,
};

/** How far a run is. Reported a few times a second at the most. */
export interface Progress {
  /** Rows read so far, and in all where the sources know. */
  readonly rows: number;
  readonly rowsTotal: number | null;
  /** Greatest event time delivered, epoch ms; -Infinity before any. */
  readonly eventTime: number;
  readonly late: number;
  /** How far event time is behind the pace that was asked for, ms of event time; null without one. */
  readonly lagMs?: number | null;
}

/** What a run is, to whoever looks on. */
export interface ObservedRun {
  readonly name: string;
  readonly parameters: RunParameters;
  readonly pipeline: Pipeline;
  /** The columns that are read, by input. */
  readonly inputs: readonly Schema[];
}

/** Looks on: what it is told is what went into the engine and what came out, and nothing comes back. */
export interface RunObserver {
  /** Rows of a lane, as they go into a step. */
  onRows(lane: number, rows: SliceRows): void;
  /** A step's outputs, on their way to the disk. */
  onStep(lane: number, result: StepResult): void;
}

export interface ReplayOptions {
  /** A new run, or the bundle of one to take up again (everything else is then in its manifest). */
  readonly run:
    | { readonly kind: 'new'; readonly texts: PipelineTexts; readonly parameters: RunParameters; readonly out: string | null }
    | { readonly kind: 'resume'; readonly directory: string; readonly speed?: number | null };
  /** Stop, with a checkpoint, once so many rows in all have been read. */
  readonly stopAfterRows: number | null;
  /** Aborted: the run ends its step, writes a checkpoint and returns with status `stopped`. */
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: Progress) => void;
  /** Asked once, before the first row, and not of a run that is complete; null: nobody looks on. */
  readonly observe?: (run: ObservedRun) => RunObserver | null;
  /** False: the bundle gets no report.html and report.json. */
  readonly report?: boolean;
  /** Things to say while the run goes on: a dataset is being made, where the bundle is. */
  readonly onRemark?: (remark: string) => void;
}

export interface OutputResult {
  /** Of a changelog: changes. */
  readonly rows: number;
  /** Of a changelog: rows of the table that it adds up to. */
  readonly standing?: number;
  /** Lower-case hex. */
  readonly digest: string;
  readonly setDigest: string;
}

export interface ReplayResult {
  /** The run's id. */
  readonly run: string;
  /** The bundle. */
  readonly directory: string;
  readonly status: 'complete' | 'stopped';
  readonly rows: number;
  /** From the first byte read to the last output durable. */
  readonly seconds: number;
  /** Before that: texts, plan, datasets. */
  readonly startupSeconds: number;
  readonly eventsPerSecond: number;
  /** Of the whole process, MB of 1e6 bytes. */
  readonly peakRssMB: number;
  readonly outputs: Readonly<Record<string, OutputResult>>;
  /** Rows of late.parquet, undecodable input rows, rows of dead-letters.parquet (rejected ones among them). */
  readonly late: number;
  readonly rejected: number;
  readonly deadLetters: number;
  /** Input rows at or below the watermark on arrival. */
  readonly behind: number;
  /** The report, when one was written. */
  readonly report: string | null;
  readonly remarks: readonly string[];
}

/** Why two runs differ. */
export type Cause = 'order' | 'clock' | 'code' | 'data' | 'numeric' | 'configuration';

/** The first thing that differs. Fields that do not apply are null. */
export interface Difference {
  readonly cause: Cause;
  /** A sentence: what differs, where. */
  readonly message: string;
  /** A file of the bundle, or a bound file. */
  readonly file: string | null;
  readonly lane: number | null;
  readonly step: number | null;
  readonly output: string | null;
  /** 0-based row of that output. */
  readonly row: number | null;
  readonly field: string | null;
  readonly expected: string | null;
  readonly actual: string | null;
}

export interface VerifyResult {
  readonly equal: boolean;
  /** The bundles compared: one and its re-run, or two. */
  readonly runs: readonly string[];
  readonly outputs: Readonly<Record<string, OutputResult>>;
  /** The first difference; null when equal. */
  readonly difference: Difference | null;
  readonly remarks: readonly string[];
}

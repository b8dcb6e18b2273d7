/** The bundle of a live run, of what its lanes kept: its input and journal, and the outputs that they give again. */
import { cell } from '../core/batch.js';
import { assert } from '../core/errors.js';
import type { Schema } from '../core/types.js';
import type { StepRecord } from '../core/step.js';
import type { Pipeline } from '../plan/plan.js';
import type { CaptureRecord } from '../runtime/capture-reader.js';
import { runJournalled } from '../runtime/journalled-run.js';
import { inputsFolder, keptRejectedSchema, keptSchema, readSchemas, rejectedTable as rejectedFile, type KeptInput, type RowRange } from '../runtime/kept-input.js';
import { defaultParameters, type PipelineTexts, type ReplayResult } from '../runtime/options.js';
import { changelogsOf } from '../runtime/output-records.js';
import { resultOf } from '../runtime/replay.js';
import { versions } from '../runtime/versions.js';
import { writer } from '../sinks/writer.js';
import { openSource } from '../sources/open.js';
import { Bundle } from '../stores/bundle.js';
import { makeDirectory, writeAside } from '../stores/files.js';
import { JournalWriter, parseJournalLine } from '../stores/journal.js';
import type { CapturePlan } from './capture.js';
import { inputTable, journalTable, keptPartitions, rejectedTable, type KeptLane } from './kept-lane.js';
import { transactedInputs } from './lane-fold.js';
import type { LaneInput } from './rerun.js';

export interface KeptRun {
  readonly texts: PipelineTexts;
  readonly pipeline: Pipeline;
  readonly group: string;
  readonly strict: boolean;
  /** In their order, each with the inputs of its lane. */
  readonly lanes: readonly { readonly kept: KeptLane; readonly inputs: readonly LaneInput[] }[];
  /** Databases whose changes were read, and what they gave and lacked. None when not given. */
  readonly captures?: readonly CapturePlan[];
  readonly changes?: readonly CaptureRecord[];
  /** The bundle's folder; null: runs/ID. */
  readonly out: string | null;
  readonly report: boolean;
}

/** Throws BUNDLE_INVALID for a folder in use, OUTPUT_UNWRITABLE. */
export async function makeBundle(run: KeptRun): Promise<ReplayResult> {
  const { texts, pipeline, lanes, changes = [], out, report, strict } = run;
  const started = performance.now();
  for (const { kept } of lanes) await kept.compact();
  const bundle = await Bundle.create(out, {
    texts, parameters: { ...defaultParameters, bindings: {}, lanes: lanes.length, strict }, versions: versions(), datasets: {}, ...changelogsOf(pipeline.sinks), live: keptInput(run),
  });
  try {
    await makeDirectory(bundle.path(inputsFolder));
    for (const [input, schema] of readSchemas(pipeline).entries()) await join(bundle, pipeline.sources[input]!.name, keptSchema(schema), lanes.flatMap(({ kept }) => kept.recording.parts(inputTable(input))));
    await join(bundle, rejectedFile, keptRejectedSchema, lanes.flatMap(({ kept }) => kept.recording.parts(rejectedTable)));
    await writeJournal(bundle, lanes.flatMap(({ kept }) => kept.recording.parts(journalTable)));
    if (changes.length > 0) await writeAside(bundle.path('cdc.json'), `${JSON.stringify(changes, null, 2)}\n`);
    await runJournalled({ from: bundle, to: bundle, report });
    return resultOf(bundle, (performance.now() - started) / 1000);
  } catch (error) {
    await bundle.discard();
    throw error;
  } finally {
    bundle.close();
  }
}

function keptInput({ pipeline, group, lanes, captures = [] }: KeptRun): KeptInput {
  const ranges = (table: string): RowRange[] => {
    let from = 0;
    return lanes.map(({ kept }) => ({ from, to: (from += kept.recording.rows(table)) }));
  };
  const spans = lanes.flatMap(({ kept }) => (kept.span === null ? [] : [kept.span]));
  return {
    group, warm: lanes.some(({ kept }) => kept.isWarm), partitions: lanes.map(({ inputs }) => pipeline.sources.map((_, input) => keptPartitions(inputs[input]!))),
    ...(captures.length === 0 ? {} : { captures: captures.map(({ tables }) => tables.map(({ input }) => input)), transacted: transactedInputs(captures) }),
    inputs: Object.fromEntries(pipeline.sources.map(({ name }, input) => [name, ranges(inputTable(input))])), rejected: ranges(rejectedTable),
    span: spans.length === 0 ? null : { from: Math.min(...spans.map(({ from }) => from)), to: Math.max(...spans.map(({ to }) => to)) },
  };
}

const join = (bundle: Bundle, table: string, schema: Schema, files: readonly string[]): Promise<void> =>
  writer.write(bundle.path(inputsFolder, `${table}.parquet`), schema, [], files);

async function writeJournal(bundle: Bundle, files: readonly string[]): Promise<void> {
  const journal = await JournalWriter.open(bundle.path('journal'));
  try {
    for (const path of files) {
      const source = await openSource({ path, format: 'parquet', select: {}, order: null }, [{ name: 'line', type: { kind: 'STRING', nullable: false }, eventTime: false }], { inline: true, batchRows: 1024 });
      try {
        for (let read = await source.next(); read !== null; read = await source.next()) {
          const { batch: { columns: [lines], length } } = read;
          await journal.append(Array.from({ length }, (_, row) => recordOf(cell(lines!, row) as string)));
        }
      } finally {
        await source.close();
      }
    }
    await journal.sync();
  } finally {
    await journal.close();
  }
}

function recordOf(line: string): StepRecord {
  const record = parseJournalLine(line.trimEnd());
  assert(record !== null, 'what a lane kept of its journal are step records');
  return record;
}

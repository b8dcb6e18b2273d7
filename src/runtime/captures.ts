/** Tables of changes: which of them are one database's with its transactions, and how each is read. */
import { gapText } from '../cdc/gap.js';
import { TapewrightError } from '../core/errors.js';
import type { Pipeline, SourceTable } from '../plan/plan.js';
import { partitionsMost } from '../sources/capture-batch.js';
import { topicsIn } from '../sources/capture-lines.js';
import { absenceRemark, messageTopic, stopsAtGaps, topicsOf, transactionTopic } from '../sources/captured-table.js';
import { ChangesSource } from '../sources/changes.js';
import { filesOf } from '../sources/files.js';
import type { Recording } from '../sources/recorded-rows.js';
import type { Binding, SourceColumn } from '../sources/source.js';
import { CaptureReader, type CaptureOptions, type CaptureRecord } from './capture-reader.js';
import type { GateState } from './gate.js';
import type { HistoryReader, RunLane } from './input-reader.js';
import type { RunParameters } from './options.js';
import type { Prepared } from './prepare.js';
import { sourceColumns } from './source-columns.js';

/** Tables bound to one recording that tells of transactions. */
export interface Capture {
  /** Of the pipeline, ascending. */
  readonly inputs: readonly number[];
  readonly topics: readonly string[];
  readonly options: CaptureOptions;
}

/**
 * The databases whose transactions are kept whole: tables of changes bound to the same files, with a transaction topic in
 * them. Throws LANES_IMPOSSIBLE where there is one and more lanes than one are asked for.
 */
export async function findCaptures({ pipeline, inputs }: Prepared, { lanes, to }: RunParameters): Promise<readonly Capture[]> {
  const byFiles = new Map<string, { readonly recording: Recording; readonly inputs: number[] }>();
  for (const [input, table] of pipeline.sources.entries()) {
    if (table.changeFormat === undefined) continue;
    const recording = await recordingOf(table, inputs[input]!.record.binding);
    const name = recording.files.join('\n');
    const known = byFiles.get(name) ?? { recording, inputs: [] };
    byFiles.set(name, known);
    known.inputs.push(input);
  }
  const captures: Capture[] = [];
  for (const { recording, inputs: own } of byFiles.values()) {
    const partitions = await topicsIn(recording), topics = [...partitions.keys()];
    const topic = transactionTopic(pipeline.settings, topics);
    if (topic === null) continue;
    for (const [name, count] of partitions) {
      if (count > partitionsMost) throw new TapewrightError('DATASET_CORRUPT', `a record of ${name} names the partition ${count - 1}: partitions are whole numbers from 0 to ${partitionsMost - 1}; record the topic again`, { topic: name });
    }
    if (partitions.get(topic)! > 1) {
      throw new TapewrightError('DATASET_INVALID', `${topic} has ${partitions.get(topic)!} partitions: the order of commits is that of the transaction topic, which needs one; record a topic with one, or apply changes one by one with SET 'cdc.transaction.topic' = 'none'`, { topic });
    }
    captures.push({ inputs: own, topics, options: { recording, transactionTopic: topic, messageTopic: messageTopic(topic, topics), partitions, stopsAtGaps: stopsAtGaps(pipeline.settings), to } });
  }
  if (captures.length > 0 && lanes > 1) {
    throw new TapewrightError('LANES_IMPOSSIBLE', `${lanes} lanes are not possible: transactions of ${captures.flatMap((capture) => capture.inputs.map((input) => pipeline.sources[input]!.name)).join(', ')} are applied whole, which one lane does; leave out --lanes`, { lanes });
  }
  return captures;
}

/** One reader for each of its tables, which share what is read. */
export function openCapture({ inputs, topics, options }: Capture, { pipeline }: Prepared, lane: RunLane): { readonly capture: CaptureReader; readonly readers: readonly HistoryReader[] } {
  const tables = inputs.map((input) => {
    const table = pipeline.sources[input]!;
    const own = topicsOf(table, topics);
    return { input, name: table.name, topics: own, absence: absenceRemark(table.name, own, topics), columns: sourceColumns(pipeline, input, lane.engine.plan.columns[input]!) };
  });
  const capture = new CaptureReader(tables, options, lane);
  return { capture, readers: tables.map(({ input, name }, index) => new CaptureInput(capture, input, name, index === 0)) };
}

/** One table of a capture. */
class CaptureInput implements HistoryReader {
  readonly seen = null;
  readonly source: HistoryReader['source'];

  constructor(private readonly capture: CaptureReader, private readonly input: number, readonly table: string, private readonly speaks: boolean) {
    this.source = { rowsTotal: null, fingerprint: () => capture.fingerprint(), close: () => capture.close() };
  }

  get rows(): number {
    return this.capture.rowsOf(this.input);
  }

  read(): Promise<boolean> {
    return this.capture.read();
  }

  gateState(): GateState {
    return { bearing: null, jumps: { first: null, count: 0 } };
  }

  remarks(): string[] {
    return this.speaks ? [...this.capture.remarks()] : [];
  }
}

/** A table of changes by itself, row by row. */
export async function openChanges(table: SourceTable, binding: Binding, columns: readonly SourceColumn[], { from, batchRows, settings }: { readonly from: number; readonly batchRows: number; readonly settings: Pipeline['settings'] }): Promise<ChangesSource> {
  const recording = await recordingOf(table, binding);
  const recorded = [...(await topicsIn(recording)).keys()];
  const topics = topicsOf(table, recorded);
  return new ChangesSource({ table: table.name, recording, topics, absence: absenceRemark(table.name, topics, recorded), columns, from, batchRows, stopsAtGaps: stopsAtGaps(settings) });
}

/** What `cdc.json` says of a table of which changes are applied one by one. */
export function changesRecord(source: ChangesSource): CaptureRecord {
  const partitions = source.reached();
  const sum = (count: 'changes' | 'repeats'): number => partitions.reduce((total, one) => total + one[count], 0);
  return {
    tables: [source.table], transactionTopic: 'none', counts: { transactions: 0, repeats: sum('repeats'), repeatedTransactions: 0, alone: sum('changes') },
    gaps: source.gaps.map((gap) => ({ ...gap, text: gapText(gap) })), incomplete: [], restarts: [], partitions,
  };
}

async function recordingOf(table: SourceTable, binding: Binding): Promise<Recording> {
  const { format } = binding;
  if (format !== 'jsonl' && format !== 'parquet' && format !== 'arrow') {
    throw new TapewrightError('DATASET_INVALID', `${table.name} is a table of changes (${table.changeFormat}): bind its topics' records to it, in JSON lines, Parquet or Arrow, not ${format}`, { table: table.name, path: binding.path });
  }
  return { format, files: await filesOf(binding) };
}

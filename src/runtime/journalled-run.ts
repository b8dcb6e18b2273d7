/**
 * A live run from its bundle: every step of its journal again, over the input that the bundle keeps. Makes the outputs of a
 * bundle that has none yet, and, into another bundle, those that `verify` compares.
 */
import { cell, type Batch, type Column } from '../core/batch.js';
import { assert, TapewrightError } from '../core/errors.js';
import type { DeadLetter, Slice, StepRecord } from '../core/step.js';
import type { Schema } from '../core/types.js';
import { Engine, type StepResult } from '../engine/engine.js';
import type { ScanBatch, SliceRows } from '../engine/scan-batch.js';
import type { Pipeline } from '../plan/plan.js';
import { thisMachine } from '../report/machine.js';
import { writeReport } from '../report/write.js';
import { fileDigest, writeAside } from '../stores/files.js';
import { Bundle } from '../stores/bundle.js';
import { JournalWriter, readJournal } from '../stores/journal.js';
import type { DatasetRecord } from '../stores/manifest.js';
import { requireModules } from './functions.js';
import { inputBinding, inputsFolder, keptOrigin, keptRejectedSchema, keptSchema, readSchemas, rejectedTable, type KeptInput } from './kept-input.js';
import { KeptRows } from './kept-rows.js';
import { LaneOutput, type DurableSegments } from './lane-output.js';
import { outputRecords } from './output-records.js';
import { planTexts } from './pipeline.js';
import { sha256 } from './sha256.js';
import { joinRunFiles, removeRunSegments } from './run-files.js';
import { versions } from './versions.js';

export interface JournalledOptions {
  /** Where journal and input are. */
  readonly from: Bundle;
  /** Where outputs go: `from` itself, or a new bundle, which gets the journal as it comes again. */
  readonly to: Bundle;
  readonly report: boolean;
}

type Rejected = Omit<DeadLetter, 'lane' | 'step'>;

/** Throws DATASET_CORRUPT where the kept input is not what the journal names. Digests that differ are for `verify` to find. */
export async function runJournalled({ from, to, report }: JournalledOptions): Promise<void> {
  const started = performance.now();
  const { live, texts, parameters } = from.manifest;
  assert(live !== undefined, 'the bundle is that of a live run');
  requireModules(texts);
  const pipeline = planTexts(texts);
  const journal = from === to ? null : await JournalWriter.open(to.path('journal'));
  const lanes: Lane[] = [];
  try {
    for (let lane = 0; lane < live.partitions.length; lane += 1) {
      const run = new Lane(lane, live, pipeline, parameters.strict, await LaneOutput.open(to, pipeline, lane, null));
      lanes.push(run);
      await run.run(from, journal);
    }
    await journal?.sync();
  } finally {
    for (const { output } of lanes) await output.settle();
    await journal?.close();
  }
  await complete({ from, to, report }, pipeline, lanes, (performance.now() - started) / 1000);
}

/** Into a new bundle, which has no report. */
export async function runJournalledAgain(from: Bundle, out: string): Promise<void> {
  const { texts, parameters, changelogs } = from.manifest;
  const to = await Bundle.create(out, { texts, parameters, versions: versions(), datasets: {}, ...(changelogs === undefined ? {} : { changelogs }) });
  try {
    await runJournalled({ from, to, report: false });
  } finally {
    to.close();
  }
}

class Lane {
  readonly engine: Engine;
  rejected = 0;

  constructor(private readonly lane: number, private readonly live: KeptInput, private readonly pipeline: Pipeline, strict: boolean, readonly output: LaneOutput) {
    this.engine = new Engine(pipeline, { lane, partitions: live.partitions[lane]!.map((partitions) => partitions.length), hash: sha256, withholdBefore: null, strict, captures: live.transacted ?? [] });
  }

  async run(from: Bundle, journal: JournalWriter | null): Promise<void> {
    const open = (table: string, schema: Schema, range: { from: number; to: number } | undefined): Promise<KeptRows> => KeptRows.open(from.path(inputsFolder, `${table}.parquet`), schema, range ?? { from: 0, to: 0 });
    const inputs: KeptRows[] = [];
    try {
      for (const [input, schema] of readSchemas(this.pipeline).entries()) {
        const { name } = this.pipeline.sources[input]!;
        inputs.push(await open(name, keptSchema(schema), this.live.inputs[name]?.[this.lane]));
      }
      const rejected = await open(rejectedTable, keptRejectedSchema, this.live.rejected[this.lane]);
      inputs.push(rejected);
      for await (const { record } of readJournal(from.path('journal'))) {
        if (record.lane === this.lane) await this.#step(record, inputs, lettersOf(await rejected.takeWhile(record.seq)), journal);
      }
    } finally {
      for (const rows of inputs) await rows.close();
    }
    await journal?.append(this.output.takeRecords());
  }

  async #step(record: StepRecord, inputs: readonly KeptRows[], rejected: readonly Rejected[], journal: JournalWriter | null): Promise<void> {
    const { engine, output } = this;
    const silent = this.live.warm && record.seq === 0;
    // The clock of a step that only builds state is event time.
    if (!silent && record.now > -Infinity) engine.tick(record.now, record.resumed);
    const turns = record.order.length > 0 ? record.order : record.slices.flatMap(({ rows }, index) => [index, rows]);
    const changes = await this.#changesOf(record, inputs);
    const fed: SliceRows[] = [];
    for (let turn = 0; turn < turns.length; turn += 2) {
      const slice = record.slices[turns[turn]!]!, rows = turns[turn + 1]!;
      const of = changes.get(slice);
      if (of === undefined) fed.push(...await this.#read(slice, rows, inputs));
      else {
        fed.push({ batch: of.batch, from: of.at, to: of.at + rows });
        of.at += rows;
      }
    }
    for (const rows of record.transactions === undefined ? fed : inTransactions(fed, record.transactions)) engine.feed(rows);
    const result = engine.close({ end: record.end, rejected, silent });
    this.rejected += rejected.length;
    output.take({ ...result, record: asJournalled(result, record) });
    if (output.full) await output.drain();
    if (output.journalDue) {
      const records = output.takeRecords();
      await journal?.append(records);
    }
  }

  /** Rows of the captured tables in a step, each table's in one batch: a transaction lies in one of each. */
  async #changesOf({ slices }: StepRecord, inputs: readonly KeptRows[]): Promise<Map<Slice, { readonly batch: ScanBatch; at: number }>> {
    const captured = new Set(this.live.captures?.flat());
    const found = new Map<Slice, { readonly batch: ScanBatch; at: number }>();
    for (const slice of slices) if (captured.has(slice.input) && slice.rows > 0) found.set(slice, { batch: this.#scan(slice, await inputs[slice.input]!.takeAll(slice.rows)), at: 0 });
    return found;
  }

  async #read(slice: Slice, rows: number, inputs: readonly KeptRows[]): Promise<SliceRows[]> {
    const read: SliceRows[] = [];
    for (let left = rows; left > 0;) {
      const batch = await inputs[slice.input]!.take(left);
      read.push({ batch: this.#scan(slice, batch), from: 0, to: batch.length });
      left -= batch.length;
    }
    return read;
  }

  #scan({ input, partition }: Slice, { length, columns }: Batch): ScanBatch {
    const topic = this.live.partitions[this.lane]![input]![partition]!;
    const read = columns.length - keptOrigin;
    const positions = Float64Array.from({ length }, (_, row) => Number(cell(columns[read + 1]!, row)));
    for (let row = 0; row < length; row += 1) if (cell(columns[read]!, row) !== topic) throw otherRow(this.pipeline.sources[input]!.name);
    const batch = { length, columns: columns.slice(0, read) };
    const scanned = this.engine.scan(input, partition, { batch, position: positions[0]!, positions, watermarks: null });
    if (scanned.rejected.length > 0) throw otherRow(this.pipeline.sources[input]!.name);
    return scanned.batch;
  }
}

/** Rows of a step with its transactions marked: pairs of (rows since the one before, rows of it). */
function inTransactions(fed: readonly SliceRows[], transactions: readonly number[]): SliceRows[] {
  const marked: SliceRows[] = [];
  let at = 0, before = transactions[0] ?? Infinity, open = 0;
  for (const { batch, from, to } of fed) {
    for (let first = from; first < to;) {
      if (before === 0 && open === 0) open = transactions[at + 1]!;
      const end = Math.min(to, first + (open > 0 ? open : before));
      if (open === 0) {
        marked.push({ batch, from: first, to: end });
        before -= end - first;
      } else {
        open -= end - first;
        marked.push({ batch, from: first, to: end, transaction: open === 0 ? 'end' : 'open' });
        if (open === 0) {
          at += 2;
          before = transactions[at] ?? Infinity;
        }
      }
      first = end;
    }
  }
  return marked;
}

const otherRow = (table: string): TapewrightError =>
  new TapewrightError('DATASET_CORRUPT', `${inputsFolder}/${table}.parquet holds other rows than the journal names: the file was changed; use an intact copy of the bundle`, { table });

function lettersOf(batches: readonly Batch[]): Rejected[] {
  const text = (column: Column, row: number): string | null => cell(column, row) as string | null;
  return batches.flatMap(({ length, columns }) => Array.from({ length }, (_, row): Rejected => ({
    input: text(columns[1]!, row)!, partition: Number(cell(columns[2]!, row)), position: Number(cell(columns[3]!, row)), eventTime: null, statement: -1, operator: 'source',
    expression: text(columns[4]!, row)!, error: text(columns[5]!, row)!, key: text(columns[6]!, row), value: text(columns[7]!, row),
  })));
}

/** Positions are the journal's, messages that could not be used among them; what the rows are is found anew. */
function asJournalled({ record: made }: StepResult, record: StepRecord): StepRecord {
  const slices = record.slices.map((slice): Slice => {
    const own = made.slices.find(({ input, partition }) => input === slice.input && partition === slice.partition);
    return { ...slice, rows: own?.rows ?? 0, checksum: own?.checksum ?? '0'.repeat(16) };
  });
  return { ...made, slices };
}

async function complete({ from, to, report }: JournalledOptions, pipeline: Pipeline, lanes: readonly Lane[], seconds: number): Promise<void> {
  const segments: DurableSegments[] = [];
  for (const { output } of lanes) segments.push(await output.sync());
  await joinRunFiles(to, pipeline, segments);
  const sum = (count: 'rows' | 'late' | 'deadLetters' | 'behind'): number => lanes.reduce((total, { engine }) => total + engine.counts[count], 0);
  const totals = {
    rows: sum('rows'), late: sum('late'), deadLetters: sum('deadLetters'), behind: sum('behind'), rejected: lanes.reduce((total, { rejected }) => total + rejected, 0),
    seconds, peakRssMB: Math.round(process.resourceUsage().maxRSS * 1024 / 1e5) / 10,
  };
  const outputs = await outputRecords(to, pipeline.sinks, lanes.map(({ engine }) => engine.outputs), sha256);
  const datasets: Record<string, DatasetRecord> = {};
  for (const { name } of pipeline.sources) {
    const ranges = from.manifest.live!.inputs[name] ?? [];
    datasets[name] = { dataset: null, generated: false, binding: inputBinding(name), fingerprint: await fileDigest(from.path(inputBinding(name).path)), rows: ranges.reduce((rows, range) => rows + range.to - range.from, 0) };
  }
  await writeAside(to.path('metrics.json'), `${JSON.stringify({ ...totals, eventsPerSecond: Math.round(totals.rows / seconds), steps: lanes.map(({ engine }) => engine.seq), machine: thisMachine() }, null, 2)}\n`);
  if (report) await writeReport(to, { ...to.manifest, ...totals, outputs, datasets });
  await to.complete({ ...totals, outputs, datasets });
  await removeRunSegments(to);
}

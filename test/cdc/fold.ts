/** A recording through assembler and engine alone, with nothing read from files: for laws that many draws are to try. */
import type { Transaction } from '../../src/cdc/event.js';
import { TransactionAssembler } from '../../src/cdc/transactions.js';
import { Engine } from '../../src/engine/engine.js';
import type { ScanBatch, SliceRows } from '../../src/engine/scan-batch.js';
import { decodeRecord, type Change } from '../../src/formats/debezium-envelope.js';
import { ChangeReader } from '../../src/formats/debezium-values.js';
import { planTexts } from '../../src/runtime/pipeline.js';
import { sourceColumns } from '../../src/runtime/source-columns.js';
import { sha256 } from '../../src/runtime/sha256.js';
import { batchOfRows, type RowValues } from '../../src/sources/row-columns.js';
import { read, tinyPages, write } from '../engine/written-pages.js';
import { Standing } from './follow.js';
import type { ModelRecord } from './model.js';

/**
 * Each transaction is a step; `onTransaction` sees the outputs at its end. Tables are in the order of `topics`. After every
 * `restoreEvery` transactions another engine takes the state up; 0: none does.
 */
export function fold(sql: string, topics: readonly string[], records: readonly ModelRecord[], restoreEvery: number, onTransaction: (standing: Standing, transaction: Transaction<Change>) => void): void {
  const pipeline = planTexts({ name: 'test', scenario: null, sql: [{ path: 'test.sql', text: sql }], expect: { outputs: [], lateMax: null, rejectedMax: null } });
  const inputs = pipeline.sources.map((_, input) => input);
  const make = (): Engine => new Engine(pipeline, { lane: 0, partitions: inputs.map(() => 1), hash: sha256, withholdBefore: null, strict: false, captures: [inputs], ...(restoreEvery === 0 ? {} : { pages: tinyPages }) });
  let engine = make();
  const columns = inputs.map((input) => sourceColumns(pipeline, input, engine.plan.columns[input]!));
  const readers = columns.map((of) => new ChangeReader(of, true));
  const standing = new Standing(engine);
  const assembler = new TransactionAssembler<Change>(topics);
  const positions = inputs.map(() => 0);
  for (const record of records) {
    const decoded = decodeRecord(record, null);
    if (decoded.kind === 'event') assembler.push(decoded.event);
  }
  for (const outcome of assembler.finish().outcomes) {
    if (outcome.kind !== 'transaction') throw new Error('the recording has a gap');
    const places: { readonly input: number; readonly row: number }[] = [];
    const rows = inputs.map((): RowValues[] => []);
    for (const { topic, row } of outcome.events) {
      const input = topics.indexOf(topic);
      places.push({ input, row: rows[input]!.push(readers[input]!.read(row) as RowValues) - 1 });
    }
    const batches = inputs.map((input): ScanBatch | null => (rows[input]!.length === 0 ? null
      : engine.scan(input, 0, { batch: batchOfRows(columns[input]!, rows[input]!), position: positions[input]!, positions: null, watermarks: null }).batch));
    rows.forEach(({ length }, input) => { positions[input]! += length; });
    const slices = places.map(({ input, row }, index): SliceRows => ({ batch: batches[input]!, from: row, to: row + 1, transaction: index === places.length - 1 ? 'end' : 'open' }));
    standing.take(engine.apply(slices, { end: false }));
    onTransaction(standing, outcome);
    if (restoreEvery === 0 || engine.seq % restoreEvery !== 0) continue;
    const state = write(engine.checkpoint());
    engine = make();
    engine.resume(read(state));
  }
}

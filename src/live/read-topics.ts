/** The topics that a pipeline reads: each table's, and those that tell of transactions. */
import { TapewrightError } from '../core/errors.js';
import { Engine } from '../engine/engine.js';
import { columnsOf as referenced } from '../plan/expression.js';
import { laneKeys } from '../plan/lanes.js';
import type { Pipeline, SourceTable } from '../plan/plan.js';
import { sha256 } from '../runtime/sha256.js';
import { sourceColumns } from '../runtime/source-columns.js';
import type { SourceColumn } from '../sources/source.js';
import type { CapturePlan } from './capture.js';
import { capturedTable, capturePlan, databasesOf, type CapturedTable, type Database, type TopicRead } from './captured-topics.js';
import { ChangeDecoder } from './change-decoder.js';
import { sourceTopic, type SourceTopic } from './connectors.js';
import type { Log, LogBounds } from './log.js';
import type { SchemaRegistry } from './registry.js';
import type { LaneInput } from './rerun.js';
import { sourceDecoder } from './source-decoder.js';
import { refused } from './table-options.js';

export interface ReadTopics {
  readonly pipeline: Pipeline;
  /** By input of the pipeline. */
  readonly tables: readonly (SourceTopic | CapturedTable)[];
  readonly databases: readonly Database[];
  /** First those of the pipeline's inputs, in their order; then those that only captures read. */
  readonly reads: readonly (TopicRead & { readonly table: string })[];
  readonly bounds: ReadonlyMap<string, readonly LogBounds[]>;
  readonly lanes: number;
  readonly usesRegistry: boolean;
}

const isChanges = (table: SourceTopic | CapturedTable): table is CapturedTable => 'reads' in table;

/** Throws SQL_UNSUPPORTED, USAGE, and KAFKA_REFUSED where a topic is not there. */
export async function readTopics(log: Log, pipeline: Pipeline, start: Parameters<typeof sourceTopic>[1], journal: string, say: (text: string) => void): Promise<ReadTopics> {
  const tables = pipeline.sources.map((table: SourceTable) => (table.changeFormat === undefined ? sourceTopic(table, start) : capturedTable(table, start)));
  const captured = tables.map((table) => (isChanges(table) ? table : null));
  const databases = await databasesOf(log, pipeline, captured, journal, say);
  const own = tables.map((table, input) => ({ ...(isChanges(table) ? table.reads[0]! : { topic: table.topic, start: table.start, stop: table.stop }), table: pipeline.sources[input]!.name }));
  const further = captured.flatMap((table) => (table === null ? [] : table.reads.slice(1).map((read) => ({ ...read, table: table.table.name }))));
  const told = [...databases.map(({ transactions }) => transactions), ...databases.map(({ messages }) => messages)].flatMap((read) => (read === null ? [] : [{ ...read, table: read.topic }]));
  const reads = [...own, ...further, ...told];
  const bounded = reads.find(({ stop }) => stop !== null), unbounded = reads.find(({ stop }) => stop === null);
  if (bounded !== undefined && unbounded !== undefined) throw refused(bounded.table, `it has a 'scan.bounded.mode' and ${unbounded.table} has none`, 'bound all tables or none; --until latest ends a run whose tables have no bounds');
  const bounds = new Map<string, readonly LogBounds[]>();
  for (const { topic, table } of reads) {
    const found = await log.bounds(topic);
    if (found === null) {
      const hint = databases.length === 0 ? "check 'topic'" : "check 'topic' (a connector makes a table's with its first row)";
      throw new TapewrightError('KAFKA_REFUSED', `table ${table} reads topic ${topic}, which is not there; make it, or ${hint}`, { topic });
    }
    bounds.set(topic, found);
  }
  const usesRegistry = tables.some((table) => (isChanges(table) ? table.isAvro : [table.format, table.key?.format].includes('avro-confluent')));
  return { pipeline, tables, databases, reads, bounds, usesRegistry, lanes: lanesOf(pipeline, databases, reads.map(({ topic }) => bounds.get(topic)!.length), say) };
}

/** One each for the partitions that all topics have, where the keys allow it. */
function lanesOf(pipeline: Pipeline, databases: readonly Database[], counts: readonly number[], say: (text: string) => void): number {
  const keys = laneKeys(pipeline, null);
  if (databases.length === 0 && keys.possible && counts.every((count) => count === counts[0])) return counts[0]!;
  const why = databases.length > 0 ? 'changes of a database have one order' : keys.possible ? 'the topics have different numbers of partitions' : keys.reason;
  if (counts.some((count) => count > 1)) say(`one lane over all partitions: ${why}`);
  return 1;
}

/** As of a file; where the event time is computed from one column alone, that is the one that messages may call by another name. */
function topicColumns(pipeline: Pipeline, input: number, read: readonly number[]): SourceColumn[] {
  const columns = sourceColumns(pipeline, input, read);
  const { watermark, columns: declared } = pipeline.sources[input]!;
  const from = watermark === null ? new Set<number>() : referenced(declared[watermark.column]!.expression);
  return from.size === 1 ? columns.map((column, index) => (from.has(read[index]!) ? { ...column, eventTime: true } : column)) : columns;
}

export interface LaneInputs {
  readonly captures: readonly CapturePlan[];
  inputs(lane: number): LaneInput[];
}

/** `registry`: null where none is used. */
export function laneInputs({ pipeline, tables, databases, reads, bounds, lanes }: ReadTopics, registry: SchemaRegistry | null): LaneInputs {
  const { plan } = new Engine(pipeline, { lane: 0, partitions: pipeline.sources.map(() => 1), hash: sha256, withholdBefore: null, strict: false });
  const columnsOf = (input: number): SourceColumn[] => topicColumns(pipeline, input, plan.columns[input]!);
  const captures = databases.map((database) => capturePlan(database, pipeline, (input) => {
    const { table, reads: own } = tables[input] as CapturedTable;
    return { input, name: table.name, topics: new Map(own.map(({ topic }) => [topic, bounds.get(topic)!.length])), columns: columnsOf(input) };
  }));
  return {
    captures,
    inputs: (lane) => reads.map(({ topic, table: name }): LaneInput => {
      const table = tables.find((each) => (isChanges(each) ? each.reads.some((read) => read.topic === topic) : each.table.name === name && each.topic === topic));
      const partitions = lanes === 1 ? bounds.get(topic)!.map(({ partition }) => partition) : [lane];
      const common = { table: name, topic, partitions };
      if (table !== undefined && !isChanges(table)) return { ...common, decoder: sourceDecoder(table, columnsOf(pipeline.sources.indexOf(table.table)), registry) };
      const input = table === undefined ? -1 : pipeline.sources.indexOf(table.table);
      const capture = databases.findIndex((database) => (table === undefined ? [database.transactions?.topic, database.messages?.topic].includes(topic) : database.inputs.includes(input)));
      const isAvro = databases[capture]!.inputs.some((each) => (tables[each] as CapturedTable).isAvro);
      return { ...common, capture, decoder: new ChangeDecoder(topic, table === undefined ? null : columnsOf(input), (table === undefined ? isAvro : table.isAvro) ? registry : null, databases[capture]!.transactions !== null) };
    }),
  };
}

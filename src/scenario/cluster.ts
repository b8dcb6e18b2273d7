/** Where a scenario's tables lie when it goes to a Flink cluster: the key `flink` of a scenario file. */
import type { PipelineTexts } from '../runtime/options.js';
import { parseYaml, type YamlMap } from './yaml.js';

export interface Cluster {
  /** Brokers of tables that name none, as Kafka's clients take them. */
  readonly kafka: string;
  /** The schema registry's address, of tables with an Avro format that name none. */
  readonly registry: string;
  /** JDBC's address of the database, of tables that name none. */
  readonly database: string;
  /** Settings beside the usual ones, or instead of them. */
  readonly settings: Readonly<Record<string, string>>;
  /** By table, options beside those of its WITH, or instead of them. */
  readonly tables: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

export const defaultCluster: Cluster = {
  kafka: 'kafka:9092', registry: 'http://schema-registry:8081', database: 'jdbc:postgresql://timescaledb:5432/market', settings: {}, tables: {},
};

/** Reads `flink: { kafka, registry, database, set: { KEY: VALUE }, tables: { TABLE: { OPTION: VALUE } } }`. @throws with file, line and key. */
export function readCluster(map: YamlMap | null): Cluster {
  if (map === null) return defaultCluster;
  map.allow(['kafka', 'registry', 'database', 'set', 'tables']);
  const tables = map.map('tables');
  return {
    kafka: map.text('kafka') ?? defaultCluster.kafka,
    registry: map.text('registry') ?? defaultCluster.registry,
    database: map.text('database') ?? defaultCluster.database,
    settings: map.textMap('set') ?? {},
    tables: Object.fromEntries((tables?.names ?? []).map((table) => [table, tables!.textMap(table) ?? {}])),
  };
}

/** That of a scenario's file. @throws SCENARIO_INVALID. */
export function clusterOf({ scenario }: PipelineTexts): Cluster {
  return scenario === null ? defaultCluster : readCluster(parseYaml(scenario.text, scenario.path, 'SCENARIO_INVALID').map('flink'));
}

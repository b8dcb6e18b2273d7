/** From the command line to a connector. */
import { TapewrightError } from '../core/errors.js';
import { databaseAddress } from '../database/address.js';
import type { Pipeline } from '../plan/plan.js';
import { capturedTables, databaseTable, tableNames } from './captured-tables.js';
import type { ConnectorRequest } from './configuration.js';

export interface ConnectorFlags {
  readonly database: string;
  readonly password: string;
  readonly table?: readonly string[] | undefined;
  readonly prefix: string;
  readonly slot: string;
  readonly publication: string;
  readonly 'dead-letters': string;
  readonly 'heartbeat-table'?: string | undefined;
  readonly values?: string | undefined;
  readonly registry?: string | undefined;
  readonly converter: string;
  readonly set?: readonly string[] | undefined;
}

/** @throws USAGE. */
export function connectorRequest(pipeline: Pipeline, flags: ConnectorFlags, environment: Readonly<Record<string, string | undefined>>): ConnectorRequest {
  const captured = capturedTables(pipeline, tableNames(flags.table ?? []));
  const told = pipeline.sources.map(({ options }) => options['debezium-avro-confluent.url']).find((url) => url !== undefined);
  return {
    captured, database: databaseAddress(flags.database), password: flags.password, prefix: flags.prefix, slot: flags.slot, publication: flags.publication, deadLetters: flags['dead-letters'],
    heartbeatTable: flags['heartbeat-table'] === undefined ? null : databaseTable(flags['heartbeat-table'], new Map()),
    values: (flags.values as ConnectorRequest['values'] | undefined) ?? null, registry: flags.registry ?? environment['SCHEMA_REGISTRY'] ?? told ?? 'http://schema-registry:8081',
    converter: flags.converter as ConnectorRequest['converter'],
    set: new Map((flags.set ?? []).map((each) => {
      const at = each.indexOf('=');
      if (at < 1) throw new TapewrightError('USAGE', `--set is PROPERTY=VALUE, not '${each}'`, { flag: each });
      return [each.slice(0, at), each.slice(at + 1)];
    })),
  };
}

/** A captured table as the changes in a recording make it: they are replayed. */
import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { TapewrightError } from '../core/errors.js';
import { typeName } from '../core/types.js';
import type { Pipeline, SourceTable } from '../plan/plan.js';
import { defaultParameters } from '../runtime/options.js';
import { runReplay } from '../runtime/replay.js';
import { gapSetting, transactionTopicSetting } from '../sources/captured-table.js';
import { outputState } from './run-state.js';
import type { TableShape, TableState } from './table-state.js';

/** The captured table's own columns. Throws USAGE for one that is not kept from changes. */
export function capturedShape({ sources }: Pick<Pipeline, 'sources'>, table: string): { readonly source: SourceTable; readonly shape: TableShape } {
  const captured = sources.filter(({ changeFormat }) => changeFormat !== undefined);
  const source = captured.find(({ name }) => name === table);
  if (source === undefined) throw new TapewrightError('USAGE', `${table} is no table that is kept from changes; these are: ${captured.map(({ name }) => name).join(', ') || 'none'}`, { table });
  return { source, shape: { name: table, columns: source.physical, key: source.primaryKey } };
}

export interface Replayed {
  /** For what is on disk for a while. */
  readonly folder: string;
  readonly signal: AbortSignal | null;
}

/** What stands at the end of the recording; gaps in it do not stop it, since what they left out is what is looked for. Throws the reason of `signal`. */
export async function recordedState(file: string, source: SourceTable, shape: TableShape, settings: Readonly<Record<string, string>>, { folder, signal }: Replayed): Promise<TableState> {
  const directory = join(await mkdtemp(join(folder, 'replay-')), 'run');
  const kept = shape.columns.map(({ name }) => quoted(name)).join(', ');
  const topic = settings[transactionTopicSetting];
  const text = [
    `SET '${gapSetting}' = 'go-on';`, ...(topic === undefined ? [] : [`SET '${transactionTopicSetting}' = ${literal(topic)};`]),
    declaration(source), `SELECT ${kept} FROM ${quoted(source.name)};`,
  ].join('\n');
  const { remarks } = await runReplay({
    run: {
      kind: 'new', out: directory, texts: { name: 'reconcile', scenario: null, sql: [{ path: 'reconcile.sql', text }], expect: { outputs: [], lateMax: null, rejectedMax: null } },
      parameters: { ...defaultParameters, bindings: { [source.name]: { given: file, base: process.cwd(), map: {} } } },
    },
    stopAfterRows: null, report: false, ...(signal === null ? {} : { signal }),
  });
  signal?.throwIfAborted();
  const { rows } = await outputState(directory, { ...shape, name: 'query_1' }, folder);
  return { from: file, rows, remarks };
}

function declaration({ name, physical, primaryKey, options }: SourceTable): string {
  const columns = physical.map((column) => `${quoted(column.name)} ${typeName(column.type)}`);
  const settings = Object.entries(options).map(([option, value]) => `${literal(option)} = ${literal(value)}`);
  return `CREATE TABLE ${quoted(name)} (${columns.join(', ')}, PRIMARY KEY (${primaryKey.map(quoted).join(', ')}) NOT ENFORCED) WITH (${settings.join(', ')});`;
}

const quoted = (name: string): string => `\`${name.replaceAll('`', '``')}\``;
const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`;

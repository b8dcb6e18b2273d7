/** What a scenario expects of its run, and how far the run met it. */
import type { Expectations, OutputExpectation, ReplayResult } from '../runtime/options.js';
import type { YamlMap } from './yaml.js';

/** Counts rows of an output of the bundle: SQL in, rows out. */
export type QueryRows = (sql: string) => Promise<readonly (readonly unknown[])[]>;

/**
 * Reads `expect: { outputs: { TABLE: { min_rows, max_rows, rows, where } | [ … ] }, late: { max }, rejected: { max } }`.
 * Under one output several named conditions may stand: `outputs: { TABLE: { checks: { NAME: { where, min_rows } } } }`.
 */
export function readExpectations(map: YamlMap | null): Expectations {
  map?.allow(['outputs', 'late', 'rejected']);
  const outputs = map?.map('outputs') ?? null;
  const most = (key: string): number | null => map?.map(key)?.allow(['max']).count('max') ?? null;
  return {
    outputs: (outputs?.names ?? []).flatMap((table) => readOutput(table, outputs!.map(table)!)),
    lateMax: most('late'), rejectedMax: most('rejected'),
  };
}

function readOutput(table: string, map: YamlMap): OutputExpectation[] {
  const one = (of: YamlMap): OutputExpectation => {
    const rows = of.count('rows');
    return { table, where: of.text('where'), minRows: rows ?? of.count('min_rows'), maxRows: rows ?? of.count('max_rows') };
  };
  const found: OutputExpectation[] = [];
  if (map.allow(['rows', 'min_rows', 'max_rows', 'where', 'checks']).names.some((name) => name !== 'checks')) found.push(one(map));
  const checks = map.map('checks');
  for (const name of checks?.names ?? []) found.push(one(checks!.map(name)!.allow(['rows', 'min_rows', 'max_rows', 'where'])));
  for (const { minRows, maxRows } of found) {
    if (minRows === null && maxRows === null) throw map.wrong(null, `an expectation of '${table}' needs rows, min_rows or max_rows`);
  }
  return found;
}

/** What of `expect` a complete run did not meet, a sentence each. */
export async function unmetExpectations(expect: Expectations, result: Pick<ReplayResult, 'outputs' | 'late' | 'rejected'>, query: QueryRows): Promise<string[]> {
  const unmet: string[] = [];
  for (const { table, where, minRows, maxRows } of expect.outputs) {
    const output = result.outputs[table];
    if (output === undefined) {
      unmet.push(`there is no output ${table}`);
      continue;
    }
    const rows = where === null ? (output.standing ?? output.rows) : Number((await query(`SELECT count(*) FROM "${table.replaceAll('"', '""')}" WHERE ${where}`))[0]![0]);
    const which = where === null ? table : `${table} where ${where}`;
    if (minRows !== null && rows < minRows) unmet.push(`${which}: ${rows} rows, at least ${minRows} expected`);
    if (maxRows !== null && rows > maxRows) unmet.push(`${which}: ${rows} rows, at most ${maxRows} expected`);
  }
  if (expect.lateMax !== null && result.late > expect.lateMax) unmet.push(`${result.late} late rows, at most ${expect.lateMax} expected`);
  if (expect.rejectedMax !== null && result.rejected > expect.rejectedMax) unmet.push(`${result.rejected} rejected rows, at most ${expect.rejectedMax} expected`);
  return unmet;
}

/** Runs SQL over files through the whole runtime, in a temporary bundle. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defaultParameters, type ReplayResult, type RunParameters } from '../../src/runtime/options.js';
import { runReplay } from '../../src/runtime/replay.js';
import { queryBundle } from '../../src/sinks/query.js';

export interface RanSql {
  readonly result: ReplayResult;
  /** Rows of a query over the outputs, `late` and `dead_letters`. */
  query(sql: string): Promise<Record<string, unknown>[]>;
}

/** Runs `sql` with each table bound to a file; the bundle is gone once `use` has returned. */
export async function withRun<T>(sql: string, bindings: Readonly<Record<string, string>>, use: (ran: RanSql) => Promise<T>, parameters: Partial<RunParameters> = {}): Promise<T> {
  const directory = await mkdtemp(join(tmpdir(), 'tapewright-test-'));
  try {
    const result = await runReplay({
      run: {
        kind: 'new', out: join(directory, 'run'),
        texts: { name: 'test', scenario: null, sql: [{ path: 'test.sql', text: sql }], expect: { outputs: [], lateMax: null, rejectedMax: null } },
        parameters: { ...defaultParameters, ...parameters, bindings: Object.fromEntries(Object.entries(bindings).map(([table, path]) => [table, { given: path, base: '/', map: {} }])) },
      },
      stopAfterRows: null, report: false,
    });
    return await use({
      result,
      query: async (text) => {
        const { columns, rows } = await queryBundle(result.directory, text);
        return rows.map((row) => Object.fromEntries(columns.map(({ name }, index) => [name, row[index]])));
      },
    });
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** Writes objects as JSON lines to a temporary file for the time of `use`. */
export async function withJsonLines<T>(lines: readonly unknown[], use: (path: string) => Promise<T>): Promise<T> {
  const directory = await mkdtemp(join(tmpdir(), 'tapewright-test-'));
  try {
    const path = join(directory, 'rows.jsonl');
    await writeFile(path, lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
    return await use(path);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** A job's results from here: the same text over the same files, through the whole runtime. */
import { withBundle } from '../../src/sinks/query.js';
import { quoteName } from '../../src/sources/quote.js';
import { withRun } from '../support/run-sql.js';
import { stateLife, textsOf, type Job } from './job.js';
import type { Change } from './theirs.js';
import { canonical } from './value.js';

export interface Ours {
  /** By trial and output. */
  readonly outputs: readonly (readonly (readonly Change[])[])[];
  /** Rows that an expression refused in the tables of each trial. */
  readonly deadLetters: readonly number[];
}

export function runOurs(job: Job): Promise<Ours> {
  const sql = [`SET 'table.exec.state.ttl' = '${stateLife}'`, ...job.definitions, ...job.inserts].map((text) => `${text};\n`).join('');
  return withRun(sql, job.files, ({ result }) => withBundle(result.directory, 512, async (query) => {
    const views = new Set((await query('SELECT view_name FROM duckdb_views() WHERE NOT internal')).rows.map(([name]) => name));
    const outputs: Change[][][] = [];
    for (const trial of job.trials.keys()) {
      const changes: Change[][] = [];
      for (const { name, columns } of job.outputs[trial]!) {
        const updates = views.has(`${name}__changes`);
        const list = [...columns.map((column) => `CAST(${quoteName(column.name)} AS VARCHAR)`), ...(updates ? ['_op'] : [])].join(', ');
        const { rows } = await query(`SELECT ${list} FROM ${quoteName(updates ? `${name}__changes` : name)}`);
        changes.push(rows.map((row) => ({
          op: updates ? String(row.at(-1)) : '+I',
          row: columns.map(({ type }, column) => (row[column] === null ? null : canonical(row[column] as string, type))),
        })));
      }
      outputs.push(changes);
    }
    const letters = (await query('SELECT input, position, expression FROM bundle.dead_letters')).rows.map(([input, position, expression]) => ({ input: String(input), position: Number(position), expression: String(expression) }));
    return { outputs, deadLetters: job.trials.map((_, trial) => lettersOf(job, trial, letters)) };
  }));
}

interface Letter {
  readonly input: string;
  readonly position: number;
  /** `line 1, column 2: a / b`. */
  readonly expression: string;
}

/**
 * The dead letters of a trial. By table, not by statement: statements that share an operator share its letters, which
 * name one of them. What the end of history lets go has its place after the last row of the text's first table, whatever
 * it read: the expression tells whose it is.
 */
function lettersOf(job: Job, trial: number, letters: readonly Letter[]): number {
  const rows = new Map(job.trials.flatMap(({ drawn, world }, index) => drawn.tables.map((table, at) => [job.tables[index]![at]!, world[table]!.rows.length])));
  const text = textsOf(job.trials[trial]!).join('\n');
  return letters.filter(({ input, position, expression }) => job.tables[trial]!.includes(input)
    || (position >= rows.get(input)! && text.includes(expression.replace(/^line \d+, column \d+: /, '')))).length;
}

import { Args, Flags } from '@oclif/core';
import type { Reconciled } from '../../src/reconcile/reconcile.js';
import { BaseCommand, exitCodes } from '../base.js';

/** Corrections that are printed of a table; --out has them all. */
const printedMax = 20;

export default class CdcReconcile extends BaseCommand {
  static override summary = 'Compare tables that changes have made with a new snapshot, or with the database itself.';

  static override description = `Prints by key what is missing, what is there too many, and what is different, and proves equality with a hash of each table: the same one of both sides, whatever the order of rows. --out writes the corrections as Debezium's upserts and deletes, which set the table right when they are appended to its changes.

The database is read at one moment (REPEATABLE READ); a run that is behind it differs by what it has not read yet. The password is PGPASSWORD's or of the file that PGPASSWORD_FILE names.

Exit codes: 0 equal, 1 different, 2 could not compare.`;

  static override examples = [
    '<%= config.bin %> <%= command.id %> runs/ledger-1 --table balances=public.account_balances --database postgresql://reader@db:5432/finance',
    '<%= config.bin %> <%= command.id %> monday.jsonl --sql ledger --table orders --table positions --database postgresql://reader@db:5432/finance --out corrections.jsonl',
    '<%= config.bin %> <%= command.id %> monday.jsonl --sql ledger --table orders --snapshot new-snapshot.jsonl',
  ];

  static override args = { held: Args.string({ description: "a run's bundle, whose outputs the tables are; or a recording of captured topics", required: true }) };

  static override flags = {
    table: Flags.string({ description: 'a table, and what it is in the database [default: public.NAME]', required: true, helpValue: 'NAME[=SCHEMA.TABLE]', multiple: true, multipleNonGreedy: true }),
    database: Flags.string({ description: 'the database', helpValue: 'postgresql://USER@HOST:PORT/DB', exactlyOne: ['database', 'snapshot'] }),
    snapshot: Flags.string({ description: 'a recording of a snapshot, or of a snapshot and changes', helpValue: 'FILE' }),
    sql: Flags.string({ description: 'scenario or .sql file that declares the tables of a recording', helpValue: 'FILE' }),
    columns: Flags.string({ description: 'what is compared; by default all columns', helpValue: 'COLUMN,…' }),
    key: Flags.string({ description: 'by which a row is known; by default the primary key', helpValue: 'COLUMN,…' }),
    out: Flags.string({ description: 'write the corrections there, a line of JSON each', helpValue: 'FILE' }),
  };

  async run(): Promise<Omit<Reconciled, 'tables'> & { tables: unknown }> {
    const { args, flags } = await this.parse(CdcReconcile);
    const [{ reconcile }, { correctionText }, { databaseAddress }, { loadScenario }] = await Promise.all([
      import('../../src/reconcile/reconcile.js'), import('../../src/reconcile/corrections.js'), import('../../src/database/address.js'), import('../../src/scenario/scenario.js'),
    ]);
    const listed = (text: string | undefined): string[] | null => text?.split(',').map((name) => name.trim()) ?? null;
    const result = await reconcile({
      held: args.held, tables: new Map(flags.table.map((each) => [each.split('=')[0]!, each.split('=')[1] ?? each])),
      against: flags.database === undefined ? { kind: 'recording', file: flags.snapshot! } : { kind: 'database', address: databaseAddress(flags.database) },
      texts: flags.sql === undefined ? null : (await loadScenario(flags.sql)).texts,
      columns: listed(flags.columns), key: listed(flags.key), out: flags.out ?? null, environment: process.env,
    });
    for (const { table, shape, equal, held, actual, corrections } of result.tables) {
      this.log(`${table}: ${equal ? 'equal' : `${corrections.length} corrections`}`);
      this.log(`  ${held.from}: ${held.rows} rows, ${held.hash}`);
      this.log(`  ${actual.from}: ${actual.rows} rows, ${actual.hash}`);
      for (const correction of corrections.slice(0, printedMax)) this.log(`    ${correctionText(shape, correction)}`);
      if (corrections.length > printedMax) this.log(`    and ${corrections.length - printedMax} more${flags.out === undefined ? ': --out FILE writes them all' : ''}`);
    }
    if (flags.out !== undefined) this.log(`${result.written} corrections in ${flags.out}`);
    if (!result.equal) process.exitCode = exitCodes.different;
    return {
      ...result,
      tables: result.tables.map(({ shape, corrections, ...rest }) => ({ ...rest, corrections: corrections.length, first: corrections.slice(0, printedMax).map((correction) => correctionText(shape, correction)) })),
    };
  }
}

import { Args, Flags } from '@oclif/core';
import type { Reconciled } from '../../src/reconcile/reconcile.js';
import { BaseCommand, exitCodes } from '../base.js';

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
    const [{ reconcile }, { correctionText }, { databaseAddress }, { loadScenario }, { interruptedExit, stopOnInterrupt }] = await Promise.all([
      import('../../src/reconcile/reconcile.js'), import('../../src/reconcile/corrections.js'), import('../../src/database/address.js'), import('../../src/scenario/scenario.js'), import('../../src/runtime/interrupt.js'),
    ]);
    const listed = (text: string | undefined): string[] | null => text?.split(',').map((name) => name.trim()) ?? null;
    const texts = flags.sql === undefined ? null : (await loadScenario(flags.sql)).texts;
    const interrupt = stopOnInterrupt(() => this.say('Stopping; nothing will have been written.'));
    const result = await reconcile({
      held: args.held, tables: new Map(flags.table.map((each) => [each.split('=')[0]!, each.split('=')[1] ?? each])),
      against: flags.database === undefined ? { kind: 'recording', file: flags.snapshot! } : { kind: 'database', address: databaseAddress(flags.database) },
      texts, columns: listed(flags.columns), key: listed(flags.key), out: flags.out ?? null, environment: process.env,
      signal: interrupt.signal, ...(process.stderr.isTTY && !this.jsonEnabled() ? { onProgress: this.progress() } : {}),
    }).catch((error: unknown) => {
      // What was written on the way is gone by now.
      if (interrupt.signal.aborted) process.exit(interruptedExit);
      throw error;
    }).finally(() => interrupt.end());
    for (const remark of result.remarks) this.say(`Remark: ${remark}`);
    for (const { table, shape, equal, held, actual, corrections, first } of result.tables) {
      this.log(`${table}: ${equal ? 'equal' : `${corrections} corrections`}`);
      this.log(`  ${held.from}: ${held.rows} rows, ${held.hash}`);
      this.log(`  ${actual.from}: ${actual.rows} rows, ${actual.hash}`);
      for (const correction of first) this.log(`    ${correctionText(shape, correction)}`);
      if (corrections > first.length) this.log(`    and ${corrections - first.length} more${flags.out === undefined ? ': --out FILE writes them all' : ''}`);
    }
    if (flags.out !== undefined) this.log(`${result.written} corrections in ${flags.out}`);
    if (!result.equal) process.exitCode = exitCodes.different;
    return {
      ...result,
      tables: result.tables.map(({ shape, first, ...rest }) => ({ ...rest, first: first.map((correction) => correctionText(shape, correction)) })),
    };
  }

  /** Now and then, how far the sides are read. */
  private progress(): (table: string, from: string, rows: number) => void {
    const every = 500_000;
    let told = 0;
    return (table, from, rows) => {
      if (rows < told) told = 0;
      if (rows < told + every) return;
      told = rows;
      this.say(`${table}: ${rows} rows of ${from}`);
    };
  }
}

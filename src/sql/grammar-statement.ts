/** Statements other than CREATE, and the script that all make. */
import type { IToken } from 'chevrotain';
import type { Place } from '../plan/expression.js';
import type { Insert, Query, QualifiedName, ResetOption, SetOption, Statement, StatementSet } from './ast.js';
import type { GrammarRule } from './grammar-base.js';
import { CreateGrammar } from './grammar-create.js';
import { sqlInvalid } from './sql-error.js';
import { K, LeftParen, RightParen, Semicolon, SettingText, SkippedStatement } from './tokens.js';

export class StatementGrammar extends CreateGrammar {
  constructor() {
    super();
    this.performSelfAnalysis();
  }

  /** All statements of `text`, which `tokens` are of. Throws the first error. */
  parse(text: string, tokens: IToken[]): Statement[] {
    this.start(text, tokens);
    const statements = this.script();
    this.finish();
    return statements;
  }

  readonly script: GrammarRule<Statement[]> = this.rule('script', () => {
    const statements: Statement[] = [];
    this.OPTION(() => { statements.push(this.SUBRULE(this.statement)); });
    this.MANY(() => {
      this.CONSUME(Semicolon);
      this.OPTION1(() => { statements.push(this.SUBRULE1(this.statement)); });
    });
    return statements;
  });

  readonly statement: GrammarRule<Statement> = this.rule('statement', () => this.OR<Statement>([
    { ALT: () => this.SUBRULE(this.create) },
    { ALT: () => this.SUBRULE(this.insert) },
    { ALT: () => this.SUBRULE(this.execute) },
    { ALT: () => this.SUBRULE(this.statementSet) },
    { ALT: () => this.SUBRULE(this.setOption) },
    { ALT: () => this.SUBRULE(this.resetOption) },
    { ALT: () => {
      const token = this.CONSUME(SkippedStatement);
      return { kind: 'unsupported', what: token.payload as string, place: this.tokenPlace(token) };
    } },
    { ALT: () => {
      const query = this.SUBRULE(this.query);
      return { kind: 'queryStatement', query, place: query.place };
    } },
  ]));

  readonly insert: GrammarRule<Insert> = this.rule('insert', () => {
    const first = this.CONSUME(K.INSERT);
    const overwrite = this.OR([
      { ALT: () => (this.CONSUME(K.INTO), false) },
      { ALT: () => (this.CONSUME(K.OVERWRITE), true) },
    ]);
    const target: QualifiedName = this.SUBRULE(this.qualifiedName);
    const hints = this.OPTION(() => this.SUBRULE(this.hints)) ?? [];
    const partition = this.OPTION1(() => this.SUBRULE(this.insertPartition));
    const columns = this.OPTION2({ GATE: () => this.isName(2), DEF: () => this.SUBRULE(this.nameList) }) ?? [];
    const query: Query = this.SUBRULE(this.query);
    return { kind: 'insert', target, overwrite, hints, columns, partition, query, place: this.placeFrom(first) };
  });

  /** `PARTITION (day = '2024-01-02', venue)`: only its place matters. */
  readonly insertPartition: GrammarRule<Place> = this.rule('insertPartition', () => {
    const first = this.CONSUME(K.PARTITION);
    this.CONSUME(LeftParen);
    this.SUBRULE(this.expressions);
    this.CONSUME(RightParen);
    return this.placeFrom(first);
  });

  /** EXECUTE before a statement set, or before a single INSERT or query. */
  readonly execute: GrammarRule<Statement> = this.rule('execute', () => {
    const first = this.CONSUME(K.EXECUTE);
    return this.OR<Statement>([
      { ALT: () => {
        this.CONSUME(K.STATEMENT);
        this.CONSUME(K.SET);
        this.CONSUME(K.BEGIN);
        const inserts = this.SUBRULE(this.inserts);
        return { kind: 'statementSet', inserts, place: this.placeFrom(first) };
      } },
      { ALT: () => this.SUBRULE(this.insert) },
      { ALT: () => {
        const query = this.SUBRULE(this.query);
        return { kind: 'queryStatement', query, place: query.place };
      } },
    ]);
  });

  readonly statementSet: GrammarRule<StatementSet> = this.rule('statementSet', () => {
    const first = this.CONSUME(K.BEGIN);
    this.CONSUME(K.STATEMENT);
    this.CONSUME(K.SET);
    this.CONSUME(Semicolon);
    const inserts = this.SUBRULE(this.inserts);
    return { kind: 'statementSet', inserts, place: this.placeFrom(first) };
  });

  readonly inserts: GrammarRule<Insert[]> = this.rule('inserts', () => {
    const inserts: Insert[] = [];
    this.MANY(() => {
      inserts.push(this.SUBRULE(this.insert));
      this.CONSUME(Semicolon);
    });
    this.CONSUME(K.END);
    return inserts;
  });

  readonly setOption: GrammarRule<Statement> = this.rule('setOption', () => {
    const first = this.CONSUME(K.SET);
    return this.OPTION(() => this.OR<SetOption>([
      { ALT: () => {
        const { key, value } = this.SUBRULE(this.tableOption);
        return { kind: 'set', key, value, place: this.placeFrom(first) };
      } },
      { ALT: () => {
        const setting = this.CONSUME(SettingText);
        return this.ACTION(() => {
          const equal = setting.image.indexOf('=');
          if (equal <= 0) throw sqlInvalid(this.tokenPlace(setting), "SET needs a key and a value", "Write SET 'key' = 'value'.");
          const key = setting.image.slice(0, equal).trim();
          return { kind: 'set', key, value: unquoted(setting.image.slice(equal + 1).trim()), place: this.placeFrom(first) };
        });
      } },
    ])) ?? { kind: 'unsupported', what: 'SET', place: this.tokenPlace(first) };
  });

  readonly resetOption: GrammarRule<ResetOption> = this.rule('resetOption', () => {
    const first = this.CONSUME(K.RESET);
    const key = this.OPTION(() => this.OR([
      { ALT: () => this.SUBRULE(this.text) },
      { ALT: () => {
        const setting = this.CONSUME(SettingText);
        return setting.image.trim();
      } },
    ]));
    return { kind: 'reset', key, place: this.placeFrom(first) };
  });
}

const unquoted = (text: string): string => (/^'.*'$/.test(text) ? text.slice(1, -1).replaceAll("''", "'") : text);

/** Statements, from CREATE TABLE to SET, and the script that they make. */
import type { IToken } from 'chevrotain';
import type {
  ColumnDefinition, CreateTable, CreateView, Insert, Name, PrimaryKey, Query, QualifiedName, ResetOption, SetOption, Statement,
  StatementSet, TableOption, WatermarkDefinition,
} from './ast.js';
import type { GrammarRule } from './grammar-base.js';
import { TypeGrammar } from './grammar-type.js';
import { sqlInvalid, sqlUnsupported } from './sql-error.js';
import { Comma, Equal, K, LeftParen, NumberToken, RightParen, Semicolon, SettingText, SkippedStatement } from './tokens.js';

/** Filled as the elements between CREATE TABLE's parentheses are read. */
interface TableElements {
  columns: ColumnDefinition[];
  watermarks: WatermarkDefinition[];
  primaryKeys: PrimaryKey[];
}

interface CreateHead {
  readonly first: IToken;
  readonly temporary: boolean;
}

const noElements = (): TableElements => ({ columns: [], watermarks: [], primaryKeys: [] });

export class StatementGrammar extends TypeGrammar {
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

  readonly create: GrammarRule<CreateTable | CreateView> = this.rule('create', () => {
    const first = this.CONSUME(K.CREATE);
    const temporary = this.OPTION(() => this.CONSUME(K.TEMPORARY)) !== undefined;
    return this.OR<CreateTable | CreateView>([
      { ALT: () => this.SUBRULE(this.createTable, { ARGS: [{ first, temporary }] }) },
      { ALT: () => this.SUBRULE(this.createView, { ARGS: [{ first, temporary }] }) },
    ]);
  });

  readonly ifNotExists: GrammarRule<boolean> = this.rule('ifNotExists', () => this.OPTION(() => {
    this.CONSUME(K.IF);
    this.CONSUME(K.NOT);
    this.CONSUME(K.EXISTS);
    return true;
  }) ?? false);

  readonly createTable: GrammarRule<CreateTable, [head: CreateHead]> = this.rule('createTable', (head) => {
    this.CONSUME(K.TABLE);
    const ifNotExists = this.SUBRULE(this.ifNotExists);
    const name = this.SUBRULE(this.qualifiedName);
    const elements = this.OPTION(() => this.SUBRULE(this.tableElements)) ?? noElements();
    const comment = this.OPTION1(() => this.SUBRULE(this.comment));
    const distributed = this.OPTION2(() => this.SUBRULE(this.distribution));
    const partitionedBy = this.OPTION3(() => {
      this.CONSUME(K.PARTITIONED);
      this.CONSUME(K.BY);
      return this.SUBRULE(this.nameList);
    }) ?? [];
    const options = this.OPTION4(() => (this.CONSUME(K.WITH), this.SUBRULE(this.tableOptions))) ?? [];
    this.OPTION5(() => {
      const like = this.CONSUME(K.LIKE);
      this.ACTION(() => { throw sqlUnsupported(this.tokenPlace(like), 'CREATE TABLE … LIKE is not supported', 'Write the columns out.'); });
    });
    const query = this.OPTION6(() => (this.CONSUME(K.AS), this.SUBRULE(this.query)));
    return this.ACTION(() => ({
      kind: 'createTable', name, temporary: head.temporary, ifNotExists, ...elements, comment, partitionedBy, distributed, options, query,
      place: this.placeFrom(head.first),
    }));
  });

  /** Columns, watermark and keys between parentheses. */
  readonly tableElements: GrammarRule<TableElements> = this.rule('tableElements', () => {
    const elements = noElements();
    this.CONSUME(LeftParen);
    this.SUBRULE(this.tableElement, { ARGS: [elements] });
    this.MANY(() => {
      this.CONSUME(Comma);
      this.SUBRULE1(this.tableElement, { ARGS: [elements] });
    });
    this.CONSUME(RightParen);
    return elements;
  });

  readonly tableElement: GrammarRule<void, [elements: TableElements]> = this.rule('tableElement', (elements = noElements()) => {
    this.OR([
      { GATE: () => this.isNext(K.FOR, 2), ALT: () => { elements.watermarks.push(this.SUBRULE(this.watermark)); } },
      { ALT: () => { elements.primaryKeys.push(this.SUBRULE(this.tableKey)); } },
      { ALT: () => this.SUBRULE(this.column, { ARGS: [elements] }) },
    ]);
  });

  readonly watermark: GrammarRule<WatermarkDefinition> = this.rule('watermark', () => {
    const first = this.CONSUME(K.WATERMARK);
    this.CONSUME(K.FOR);
    const column = this.SUBRULE(this.qualifiedName);
    this.CONSUME(K.AS);
    const expression = this.SUBRULE(this.expression);
    return { column, expression, place: this.placeFrom(first) };
  });

  /** `[CONSTRAINT name] PRIMARY KEY (a, b) NOT ENFORCED` */
  readonly tableKey: GrammarRule<PrimaryKey> = this.rule('tableKey', () => {
    const first = this.LA(1);
    const constraint = this.OPTION(() => (this.CONSUME(K.CONSTRAINT), this.SUBRULE(this.name)));
    this.CONSUME(K.PRIMARY);
    this.CONSUME(K.KEY);
    const columns = this.SUBRULE(this.nameList);
    const notEnforced = this.SUBRULE(this.enforcement);
    return { constraint, columns, notEnforced, place: this.placeFrom(first) };
  });

  readonly enforcement: GrammarRule<boolean> = this.rule('enforcement', () => this.OPTION(() => {
    const not = this.OPTION1(() => this.CONSUME(K.NOT));
    this.CONSUME(K.ENFORCED);
    return not !== undefined;
  }) ?? false);

  readonly column: GrammarRule<void, [elements: TableElements]> = this.rule('column', (elements = noElements()) => {
    const first = this.LA(1);
    const name = this.SUBRULE(this.name);
    const column = this.OR<ColumnDefinition>([
      { ALT: () => {
        this.CONSUME(K.AS);
        const expression = this.SUBRULE(this.expression);
        const comment = this.OPTION(() => this.SUBRULE(this.comment));
        return { kind: 'computedColumn', name, expression, comment, place: this.placeFrom(first) };
      } },
      { ALT: () => this.SUBRULE(this.typedColumn, { ARGS: [name, first, elements] }) },
    ]);
    elements.columns.push(column);
  });

  readonly typedColumn: GrammarRule<ColumnDefinition, [name: Name, first: IToken, elements: TableElements]> = this.rule('typedColumn', (name, first, elements = noElements()) => {
    const type = this.SUBRULE(this.type);
    const metadata = this.OPTION(() => this.SUBRULE(this.metadata, { ARGS: [name] }));
    this.OPTION1(() => { elements.primaryKeys.push(this.SUBRULE(this.columnKey, { ARGS: [name] })); });
    const comment = this.OPTION2(() => this.SUBRULE(this.comment));
    const place = this.placeFrom(first);
    return metadata === undefined ? { kind: 'physicalColumn', name, type, comment, place }
      : { kind: 'metadataColumn', name, type, ...metadata, comment, place };
  });

  /** `METADATA [FROM 'key'] [VIRTUAL]` */
  readonly metadata: GrammarRule<{ key: string; virtual: boolean }, [name: Name]> = this.rule('metadata', (name) => {
    this.CONSUME(K.METADATA);
    const key = this.OPTION(() => (this.CONSUME(K.FROM), this.SUBRULE(this.text)));
    const virtual = this.OPTION1(() => this.CONSUME(K.VIRTUAL)) !== undefined;
    return this.ACTION(() => ({ key: key ?? name.text, virtual }));
  });

  /** `[CONSTRAINT name] PRIMARY KEY NOT ENFORCED` after a column's type. */
  readonly columnKey: GrammarRule<PrimaryKey, [column: Name]> = this.rule('columnKey', (column) => {
    const first = this.LA(1);
    const constraint = this.OPTION(() => (this.CONSUME(K.CONSTRAINT), this.SUBRULE(this.name)));
    this.CONSUME(K.PRIMARY);
    this.CONSUME(K.KEY);
    const notEnforced = this.SUBRULE(this.enforcement);
    return { constraint, columns: [column], notEnforced, place: this.placeFrom(first) };
  });

  /** `DISTRIBUTED BY HASH(a) INTO 4 BUCKETS`: only its place matters. */
  readonly distribution: GrammarRule<ReturnType<StatementGrammar['tokenPlace']>> = this.rule('distribution', () => {
    const first = this.CONSUME(K.DISTRIBUTED);
    this.OPTION(() => {
      this.CONSUME(K.BY);
      this.OPTION1({ GATE: () => !this.isNext(LeftParen), DEF: () => {
        this.OR([{ ALT: () => { this.SUBRULE(this.name); } }, { ALT: () => { this.CONSUME(K.RANGE); } }]);
      } });
      this.SUBRULE(this.nameList);
    });
    this.OPTION2(() => {
      this.CONSUME(K.INTO);
      this.CONSUME(NumberToken);
      this.CONSUME(K.BUCKETS);
    });
    return this.placeFrom(first);
  });

  /** `('key' = 'value', …)`; Flink allows an empty list. */
  readonly tableOptions: GrammarRule<TableOption[]> = this.rule('tableOptions', () => {
    const options: TableOption[] = [];
    this.CONSUME(LeftParen);
    this.OPTION(() => {
      options.push(this.SUBRULE(this.tableOption));
      this.MANY(() => {
        this.CONSUME(Comma);
        options.push(this.SUBRULE1(this.tableOption));
      });
    });
    this.CONSUME(RightParen);
    return options;
  });

  readonly tableOption: GrammarRule<TableOption> = this.rule('tableOption', () => {
    const first = this.LA(1);
    const key = this.SUBRULE(this.text);
    this.CONSUME(Equal);
    const value = this.SUBRULE1(this.text);
    return { key, value, place: this.placeFrom(first) };
  });

  readonly createView: GrammarRule<CreateView, [head: CreateHead]> = this.rule('createView', (head) => {
    this.CONSUME(K.VIEW);
    const ifNotExists = this.SUBRULE(this.ifNotExists);
    const name = this.SUBRULE(this.qualifiedName);
    const columns = this.OPTION(() => this.SUBRULE(this.viewColumns)) ?? [];
    const comment = this.OPTION1(() => this.SUBRULE(this.comment));
    this.CONSUME(K.AS);
    const query = this.SUBRULE(this.query);
    return this.ACTION(() => ({
      kind: 'createView', name, temporary: head.temporary, ifNotExists, columns, comment, query, place: this.placeFrom(head.first),
    }));
  });

  readonly viewColumns: GrammarRule<Name[]> = this.rule('viewColumns', () => {
    const names: Name[] = [];
    this.CONSUME(LeftParen);
    names.push(this.SUBRULE(this.name));
    this.OPTION(() => this.SUBRULE(this.comment));
    this.MANY(() => {
      this.CONSUME(Comma);
      names.push(this.SUBRULE1(this.name));
      this.OPTION1(() => this.SUBRULE1(this.comment));
    });
    this.CONSUME(RightParen);
    return names;
  });

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
  readonly insertPartition: GrammarRule<ReturnType<StatementGrammar['tokenPlace']>> = this.rule('insertPartition', () => {
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

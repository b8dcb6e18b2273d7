/** CREATE TABLE with all that its columns can be, and CREATE VIEW. */
import type { IToken } from 'chevrotain';
import type { Place } from '../plan/expression.js';
import type { ColumnDefinition, CreateTable, CreateView, Name, PrimaryKey, TableOption, WatermarkDefinition } from './ast.js';
import type { GrammarRule } from './grammar-base.js';
import { TypeGrammar } from './grammar-type.js';
import { sqlUnsupported } from './sql-error.js';
import { Comma, Equal, K, LeftParen, NumberToken, RightParen } from './tokens.js';

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

export abstract class CreateGrammar extends TypeGrammar {
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
  readonly distribution: GrammarRule<Place> = this.rule('distribution', () => {
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
}

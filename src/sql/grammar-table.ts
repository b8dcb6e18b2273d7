/** What may stand in FROM: tables, sub-queries, table functions and their arguments, joins. */
import type { IToken } from 'chevrotain';
import type {
  Descriptor, Join, Name, OrderItem, Query, SqlExpression, TableAlias, TableArgument, TableFunction, TableInput, TableReference,
} from './ast.js';
import type { GrammarRule } from './grammar-base.js';
import { MatchGrammar } from './grammar-match.js';
import { sqlInvalid } from './sql-error.js';
import { Arrow, Comma, Dot, K, LeftParen, RightParen } from './tokens.js';

type JoinHead = Pick<Join, 'type' | 'natural' | 'comma'>;

export abstract class TableGrammar extends MatchGrammar {
  readonly tables: GrammarRule<TableReference> = this.rule('tables', () => {
    this.ACTION(() => this.enter());
    const first = this.LA(1);
    let left = this.SUBRULE(this.joinedTables);
    this.MANY(() => {
      this.CONSUME(Comma);
      const right = this.SUBRULE1(this.joinedTables);
      left = this.#join({ type: 'CROSS', natural: false, comma: true }, left, right, first);
    });
    this.ACTION(() => this.leave());
    return left;
  });

  readonly joinedTables: GrammarRule<TableReference> = this.rule('joinedTables', () => {
    const first = this.LA(1);
    let left = this.SUBRULE(this.tableReference);
    this.MANY(() => {
      const head = this.SUBRULE(this.joinHead);
      const right = this.SUBRULE1(this.tableReference);
      let on: SqlExpression | undefined;
      let using: readonly Name[] = [];
      this.OPTION(() => this.OR([
        { ALT: () => { this.CONSUME(K.ON); on = this.SUBRULE(this.expression); } },
        { ALT: () => { this.CONSUME(K.USING); using = this.SUBRULE(this.nameList); } },
      ]));
      left = this.#join(head, left, right, first, on, using);
    });
    return left;
  });

  #join(head: JoinHead, left: TableReference, right: TableReference, first: IToken, on?: SqlExpression, using: readonly Name[] = []): Join {
    return { kind: 'join', ...head, left, right, on, using, place: this.placeFrom(first) };
  }

  readonly joinHead: GrammarRule<JoinHead> = this.rule('joinHead', () => {
    const natural = this.OPTION(() => this.CONSUME(K.NATURAL)) !== undefined;
    const outer = () => { this.OPTION2(() => this.CONSUME(K.OUTER)); };
    const type = this.OPTION1(() => this.OR([
      { ALT: () => (this.CONSUME(K.INNER), 'INNER' as const) },
      { ALT: () => (this.CONSUME(K.CROSS), 'CROSS' as const) },
      { ALT: () => {
        const side = this.OR1([
          { ALT: () => (this.CONSUME(K.LEFT), 'LEFT' as const) },
          { ALT: () => (this.CONSUME(K.RIGHT), 'RIGHT' as const) },
          { ALT: () => (this.CONSUME(K.FULL), 'FULL' as const) },
        ]);
        outer();
        return side;
      } },
    ])) ?? 'INNER';
    this.CONSUME(K.JOIN);
    return { type, natural, comma: false };
  });

  /** One table of FROM with all that may be written after it. */
  readonly tableReference: GrammarRule<TableReference> = this.rule('tableReference', () => {
    const first = this.LA(1);
    let reference = this.OR<TableReference>([
      { ALT: () => this.SUBRULE(this.lateralTable) },
      { ALT: () => this.SUBRULE(this.wrappedFunction, { ARGS: [first, false] }) },
      { ALT: () => this.SUBRULE(this.unnest, { ARGS: [first, false] }) },
      { ALT: () => this.SUBRULE(this.tableInParentheses) },
      { ALT: () => this.SUBRULE(this.namedTable) },
    ]);
    this.OPTION(() => {
      const clause = this.CONSUME(K.MATCH_RECOGNIZE);
      const body = this.SUBRULE(this.matchBody);
      const alias = this.OPTION1(() => this.SUBRULE(this.tableAlias));
      reference = { kind: 'matchRecognize', input: reference, clause: this.tokenPlace(clause), body, alias, place: this.placeFrom(first) };
    });
    return reference;
  });

  readonly tableAlias: GrammarRule<TableAlias> = this.rule('tableAlias', () => {
    const first = this.LA(1);
    this.OPTION(() => this.CONSUME(K.AS));
    const name = this.SUBRULE(this.name);
    const columns = this.OPTION1(() => this.SUBRULE(this.nameList)) ?? [];
    return { name, columns, place: this.placeFrom(first) };
  });

  /** A table, with hints, FOR SYSTEM_TIME AS OF and an alias, or a table function without TABLE around it. */
  readonly namedTable: GrammarRule<TableReference> = this.rule('namedTable', () => {
    const first = this.LA(1);
    const name = this.SUBRULE(this.qualifiedName);
    return this.OR<TableReference>([
      { ALT: () => {
        const args = this.SUBRULE(this.tableArguments);
        const alias = this.OPTION(() => this.SUBRULE(this.tableAlias));
        return this.ACTION(() => this.#tableFunction(functionName(name.parts), args, first, { alias }));
      } },
      { ALT: () => {
        const hints = this.OPTION1(() => this.SUBRULE(this.hints)) ?? [];
        const systemTime = this.OPTION2(() => this.SUBRULE(this.systemTime));
        const alias = this.OPTION3(() => this.SUBRULE1(this.tableAlias));
        return { kind: 'table', name, hints, systemTime, alias, place: this.placeFrom(first) };
      } },
    ]);
  });

  readonly systemTime: GrammarRule<SqlExpression> = this.rule('systemTime', () => {
    this.CONSUME(K.FOR);
    this.CONSUME(K.SYSTEM_TIME);
    this.CONSUME(K.AS);
    this.CONSUME(K.OF);
    return this.SUBRULE(this.expression);
  });

  /** LATERAL before a table function or a sub-query. */
  readonly lateralTable: GrammarRule<TableReference> = this.rule('lateralTable', () => {
    const first = this.CONSUME(K.LATERAL);
    return this.OR<TableReference>([
      { ALT: () => this.SUBRULE(this.wrappedFunction, { ARGS: [first, true] }) },
      { ALT: () => this.SUBRULE(this.unnest, { ARGS: [first, true] }) },
      { ALT: () => {
        this.CONSUME(LeftParen);
        const query = this.SUBRULE(this.query);
        this.CONSUME(RightParen);
        const alias = this.OPTION(() => this.SUBRULE(this.tableAlias));
        return { kind: 'derivedTable', lateral: true, query, alias, place: this.placeFrom(first) };
      } },
      { ALT: () => {
        const name = this.SUBRULE(this.qualifiedName);
        const args = this.SUBRULE(this.tableArguments);
        const alias = this.OPTION1(() => this.SUBRULE1(this.tableAlias));
        return this.ACTION(() => this.#tableFunction(functionName(name.parts), args, first, { alias, lateral: true }));
      } },
    ]);
  });

  /** `TABLE(TUMBLE(…))`. */
  readonly wrappedFunction: GrammarRule<TableFunction, [first: IToken, lateral: boolean]> = this.rule('wrappedFunction', (first, lateral) => {
    this.CONSUME(K.TABLE);
    this.CONSUME(LeftParen);
    const name = this.SUBRULE(this.qualifiedName);
    const args = this.SUBRULE(this.tableArguments);
    this.CONSUME(RightParen);
    const alias = this.OPTION(() => this.SUBRULE(this.tableAlias));
    return this.ACTION(() => this.#tableFunction(functionName(name.parts), args, first, { alias, lateral }));
  });

  readonly unnest: GrammarRule<TableFunction, [first: IToken, lateral: boolean]> = this.rule('unnest', (first, lateral) => {
    this.CONSUME(K.UNNEST);
    const args = this.SUBRULE(this.tableArguments);
    const ordinality = this.OPTION(() => {
      this.CONSUME(K.WITH);
      this.CONSUME(K.ORDINALITY);
    }) !== undefined;
    const alias = this.OPTION1(() => this.SUBRULE(this.tableAlias));
    return this.ACTION(() => this.#tableFunction('UNNEST', args, first, { alias, lateral, ordinality }));
  });

  #tableFunction(name: string, args: readonly TableArgument[], first: IToken, more: Partial<Pick<TableFunction, 'alias' | 'lateral' | 'ordinality'>>): TableFunction {
    return {
      kind: 'tableFunction', name, lateral: more.lateral ?? false, args, ordinality: more.ordinality ?? false, alias: more.alias,
      place: this.placeFrom(first),
    };
  }

  /** A sub-query, or joined tables, and the alias after them. */
  readonly tableInParentheses: GrammarRule<TableReference> = this.rule('tableInParentheses', () => {
    const first = this.CONSUME(LeftParen);
    const start = this.LA(1);
    let query: Query | undefined;
    let tables: TableReference | undefined;
    this.OR([
      { GATE: () => !this.isNext(LeftParen), ALT: () => { query = this.SUBRULE(this.query); } },
      { ALT: () => {
        tables = this.SUBRULE(this.tables);
        const left = this.ACTION(() => (tables?.kind === 'derivedTable' && tables.alias === undefined ? tables.query : undefined));
        // ((SELECT …) UNION …): what looked like a table was the first part of a query.
        this.OPTION({
          GATE: () => left !== undefined && !this.isNext(RightParen),
          DEF: () => { query = this.SUBRULE(this.queryRest, { ARGS: [start, left!] }); },
        });
      } },
    ]);
    this.CONSUME(RightParen);
    const place = this.placeFrom(first);
    const alias = this.OPTION1(() => this.SUBRULE(this.tableAlias));
    return this.ACTION((): TableReference => {
      if (query !== undefined) return { kind: 'derivedTable', lateral: false, query, alias, place: this.placeFrom(first) };
      if (alias === undefined) return tables!;
      if ('alias' in tables! && tables.alias === undefined) return { ...tables, alias };
      throw sqlInvalid(alias.place, 'joined tables cannot be given one name', 'Name each of them, or write (SELECT …) AS name.');
    }) ?? { kind: 'table', name: { parts: [], place }, hints: [], systemTime: undefined, alias, place };
  });

  readonly tableArguments: GrammarRule<TableArgument[]> = this.rule('tableArguments', () => {
    const args: TableArgument[] = [];
    this.CONSUME(LeftParen);
    this.OPTION(() => {
      args.push(this.SUBRULE(this.tableArgument));
      this.MANY(() => {
        this.CONSUME(Comma);
        args.push(this.SUBRULE1(this.tableArgument));
      });
    });
    this.CONSUME(RightParen);
    return args;
  });

  readonly tableArgument: GrammarRule<TableArgument> = this.rule('tableArgument', () => {
    const first = this.LA(1);
    const name = this.OPTION({ GATE: () => this.isNext(Arrow, 2), DEF: () => {
      const word = this.SUBRULE(this.name);
      this.CONSUME(Arrow);
      return this.ACTION(() => word.text.toUpperCase());
    } });
    const value = this.OR<TableArgument['value']>([
      { ALT: () => this.SUBRULE(this.tableInput) },
      { GATE: () => this.isNext(LeftParen, 2), ALT: () => this.SUBRULE(this.descriptor) },
      { ALT: () => this.SUBRULE(this.expressionOrQuery) },
    ]);
    return { name, value, place: this.placeFrom(first) };
  });

  readonly descriptor: GrammarRule<Descriptor> = this.rule('descriptor', () => {
    const first = this.CONSUME(K.DESCRIPTOR);
    const columns = this.SUBRULE(this.nameList);
    return { kind: 'descriptor', columns, place: this.placeFrom(first) };
  });

  /** `TABLE t PARTITION BY key`, `TABLE (query)`. */
  readonly tableInput: GrammarRule<TableInput> = this.rule('tableInput', () => {
    const first = this.CONSUME(K.TABLE);
    const start = this.LA(1);
    const input = this.OR<TableInput['input']>([
      { ALT: () => {
        const name = this.SUBRULE(this.qualifiedName);
        return { kind: 'table', name, hints: [], systemTime: undefined, alias: undefined, place: name.place };
      } },
      { ALT: () => {
        this.CONSUME(LeftParen);
        const query = this.SUBRULE(this.query);
        this.CONSUME(RightParen);
        return { kind: 'derivedTable', lateral: false, query, alias: undefined, place: this.placeFrom(start) };
      } },
    ]);
    const { partitionBy, orderBy } = this.SUBRULE(this.inputClauses);
    return { kind: 'tableInput', input, partitionBy, orderBy, place: this.placeFrom(first) };
  });

  readonly inputClauses: GrammarRule<Pick<TableInput, 'partitionBy' | 'orderBy'>> = this.rule('inputClauses', () => {
    const partitionBy: SqlExpression[] = [];
    this.OPTION(() => {
      this.CONSUME(K.PARTITION);
      this.CONSUME(K.BY);
      partitionBy.push(this.SUBRULE(this.expression));
      // A comma goes on with the keys when a column follows, else with the function's arguments.
      this.MANY({ GATE: () => this.#isColumnNext(), DEF: () => {
        this.CONSUME(Comma);
        partitionBy.push(this.SUBRULE1(this.expression));
      } });
    });
    const orderBy: OrderItem[] = this.OPTION1(() => this.SUBRULE(this.orderBy)) ?? [];
    return this.ACTION(() => ({ partitionBy: partitionBy.flatMap((key) => (key.kind === 'row' ? key.values : [key])), orderBy }))
      ?? { partitionBy, orderBy };
  });

  #isColumnNext(): boolean {
    if (!this.isName(2)) return false;
    return this.isNext(Comma, 3) || this.isNext(RightParen, 3) || this.isNext(Dot, 3) || this.isNext(K.ORDER, 3);
  }

  /** A query in parentheses is a table here, not a value. */
  readonly expressionOrQuery: GrammarRule<TableInput | SqlExpression> = this.rule('expressionOrQuery', () => {
    const first = this.LA(1);
    const value = this.SUBRULE(this.expression);
    const { partitionBy, orderBy } = this.SUBRULE(this.inputClauses);
    return this.ACTION((): TableInput | SqlExpression => {
      const place = this.placeFrom(first);
      if (value.kind === 'scalarQuery') {
        const { query } = value;
        const input = { kind: 'derivedTable' as const, lateral: false, query, alias: undefined, place: value.place };
        return { kind: 'tableInput', input, partitionBy, orderBy, place };
      }
      if (partitionBy.length > 0 || orderBy.length > 0) throw sqlInvalid(place, 'only a table can be partitioned or ordered', 'Write TABLE before its name.');
      return value;
    });
  });
}

const functionName = (parts: readonly Name[]): string => parts.map((part) => part.text).join('.').toUpperCase();

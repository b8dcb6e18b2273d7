/** Queries: WITH, set operations, SELECT and its clauses, ORDER BY and LIMIT. */
import type { IToken } from 'chevrotain';
import type {
  CommonTable, GroupBy, GroupItem, GroupingSets, OrderItem, Query, QueryBody, Select, SelectItem, SetOperation, SqlExpression,
  TableReference, Values,
} from './ast.js';
import type { GrammarRule } from './grammar-base.js';
import { HintGrammar } from './grammar-hint.js';
import { Comma, Dot, K, LeftParen, NumberToken, RightParen, Star } from './tokens.js';

interface SetOperator {
  readonly operator: SetOperation['operator'];
  readonly all: boolean;
}

export abstract class QueryGrammar extends HintGrammar {
  /** What follows FROM: tables joined in any way. */
  abstract readonly tables: GrammarRule<TableReference>;

  readonly query: GrammarRule<Query> = this.rule('query', () => {
    this.ACTION(() => this.enter());
    const first = this.LA(1);
    const common = this.OPTION(() => this.SUBRULE(this.commonTables)) ?? [];
    const body = this.LA(1);
    const left = this.SUBRULE(this.queryOperand);
    const query = this.SUBRULE(this.queryRest, { ARGS: [body, left] });
    this.ACTION(() => this.leave());
    return { ...query, with: common, place: this.placeFrom(first) };
  });

  readonly commonTables: GrammarRule<CommonTable[]> = this.rule('commonTables', () => {
    this.CONSUME(K.WITH);
    const list = [this.SUBRULE(this.commonTable)];
    this.MANY(() => {
      this.CONSUME(Comma);
      list.push(this.SUBRULE1(this.commonTable));
    });
    return list;
  });

  readonly commonTable: GrammarRule<CommonTable> = this.rule('commonTable', () => {
    const first = this.LA(1);
    const name = this.SUBRULE(this.name);
    const columns = this.OPTION(() => this.SUBRULE(this.nameList)) ?? [];
    this.CONSUME(K.AS);
    this.CONSUME(LeftParen);
    const query = this.SUBRULE(this.query);
    this.CONSUME(RightParen);
    return { name, columns, query, place: this.placeFrom(first) };
  });

  readonly queryRest: GrammarRule<Query, [first: IToken, left: QueryBody]> = this.rule('queryRest', (first, left) => {
    const operands = [{ node: this.ACTION(() => plainBody(left)), first, last: this.LA(0) }];
    const operators: SetOperator[] = [];
    this.MANY(() => {
      operators.push(this.SUBRULE(this.setOperator));
      const start = this.LA(1);
      const node = this.SUBRULE(this.queryOperand);
      operands.push({ node: this.ACTION(() => plainBody(node)), first: start, last: this.LA(0) });
    });
    const orderBy: OrderItem[] = this.OPTION(() => this.SUBRULE(this.orderBy)) ?? [];
    let limit = this.OPTION1(() => this.SUBRULE(this.limit));
    const offset = this.OPTION2(() => this.SUBRULE(this.offset));
    this.OPTION3(() => { limit = this.SUBRULE(this.fetch); });
    return this.ACTION(() => {
      const body = this.#foldSetOperations(operands, operators);
      return { kind: 'query', with: [], body, orderBy, limit, offset, place: this.placeFrom(first) };
    });
  });

  readonly setOperator: GrammarRule<SetOperator> = this.rule('setOperator', () => {
    const operator = this.OR([
      { ALT: () => (this.CONSUME(K.UNION), 'UNION' as const) },
      { ALT: () => (this.CONSUME(K.INTERSECT), 'INTERSECT' as const) },
      { ALT: () => (this.CONSUME(K.EXCEPT), 'EXCEPT' as const) },
    ]);
    let all = false;
    this.OPTION(() => this.OR1([
      { ALT: () => { this.CONSUME(K.ALL); all = true; } },
      { ALT: () => { this.CONSUME(K.DISTINCT); } },
    ]));
    return { operator, all };
  });

  /** INTERSECT binds first, UNION and EXCEPT from left to right. */
  #foldSetOperations(operands: readonly { node: QueryBody; first: IToken; last: IToken }[], operators: readonly SetOperator[]): QueryBody {
    const sums = [{ ...operands[0]! }];
    const between: SetOperator[] = [];
    const joined = ({ operator, all }: SetOperator, left: (typeof sums)[number], right: (typeof sums)[number]) => ({
      node: { kind: 'setOperation' as const, operator, all, left: left.node, right: right.node, place: this.placeBetween(left.first, right.last) },
      first: left.first, last: right.last,
    });
    operators.forEach((operator, index) => {
      const operand = operands[index + 1]!;
      if (operator.operator === 'INTERSECT') sums.push(joined(operator, sums.pop()!, operand));
      else {
        between.push(operator);
        sums.push(operand);
      }
    });
    return sums.reduce((left, right, index) => joined(between[index - 1]!, left, right)).node;
  }

  readonly queryOperand: GrammarRule<QueryBody> = this.rule('queryOperand', () => this.OR<QueryBody>([
    { ALT: () => this.SUBRULE(this.select) },
    { ALT: () => this.SUBRULE(this.values) },
    { ALT: () => this.SUBRULE(this.explicitTable) },
    { ALT: () => {
      this.CONSUME(LeftParen);
      const query = this.SUBRULE(this.query);
      this.CONSUME(RightParen);
      return query;
    } },
  ]));

  /** `TABLE t` is `SELECT * FROM t`. */
  readonly explicitTable: GrammarRule<Select> = this.rule('explicitTable', () => {
    const first = this.CONSUME(K.TABLE);
    const name = this.SUBRULE(this.qualifiedName);
    const place = this.placeFrom(first);
    const from: TableReference = { kind: 'table', name, hints: [], systemTime: undefined, alias: undefined, place: name.place };
    return {
      kind: 'select', distinct: false, hints: [], items: [{ kind: 'selectStar', qualifier: undefined, place }], from,
      where: undefined, groupBy: undefined, having: undefined, windows: [], qualify: undefined, place,
    };
  });

  readonly values: GrammarRule<Values> = this.rule('values', () => {
    const first = this.CONSUME(K.VALUES);
    const rows = [this.SUBRULE(this.expression)];
    this.MANY(() => {
      this.CONSUME(Comma);
      rows.push(this.SUBRULE1(this.expression));
    });
    return this.ACTION(() => ({
      kind: 'values', rows: rows.map((row) => (row.kind === 'row' ? row.values : [row])), place: this.placeFrom(first),
    }));
  });

  readonly limit: GrammarRule<SqlExpression | undefined> = this.rule('limit', () => {
    this.CONSUME(K.LIMIT);
    return this.OR([
      { ALT: () => (this.CONSUME(K.ALL), undefined) },
      { ALT: () => this.SUBRULE(this.expression) },
    ]);
  });

  readonly offset: GrammarRule<SqlExpression> = this.rule('offset', () => {
    this.CONSUME(K.OFFSET);
    const count = this.SUBRULE(this.expression);
    this.OPTION(() => this.OR([{ ALT: () => this.CONSUME(K.ROW) }, { ALT: () => this.CONSUME(K.ROWS) }]));
    return count;
  });

  /** `FETCH FIRST 10 ROWS ONLY`; without a number it is one row. */
  readonly fetch: GrammarRule<SqlExpression> = this.rule('fetch', () => {
    const first = this.CONSUME(K.FETCH);
    this.OR([{ ALT: () => this.CONSUME(K.FIRST) }, { ALT: () => this.CONSUME(K.NEXT) }]);
    const number = this.OPTION(() => this.CONSUME(NumberToken));
    this.OR1([{ ALT: () => this.CONSUME(K.ROW) }, { ALT: () => this.CONSUME(K.ROWS) }]);
    this.CONSUME(K.ONLY);
    return { kind: 'number', form: 'integer', text: number?.image ?? '1', place: this.tokenPlace(number ?? first) };
  });

  readonly select: GrammarRule<Select> = this.rule('select', () => {
    const first = this.CONSUME(K.SELECT);
    const hints = this.OPTION(() => this.SUBRULE(this.hints)) ?? [];
    const distinct = this.OPTION1(() => this.OR([
      { ALT: () => (this.CONSUME(K.DISTINCT), true) },
      { ALT: () => (this.CONSUME(K.ALL), false) },
    ])) ?? false;
    const items = this.SUBRULE(this.selectItems);
    const from = this.OPTION2(() => (this.CONSUME(K.FROM), this.SUBRULE(this.tables)));
    const where = this.OPTION3(() => (this.CONSUME(K.WHERE), this.SUBRULE(this.expression)));
    const groupBy = this.OPTION4(() => this.SUBRULE(this.groupBy));
    const having = this.OPTION5(() => (this.CONSUME(K.HAVING), this.SUBRULE1(this.expression)));
    const windows = this.OPTION6(() => this.SUBRULE(this.windows)) ?? [];
    const qualify = this.OPTION7(() => (this.CONSUME(K.QUALIFY), this.SUBRULE2(this.expression)));
    return { kind: 'select', distinct, hints, items, from, where, groupBy, having, windows, qualify, place: this.placeFrom(first) };
  });

  readonly selectItems: GrammarRule<SelectItem[]> = this.rule('selectItems', () => {
    const items = [this.SUBRULE(this.selectItem)];
    this.MANY(() => {
      this.CONSUME(Comma);
      items.push(this.SUBRULE1(this.selectItem));
    });
    return items;
  });

  readonly selectItem: GrammarRule<SelectItem> = this.rule('selectItem', () => {
    const first = this.LA(1);
    return this.OR<SelectItem>([
      { ALT: () => (this.CONSUME(Star), { kind: 'selectStar', qualifier: undefined, place: this.tokenPlace(first) }) },
      { GATE: () => this.#isQualifiedStar(), ALT: () => {
        const parts = [this.SUBRULE(this.name)];
        this.MANY({ GATE: () => !this.isNext(Star, 2), DEF: () => {
          this.CONSUME(Dot);
          parts.push(this.SUBRULE1(this.name));
        } });
        const qualifier = { parts, place: this.placeFrom(first) };
        this.CONSUME1(Dot);
        this.CONSUME1(Star);
        return { kind: 'selectStar', qualifier, place: this.placeFrom(first) };
      } },
      { ALT: () => {
        const expression = this.SUBRULE(this.expression);
        const alias = this.OPTION(() => {
          this.OPTION1(() => this.CONSUME(K.AS));
          return this.SUBRULE2(this.name);
        });
        return { kind: 'selectExpression', expression, alias, place: this.placeFrom(first) };
      } },
    ]);
  });

  /** True before `a.b.*`. */
  #isQualifiedStar(): boolean {
    let ahead = 1;
    while (this.isName(ahead) && this.isNext(Dot, ahead + 1)) ahead += 2;
    return ahead > 1 && this.isNext(Star, ahead);
  }

  readonly groupBy: GrammarRule<GroupBy> = this.rule('groupBy', () => {
    const first = this.CONSUME(K.GROUP);
    this.CONSUME(K.BY);
    let distinct = false;
    this.OPTION(() => this.OR([
      { ALT: () => { this.CONSUME(K.DISTINCT); distinct = true; } },
      { ALT: () => { this.CONSUME(K.ALL); } },
    ]));
    const items = [this.SUBRULE(this.groupItem)];
    this.MANY(() => {
      this.CONSUME(Comma);
      items.push(this.SUBRULE1(this.groupItem));
    });
    return { distinct, items, place: this.placeFrom(first) };
  });

  readonly groupItem: GrammarRule<GroupItem> = this.rule('groupItem', () => {
    const first = this.LA(1);
    return this.OR<GroupItem>([
      { GATE: () => this.isNext(K.SETS, 2), ALT: () => {
        this.CONSUME(K.GROUPING);
        this.CONSUME(K.SETS);
        return { kind: 'groupingSets', form: 'GROUPING SETS', sets: this.SUBRULE(this.groupingSets), place: this.placeFrom(first) };
      } },
      { ALT: () => (this.CONSUME(K.ROLLUP), { kind: 'groupingSets', form: 'ROLLUP', sets: this.SUBRULE1(this.groupingSets), place: this.placeFrom(first) }) },
      { ALT: () => (this.CONSUME(K.CUBE), { kind: 'groupingSets', form: 'CUBE', sets: this.SUBRULE2(this.groupingSets), place: this.placeFrom(first) }) },
      { ALT: () => ({ kind: 'groupExpression', expression: this.SUBRULE(this.expression), place: this.placeFrom(first) }) },
    ]);
  });

  /** `((a, b), a, ())` */
  readonly groupingSets: GrammarRule<GroupingSets['sets']> = this.rule('groupingSets', () => {
    this.CONSUME(LeftParen);
    const sets = [this.SUBRULE(this.groupingSet)];
    this.MANY(() => {
      this.CONSUME(Comma);
      sets.push(this.SUBRULE1(this.groupingSet));
    });
    this.CONSUME(RightParen);
    return sets;
  });

  readonly groupingSet: GrammarRule<SqlExpression[]> = this.rule('groupingSet', () => this.OR([
    { GATE: () => this.isNext(RightParen, 2), ALT: () => {
      this.CONSUME(LeftParen);
      this.CONSUME(RightParen);
      return [];
    } },
    { ALT: () => {
      const expression = this.SUBRULE(this.expression);
      return this.ACTION(() => (expression.kind === 'row' ? [...expression.values] : [expression]));
    } },
  ]));
}

/** A query in parentheses with no clauses of its own is only its body. */
function plainBody(operand: QueryBody): QueryBody {
  if (operand.kind !== 'query') return operand;
  const { body, with: common, orderBy, limit, offset } = operand;
  return common.length === 0 && orderBy.length === 0 && limit === undefined && offset === undefined ? body : operand;
}

/** OVER's windows, named or not, their frames, and ORDER BY. */
import type { Frame, FrameBound, NamedWindow, OrderItem, SqlExpression, WindowSpecification } from './ast.js';
import { GrammarBase, type GrammarRule } from './grammar-base.js';
import { foldOperators, type Piece } from './operators.js';
import { Comma, K, LeftParen, RightParen } from './tokens.js';

export type Pieces = [pieces: Piece[]];

export abstract class WindowGrammar extends GrammarBase {
  abstract readonly expression: GrammarRule<SqlExpression>;
  abstract readonly expressions: GrammarRule<SqlExpression[]>;
  /** An expression without operators between operands, added to the pieces. */
  abstract readonly operand: GrammarRule<void, Pieces>;

  readonly windowSpecification: GrammarRule<WindowSpecification> = this.rule('windowSpecification', () => {
    const first = this.CONSUME(LeftParen);
    const base = this.OPTION(() => this.SUBRULE(this.name));
    const partitionBy = this.OPTION1(() => {
      this.CONSUME(K.PARTITION);
      this.CONSUME(K.BY);
      return this.SUBRULE(this.expressions);
    }) ?? [];
    const orderBy = this.OPTION2(() => this.SUBRULE(this.orderBy)) ?? [];
    const frame = this.OPTION3(() => this.SUBRULE(this.frame));
    this.CONSUME(RightParen);
    return { base, partitionBy, orderBy, frame, place: this.placeFrom(first) };
  });

  readonly windows: GrammarRule<NamedWindow[]> = this.rule('windows', () => {
    this.CONSUME(K.WINDOW);
    const windows = [this.SUBRULE(this.namedWindow)];
    this.MANY(() => {
      this.CONSUME(Comma);
      windows.push(this.SUBRULE1(this.namedWindow));
    });
    return windows;
  });

  readonly namedWindow: GrammarRule<NamedWindow> = this.rule('namedWindow', () => {
    const first = this.LA(1);
    const name = this.SUBRULE(this.name);
    this.CONSUME(K.AS);
    const window = this.SUBRULE(this.windowSpecification);
    return { name, window, place: this.placeFrom(first) };
  });

  readonly frame: GrammarRule<Frame> = this.rule('frame', () => {
    const first = this.LA(1);
    const unit = this.OR([
      { ALT: () => (this.CONSUME(K.ROWS), 'ROWS' as const) },
      { ALT: () => (this.CONSUME(K.RANGE), 'RANGE' as const) },
    ]);
    let start: FrameBound | undefined;
    let end: FrameBound | undefined;
    this.OR1([
      { ALT: () => {
        this.CONSUME(K.BETWEEN);
        start = this.SUBRULE(this.frameBound);
        this.CONSUME(K.AND);
        end = this.SUBRULE1(this.frameBound);
      } },
      { ALT: () => { start = this.SUBRULE2(this.frameBound); } },
    ]);
    const place = this.placeFrom(first);
    return { unit, start: start!, end: end ?? { kind: 'CURRENT ROW', offset: undefined, place }, place };
  });

  readonly frameBound: GrammarRule<FrameBound> = this.rule('frameBound', () => {
    const first = this.LA(1);
    let offset: SqlExpression | undefined;
    const kind = this.OR<FrameBound['kind']>([
      { GATE: () => this.isNext(K.ROW, 2), ALT: () => {
        this.CONSUME(K.CURRENT);
        this.CONSUME(K.ROW);
        return 'CURRENT ROW';
      } },
      { GATE: () => this.isWord(2, 'PRECEDING', 'FOLLOWING'), ALT: () => {
        this.CONSUME(K.UNBOUNDED);
        return this.OR1([
          { ALT: () => (this.CONSUME(K.PRECEDING), 'UNBOUNDED PRECEDING' as const) },
          { ALT: () => (this.CONSUME(K.FOLLOWING), 'UNBOUNDED FOLLOWING' as const) },
        ]);
      } },
      { ALT: () => {
        // No operators: in `BETWEEN 5 AND …`, the AND must not be read as part of the bound.
        const pieces: Piece[] = [];
        this.SUBRULE(this.operand, { ARGS: [pieces] });
        offset = this.ACTION(() => foldOperators(pieces, (from, to) => this.placeBetween(from, to)));
        return this.OR2([
          { ALT: () => (this.CONSUME1(K.PRECEDING), 'PRECEDING' as const) },
          { ALT: () => (this.CONSUME1(K.FOLLOWING), 'FOLLOWING' as const) },
        ]);
      } },
    ]);
    return { kind, offset, place: this.placeFrom(first) };
  });

  readonly orderBy: GrammarRule<OrderItem[]> = this.rule('orderBy', () => {
    this.CONSUME(K.ORDER);
    this.CONSUME(K.BY);
    const items = [this.SUBRULE(this.orderItem)];
    this.MANY(() => {
      this.CONSUME(Comma);
      items.push(this.SUBRULE1(this.orderItem));
    });
    return items;
  });

  readonly orderItem: GrammarRule<OrderItem> = this.rule('orderItem', () => {
    const first = this.LA(1);
    const expression = this.SUBRULE(this.expression);
    const descending = this.OPTION(() => this.OR([
      { ALT: () => (this.CONSUME(K.ASC), false) },
      { ALT: () => (this.CONSUME(K.DESC), true) },
    ])) ?? false;
    const nulls = this.OPTION1(() => {
      this.CONSUME(K.NULLS);
      return this.OR1([
        { ALT: () => (this.CONSUME(K.FIRST), 'FIRST' as const) },
        { ALT: () => (this.CONSUME(K.LAST), 'LAST' as const) },
      ]);
    });
    return { expression, descending, nulls, place: this.placeFrom(first) };
  });
}

/** Types as columns and CAST write them. */
import type { Name, TypeName } from './ast.js';
import type { GrammarRule } from './grammar-base.js';
import { TableGrammar } from './grammar-table.js';
import { Comma, Greater, K, LeftParen, Less, NameToken, NumberToken, RightParen } from './tokens.js';

/** One spelling a type; the rest is upper case as written. */
const SYNONYMS: Readonly<Record<string, string>> = {
  INTEGER: 'INT', DEC: 'DECIMAL', NUMERIC: 'DECIMAL', 'DOUBLE PRECISION': 'DOUBLE', CHARACTER: 'CHAR', 'CHARACTER VARYING': 'VARCHAR',
  'CHAR VARYING': 'VARCHAR', 'BINARY VARYING': 'VARBINARY', BOOL: 'BOOLEAN',
};

type Bare = Omit<TypeName, 'nullable' | 'place'>;

export abstract class TypeGrammar extends TableGrammar {
  readonly type: GrammarRule<TypeName> = this.rule('type', () => {
    this.ACTION(() => this.enter());
    const first = this.LA(1);
    const bare = this.OR<Bare>([
      { ALT: () => this.SUBRULE(this.arrayType) },
      { ALT: () => this.SUBRULE(this.mapType) },
      { ALT: () => this.SUBRULE(this.rowType) },
      { ALT: () => this.SUBRULE(this.intervalType) },
      { ALT: () => this.SUBRULE(this.namedType) },
    ]);
    let nullable = true;
    this.OPTION(() => this.OR1([
      { ALT: () => {
        this.CONSUME(K.NOT);
        this.CONSUME(K.NULL);
        nullable = false;
      } },
      { ALT: () => { this.CONSUME1(K.NULL); } },
    ]));
    this.ACTION(() => this.leave());
    return { ...bare, nullable, place: this.placeFrom(first) };
  });

  /** `DECIMAL(10, 2)`, `DOUBLE PRECISION`, `TIMESTAMP(3) WITH LOCAL TIME ZONE`, `MULTISET<INT>`. */
  readonly namedType: GrammarRule<Bare> = this.rule('namedType', () => {
    const word = this.CONSUME(NameToken);
    const second = this.OPTION(() => this.OR([
      { ALT: () => (this.CONSUME(K.PRECISION), ' PRECISION') },
      { ALT: () => (this.CONSUME(K.VARYING), ' VARYING') },
    ])) ?? '';
    const parameters = this.OPTION1(() => this.SUBRULE(this.typeParameters)) ?? [];
    const zone = this.OPTION2(() => this.SUBRULE(this.timeZone)) ?? '';
    const elements = this.OPTION3(() => {
      this.CONSUME(Less);
      const element = this.SUBRULE(this.type);
      this.CONSUME(Greater);
      return [element];
    }) ?? [];
    return this.ACTION(() => {
      const name = word.image.toUpperCase() + second;
      return { name: (SYNONYMS[name] ?? name) + zone, parameters, elements, fields: [] };
    });
  });

  readonly typeParameters: GrammarRule<number[]> = this.rule('typeParameters', () => {
    this.CONSUME(LeftParen);
    const numbers = [this.CONSUME(NumberToken)];
    this.MANY(() => {
      this.CONSUME(Comma);
      numbers.push(this.CONSUME1(NumberToken));
    });
    this.CONSUME(RightParen);
    return this.ACTION(() => numbers.map((token) => Number(token.image)));
  });

  readonly timeZone: GrammarRule<'' | '_LTZ' | '_TZ'> = this.rule('timeZone', () => {
    const zone = this.OR([
      { ALT: () => (this.CONSUME(K.WITHOUT), '' as const) },
      { ALT: () => {
        this.CONSUME(K.WITH);
        return this.OPTION(() => this.CONSUME(K.LOCAL)) === undefined ? '_TZ' as const : '_LTZ' as const;
      } },
    ]);
    this.CONSUME(K.TIME);
    this.CONSUME(K.ZONE);
    return zone;
  });

  readonly arrayType: GrammarRule<Bare> = this.rule('arrayType', () => {
    this.CONSUME(K.ARRAY);
    this.CONSUME(Less);
    const element = this.SUBRULE(this.type);
    this.CONSUME(Greater);
    return { name: 'ARRAY', parameters: [], elements: [element], fields: [] };
  });

  readonly mapType: GrammarRule<Bare> = this.rule('mapType', () => {
    this.CONSUME(K.MAP);
    this.CONSUME(Less);
    const key = this.SUBRULE(this.type);
    this.CONSUME(Comma);
    const value = this.SUBRULE1(this.type);
    this.CONSUME(Greater);
    return { name: 'MAP', parameters: [], elements: [key, value], fields: [] };
  });

  readonly rowType: GrammarRule<Bare> = this.rule('rowType', () => {
    const fields: Name[] = [];
    const elements: TypeName[] = [];
    this.CONSUME(K.ROW);
    this.OR([
      { ALT: () => {
        this.CONSUME(Less);
        this.SUBRULE(this.rowFields, { ARGS: [fields, elements] });
        this.CONSUME(Greater);
      } },
      { ALT: () => {
        this.CONSUME(LeftParen);
        this.SUBRULE1(this.rowFields, { ARGS: [fields, elements] });
        this.CONSUME(RightParen);
      } },
    ]);
    return { name: 'ROW', parameters: [], elements, fields };
  });

  readonly rowFields: GrammarRule<void, [fields: Name[], types: TypeName[]]> = this.rule('rowFields', (fields = [], types = []) => {
    fields.push(this.SUBRULE(this.name));
    types.push(this.SUBRULE(this.type));
    this.OPTION(() => this.SUBRULE(this.comment));
    this.MANY(() => {
      this.CONSUME(Comma);
      fields.push(this.SUBRULE1(this.name));
      types.push(this.SUBRULE1(this.type));
      this.OPTION1(() => this.SUBRULE1(this.comment));
    });
  });

  readonly intervalType: GrammarRule<Bare> = this.rule('intervalType', () => {
    this.CONSUME(K.INTERVAL);
    this.SUBRULE(this.intervalUnit);
    this.OPTION(() => {
      this.CONSUME(K.TO);
      this.SUBRULE1(this.intervalUnit);
    });
    return { name: 'INTERVAL', parameters: [], elements: [], fields: [] };
  });

  /** `COMMENT 'text'` */
  readonly comment: GrammarRule<string> = this.rule('comment', () => {
    this.CONSUME(K.COMMENT);
    return this.SUBRULE(this.text);
  });
}

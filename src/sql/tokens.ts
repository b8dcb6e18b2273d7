/**
 * The words and signs of the grammar. A word that is not here, a function's name for instance, is an
 * ordinary name. Keywords that the grammar can tell from names by their surroundings stay usable as names
 * (`timestamp`, `value`, `watermark`), which is kinder than Flink, where more of them need backticks.
 */
import { createToken, EOF, Lexer, type TokenType } from 'chevrotain';

/** Never a name without backticks. */
const RESERVED = [
  'ALL', 'AND', 'ARRAY', 'AS', 'ASC', 'ASYMMETRIC', 'BETWEEN', 'BOTH', 'BY', 'CASE', 'CONSTRAINT', 'CREATE', 'CROSS', 'CUBE',
  'DESC', 'DISTINCT', 'ELSE', 'END', 'ESCAPE', 'EXCEPT', 'EXISTS', 'FALSE', 'FETCH', 'FILTER', 'FOR', 'FROM', 'FULL', 'GROUP',
  'HAVING', 'IN', 'INNER', 'INSERT', 'INTERSECT', 'INTERVAL', 'INTO', 'IS', 'JOIN', 'LATERAL', 'LEADING', 'LEFT', 'LIKE',
  'LIMIT', 'MATCH_RECOGNIZE', 'NATURAL', 'NOT', 'NULL', 'OFFSET', 'ON', 'OR', 'ORDER', 'OUTER', 'OVER', 'PARTITION',
  'PRIMARY', 'QUALIFY', 'RANGE', 'RIGHT', 'ROLLUP', 'ROW', 'ROWS', 'SELECT', 'SET', 'SIMILAR', 'SYMMETRIC', 'TABLE',
  'THEN', 'TO', 'TRAILING', 'TRUE', 'UNION', 'UNKNOWN', 'UNNEST', 'USING', 'VALUES', 'WHEN', 'WHERE', 'WINDOW', 'WITH',
  'WITHIN',
] as const;

/** Also names. */
const UNRESERVED = [
  'AFTER', 'BEGIN', 'BUCKETS', 'COMMENT', 'CURRENT', 'DEFINE', 'DESCRIPTOR', 'DISTRIBUTED', 'ENFORCED', 'EXECUTE', 'FIRST',
  'FOLLOWING', 'GROUPING', 'IF', 'IGNORE', 'KEY', 'LAST', 'LOCAL', 'MAP', 'MATCH', 'MEASURES', 'METADATA', 'NEXT', 'NULLS',
  'OF', 'ONE', 'ONLY', 'ORDINALITY', 'OVERWRITE', 'PARTITIONED', 'PAST', 'PATTERN', 'PER', 'PERMUTE', 'PLACING', 'PRECEDING',
  'PRECISION', 'RESET', 'RESPECT', 'SETS', 'SKIP', 'STATEMENT', 'SUBSET', 'SYSTEM_TIME', 'TEMPORARY', 'TIME', 'UNBOUNDED',
  'VARYING', 'VIEW', 'VIRTUAL', 'WATERMARK', 'WITHOUT', 'ZONE',
] as const;

type Keyword = (typeof RESERVED)[number] | (typeof UNRESERVED)[number];

const token = (name: string, label: string, ...categories: TokenType[]): TokenType =>
  createToken({ name, label, pattern: Lexer.NA, categories });

/** Any identifier, quoted or not, and any unreserved keyword. */
export const NameToken = token('NameToken', 'a name');
export const Identifier = token('Identifier', 'a name', NameToken);
export const QuotedIdentifier = token('QuotedIdentifier', 'a name', NameToken);
export const NumberToken = token('NumberToken', 'a number');
export const StringToken = token('StringToken', "a text in 'quotes'");
/** The rest of a statement that is recognised but not parsed: DROP, USE, SHOW … */
export const SkippedStatement = token('SkippedStatement', 'a statement');
/** What follows an unquoted SET or RESET up to the end of its line: `execution.runtime-mode = batch`. */
export const SettingText = token('SettingText', "'key' = 'value'");
/** A character that starts nothing in the grammar: always an error, told by the parser with its surroundings. */
export const StrayCharacter = token('StrayCharacter', 'a character');
export const HintStart = token('HintStart', 'a hint');
export const HintEnd = token('HintEnd', "'*/'");

/** Whatever stands between two operands and needs no further words. */
export const BinaryToken = token('BinaryToken', 'an operator');
const sign = (name: string, text: string) => token(name, `'${text}'`);
const operator = (name: string, text: string) => token(name, `'${text}'`, BinaryToken);
export const LeftParen = sign('LeftParen', '(');
export const RightParen = sign('RightParen', ')');
export const LeftBracket = sign('LeftBracket', '[');
export const RightBracket = sign('RightBracket', ']');
export const Comma = sign('Comma', ',');
export const Dot = sign('Dot', '.');
export const Semicolon = sign('Semicolon', ';');
export const Arrow = sign('Arrow', '=>');
export const LeftBrace = sign('LeftBrace', '{');
export const RightBrace = sign('RightBrace', '}');
export const ExclusionStart = sign('ExclusionStart', '{-');
export const ExclusionEnd = sign('ExclusionEnd', '-}');
export const Question = sign('Question', '?');
export const Bar = sign('Bar', '|');
export const Caret = sign('Caret', '^');
export const Dollar = sign('Dollar', '$');
export const Equal = operator('Equal', '=');
export const NotEqual = operator('NotEqual', '<>');
export const Less = operator('Less', '<');
export const LessEqual = operator('LessEqual', '<=');
export const Greater = operator('Greater', '>');
export const GreaterEqual = operator('GreaterEqual', '>=');
export const Concat = operator('Concat', '||');
export const Plus = operator('Plus', '+');
export const Minus = operator('Minus', '-');
export const Star = operator('Star', '*');
export const Slash = operator('Slash', '/');
export const Percent = operator('Percent', '%');

/** Signs by their text, for the lexer: it tries two characters before one. */
export const SIGNS: ReadonlyMap<string, TokenType> = new Map([
  ['(', LeftParen], [')', RightParen], ['[', LeftBracket], [']', RightBracket], [',', Comma], ['.', Dot], [';', Semicolon],
  ['=>', Arrow], ['=', Equal], ['<>', NotEqual], ['!=', NotEqual], ['<', Less], ['<=', LessEqual], ['>', Greater],
  ['>=', GreaterEqual], ['||', Concat], ['{', LeftBrace], ['}', RightBrace],
  ['{-', ExclusionStart], ['-}', ExclusionEnd], ['?', Question], ['|', Bar], ['^', Caret], ['$', Dollar], ['+', Plus], ['-', Minus], ['*', Star], ['/', Slash], ['%', Percent],
]);

const BINARY_WORDS: ReadonlySet<string> = new Set(['OR', 'AND', 'ESCAPE']);

/** Keywords by their upper-case text: `K.SELECT`. */
export const K = Object.fromEntries([
  ...RESERVED.map((word) => [word, BINARY_WORDS.has(word) ? token(word, word, BinaryToken) : token(word, word)] as const),
  ...UNRESERVED.map((word) => [word, token(word, word, NameToken)] as const),
]) as Readonly<Record<Keyword, TokenType>>;

export const KEYWORDS: ReadonlyMap<string, TokenType> = new Map(Object.entries(K));
export const RESERVED_WORDS: ReadonlySet<TokenType> = new Set(RESERVED.map((word) => K[word]));

/** What may stand between two operands: said as "an operator" in errors. */
export const OPERATORS: ReadonlySet<TokenType> = new Set([
  BinaryToken, K.IS, K.BETWEEN, K.IN, K.LIKE, K.SIMILAR, K.NOT, LeftBracket, Dot,
]);

/** What an expression may start with: said as "an expression" in errors. */
export const EXPRESSION_STARTS: ReadonlySet<TokenType> = new Set([
  NameToken, Identifier, QuotedIdentifier, NumberToken, StringToken, LeftParen, Plus, Minus, K.NOT, K.TRUE, K.FALSE, K.UNKNOWN,
  K.NULL, K.INTERVAL, K.CASE, K.EXISTS, K.ROW, K.ARRAY, K.MAP, K.LEFT, K.RIGHT,
]);

export const VOCABULARY: TokenType[] = [
  NameToken, Identifier, QuotedIdentifier, BinaryToken, NumberToken, StringToken, SkippedStatement, SettingText,
  StrayCharacter, HintStart, HintEnd, ...new Set(SIGNS.values()), ...Object.values(K), EOF,
];

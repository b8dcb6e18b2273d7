/**
 * What is recognised but not parsed becomes one token: whole statements that replay has no use for. The analyzer can then
 * refuse them by name and place.
 */
import { createTokenInstance, type IToken, type TokenType } from 'chevrotain';
import { Semicolon, SkippedStatement } from './tokens.js';

/** First words of such statements; `what` of the statement in the tree is the phrase and the word after it. */
const STATEMENTS = new Set([
  'ADD', 'ALTER', 'ANALYZE', 'CALL', 'CLEAR', 'COMPILE', 'DELETE', 'DESC', 'DESCRIBE', 'DROP', 'EXIT', 'EXPLAIN', 'HELP', 'LOAD',
  'MERGE', 'QUIT', 'REMOVE', 'REPLACE', 'SHOW', 'SOURCE', 'STOP', 'TRUNCATE', 'UNLOAD', 'UPDATE', 'USE',
]);

/** Words that may follow CREATE or CREATE TEMPORARY in Flink, other than TABLE and VIEW. */
const CREATED = new Set(['AGENT', 'CATALOG', 'CONNECTION', 'DATABASE', 'FUNCTION', 'MATERIALIZED', 'MODEL', 'OR', 'SYSTEM']);

export function skipUnsupported(tokens: readonly IToken[], text: string): IToken[] {
  const kept: IToken[] = [];
  let first = true;
  for (let at = 0; at < tokens.length; at += 1) {
    const token = tokens[at]!;
    if (first && isUnsupported(tokens, at)) {
      let end = at;
      while (end + 1 < tokens.length && tokens[end + 1]!.tokenType !== Semicolon) end += 1;
      kept.push(joined(SkippedStatement, tokens, at, end, text, phraseAt(tokens, at)));
      at = end;
    } else {
      kept.push(token);
    }
    first = token.tokenType === Semicolon;
  }
  return kept;
}

function isUnsupported(tokens: readonly IToken[], at: number): boolean {
  const word = wordAt(tokens, at);
  if (word === 'EXECUTE') return wordAt(tokens, at + 1) === 'PLAN';
  if (word !== 'CREATE') return STATEMENTS.has(word);
  const next = wordAt(tokens, at + 1);
  return CREATED.has(next === 'TEMPORARY' ? wordAt(tokens, at + 2) : next);
}

/** `DROP TABLE`, `CREATE TEMPORARY FUNCTION`, `SHOW TABLES`; `CREATE OR REPLACE TABLE`. */
function phraseAt(tokens: readonly IToken[], at: number): string {
  const count = wordAt(tokens, at) !== 'CREATE' ? 2
    : wordAt(tokens, at + 1) === 'OR' ? 4 : wordAt(tokens, at + 1) === 'TEMPORARY' ? (wordAt(tokens, at + 2) === 'SYSTEM' ? 4 : 3) : 2;
  const words: string[] = [];
  while (words.length < count && /^[A-Z]/.test(wordAt(tokens, at + words.length))) words.push(wordAt(tokens, at + words.length));
  return words.join(' ');
}

const wordAt = (tokens: readonly IToken[], at: number): string => tokens[at]?.image.toUpperCase() ?? '';

function joined(type: TokenType, tokens: readonly IToken[], from: number, to: number, text: string, payload: string): IToken {
  const first = tokens[from]!;
  const end = tokens[to]!.endOffset!;
  const { startOffset, startLine, startColumn } = first;
  const token = createTokenInstance(type, text.slice(startOffset, end + 1), startOffset, end, startLine!, startLine!, startColumn!, startColumn!);
  token.payload = payload;
  return token;
}

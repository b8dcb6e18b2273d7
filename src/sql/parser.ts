/** SQL text to syntax tree. */
import type { Place } from '../plan/expression.js';
import type { Script } from './ast.js';
import { StatementGrammar } from './grammar-statement.js';
import { tokenize } from './lexer.js';
import { sqlInvalid, tooDeep } from './sql-error.js';

const TEXT_MAX = 1 << 20;
/** Of the tree: operators in a row are nested in it, though not in the text. */
const DEPTH_MAX = 1_000;

let grammar: StatementGrammar | undefined;

/**
 * Reads a script of Flink SQL, at most 1 MiB long. Throws SQL_INVALID at the first thing that is not SQL, with
 * `details` line, column, text and perhaps suggestion; SQL_UNSUPPORTED for CREATE TABLE … LIKE. Statements and
 * clauses that are SQL but not for replay are in the tree, for the analyzer to refuse.
 */
export function parseSql(text: string): Script {
  if (text.length > TEXT_MAX) {
    throw sqlInvalid({ line: 1, column: 1, text: '' }, `the text has ${text.length} characters, at most ${TEXT_MAX} are read`, 'Split it into several scripts.');
  }
  // Made at the first text: it takes some milliseconds that other commands need not spend.
  grammar ??= new StatementGrammar();
  const script = { text, statements: grammar.parse(text, tokenize(text)) };
  checkDepth(script);
  return script;
}

/** No tree is so deep that walking it could exhaust the stack. Itself without recursion. */
function checkDepth(script: Script): void {
  let level: { node: object; place: Place }[] = script.statements.map((node) => ({ node, place: node.place }));
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > DEPTH_MAX) throw tooDeep(level[0]!.place, DEPTH_MAX);
    level = level.flatMap(({ node, place }) => Object.values(node).flatMap((value: unknown) => childrenOf(value, place)));
  }
}

function childrenOf(value: unknown, place: Place): { node: object; place: Place }[] {
  if (Array.isArray(value)) return value.flatMap((item: unknown) => childrenOf(item, place));
  if (typeof value !== 'object' || value === null || !('place' in value)) {
    return typeof value === 'object' && value !== null && !('line' in value) ? [{ node: value, place }] : [];
  }
  return [{ node: value, place: value.place as Place }];
}

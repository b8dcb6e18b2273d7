/** What must change in a statement for Flink to read it; the rest stays as it was written. */
import { unmerged } from './first-and-last.js';
import { nodesOf } from './nodes.js';
import { isReservedInFlink, literalText, nameText } from './reserved-words.js';
import type { Edit, Piece, ScriptText } from './script.js';
import { hiddenText, shown } from './secrets.js';
import type { CreateTable, Name, TableInput } from '../sql/ast.js';
import { Equal, K, LeftParen, QuotedIdentifier, RightParen, SettingText, StringToken } from '../sql/tokens.js';

export interface Rewriting {
  readonly edits: readonly Edit[];
  readonly changes: readonly string[];
  /** What Flink refuses, and no other words help. */
  readonly refusals?: readonly string[];
}

/** What any statement may have: words, sub-queries, windows that share rows, secrets. */
export function rewrite(script: ScriptText, piece: Piece, except: Edit | null = null): Rewriting {
  const found: Rewriting[] = [quoteNames(script, piece), bareQueries(script, piece), unmerged(script, piece), hideSecrets(script, piece, except)];
  return { edits: found.flatMap(({ edits }) => edits), changes: found.flatMap(({ changes }) => changes), refusals: found.flatMap(({ refusals }) => refusals ?? []) };
}

function quoteNames(script: ScriptText, piece: Piece): Rewriting {
  const edits = new Map<number, Edit>();
  const words = new Set<string>();
  for (const node of nodesOf(piece.statement)) {
    if (!isName(node) || node.quoted || !isReservedInFlink(node.text)) continue;
    const index = script.indexAt(node.place);
    const token = index === undefined ? undefined : script.tokens[index]!;
    if (token === undefined || token.image !== node.text || token.tokenType === QuotedIdentifier) continue;
    words.add(node.text);
    edits.set(token.startOffset, { start: token.startOffset, end: script.endOf(index!), text: nameText(node.text) });
  }
  const [first, ...others] = [...words];
  if (first === undefined) return { edits: [], changes: [] };
  return { edits: [...edits.values()], changes: [others.length === 0 ? `backticks around ${first}: a word of Flink's` : `backticks around ${[...words].join(', ')}: words of Flink's`] };
}

/** `TABLE (SELECT …)` as a window function's input: Flink reads the query without TABLE. */
function bareQueries(script: ScriptText, piece: Piece): Rewriting {
  const edits: Edit[] = [];
  for (const node of nodesOf(piece.statement)) {
    if (!isTableInput(node) || node.input.kind !== 'derivedTable') continue;
    const index = script.indexAt(node.place)!;
    if (script.tokens[index]!.tokenType !== K.TABLE) continue;
    edits.push({ start: script.tokens[index]!.startOffset, end: script.tokens[index + 1]!.startOffset, text: '' });
  }
  return { edits, changes: edits.length === 0 ? [] : ['no TABLE before a query in parentheses: Flink takes it without'] };
}

/** Values of options, in WITH, SET and hints alike, that are not for printing. */
function hideSecrets(script: ScriptText, { first, end }: Piece, except: Edit | null): Rewriting {
  const edits: Edit[] = [];
  const hidden: string[] = [];
  for (let index = first; index + 2 < end; index += 1) {
    const [key, equal, value] = script.tokens.slice(index, index + 3);
    if (key!.tokenType !== StringToken || equal!.tokenType !== Equal || value!.tokenType !== StringToken) continue;
    if (except !== null && key!.startOffset >= except.start && key!.startOffset < except.end) continue;
    const text = shown(key!.payload as string, value!.payload as string);
    if (text === value!.payload) continue;
    hidden.push(key!.payload as string);
    edits.push({ start: value!.startOffset, end: script.endOf(index + 2), text: literalText(text) });
  }
  return { edits, changes: hidden.map(hiddenChange) };
}

export const hiddenChange = (key: string): string => `the secret of '${key}' is not printed: put it in for ${hiddenText}`;

/** `SET key = value` as the SQL client took it once: Flink wants both in quotes. Null: they are. */
export function rawSetting(script: ScriptText, { first, end, statement }: Piece): string | null {
  if (statement.kind !== 'set' || first + 1 >= end || script.tokens[first + 1]!.tokenType !== SettingText) return null;
  return `SET ${literalText(statement.key)} = ${literalText(shown(statement.key, statement.value))}`;
}

/** The table's WITH, by these options; where it has none, after its columns. */
export function withClause(script: ScriptText, piece: Piece, options: Readonly<Record<string, string>>): Edit {
  const text = `WITH (\n${Object.entries(options).map(([key, value]) => `  ${literalText(key)} = ${literalText(shown(key, value))}`).join(',\n')}\n)`;
  let depth = 0;
  let start: number | null = null;
  for (let index = piece.first; index < piece.end; index += 1) {
    const { tokenType, startOffset } = script.tokens[index]!;
    if (depth === 0 && tokenType === K.WITH && script.tokens[index + 1]?.tokenType === LeftParen) start = startOffset;
    if (tokenType === LeftParen) depth += 1;
    if (tokenType === RightParen) depth -= 1;
    if (start !== null && depth === 0 && tokenType === RightParen) return { start, end: script.endOf(index), text };
  }
  const end = script.endOf(piece.end - 1);
  return { start: end, end, text: ` ${text}` };
}

export const optionsOf = ({ options }: CreateTable): Record<string, string> => Object.fromEntries(options.map(({ key, value }) => [key, value]));

const isName = (node: object): node is Name => 'quoted' in node && 'text' in node;
const isTableInput = (node: object): node is TableInput => 'kind' in node && node.kind === 'tableInput';

/** FIRST_VALUE and LAST_VALUE in windows that share rows: Flink's cannot be merged, so that it refuses the query as it stands. */
import type { Call, Select } from '../sql/ast.js';
import { LeftParen, RightParen } from '../sql/tokens.js';
import { nodesOf } from './nodes.js';
import type { Edit, Piece, ScriptText } from './script.js';

export interface Unmerged {
  readonly edits: readonly Edit[];
  readonly changes: readonly string[];
  /** What Flink refuses whichever way it is written. */
  readonly refusals: readonly string[];
}

/** A condition on the window's columns keeps Flink from computing windows from shared parts: each then has its rows to itself. */
export function unmerged(script: ScriptText, piece: Piece): Unmerged {
  const edits: Edit[] = [];
  const changes = new Set<string>();
  const refusals = new Set<string>();
  for (const node of nodesOf(piece.statement)) {
    if (!isSelect(node) || node.groupBy === undefined) continue;
    const names = edgesOf(node);
    const window = sharingWindow(node);
    if (names.length === 0 || window === null) continue;
    if (window.kind === 'function') {
      const first = script.indexAt(node.from!.place)!;
      edits.push({ start: script.tokens[first]!.startOffset, end: script.tokens[first]!.startOffset, text: '(SELECT * FROM ' });
      const end = script.endOf(closing(script, first));
      edits.push({ start: end, end, text: ' WHERE window_start < window_end)' });
      changes.add(`WHERE window_start < window_end, which always holds: Flink has no ${names.join(' and no ')} for ${window.name} windows that share rows, and this gives each its own`);
    } else {
      refusals.add(`Flink refuses ${names.join(' and ')} in ${window.name} windows`);
    }
  }
  return { edits, changes: [...changes], refusals: [...refusals] };
}

function sharingWindow({ from, groupBy }: Select): { readonly kind: 'function' | 'other'; readonly name: string } | null {
  if (from?.kind === 'tableFunction') {
    if (from.name === 'HOP' || from.name === 'CUMULATE') return { kind: 'function', name: from.name };
    if (from.name === 'SESSION') return { kind: 'other', name: 'SESSION' };
  }
  const grouped = [...nodesOf(groupBy!)].filter(isCall).find(({ name }) => name === 'HOP' || name === 'SESSION');
  return grouped === undefined ? null : { kind: 'other', name: `GROUP BY ${grouped.name}` };
}

/** Those that the SELECT itself aggregates by. */
function edgesOf({ items, having }: Select): string[] {
  const calls = [...items, ...(having === undefined ? [] : [having])].flatMap((node) => [...nodesOf(node)]).filter(isCall);
  return [...new Set(calls.filter(({ name, over }) => over === undefined && (name === 'FIRST_VALUE' || name === 'LAST_VALUE')).map(({ name }) => name))].sort();
}

/** The bracket that closes the first one after `from`. */
function closing(script: ScriptText, from: number): number {
  let depth = 0;
  for (let index = from; ; index += 1) {
    const { tokenType } = script.tokens[index]!;
    if (tokenType === LeftParen) depth += 1;
    if (tokenType === RightParen && (depth -= 1) === 0) return index;
  }
}

const isSelect = (node: object): node is Select => 'kind' in node && node.kind === 'select';
const isCall = (node: object): node is Call => 'kind' in node && node.kind === 'call';

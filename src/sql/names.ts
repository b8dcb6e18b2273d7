/** Names as the user wrote them, and the name they may have meant. */
import type { Place } from '../plan/expression.js';
import type { QualifiedName } from './ast.js';
import { sqlInvalid } from './sql-error.js';

/** Longest table name: it becomes a file name under `outputs/`. */
const tableNameMax = 120;
const builtInCatalog = ['default_catalog', 'default_database'];

/** Edits that turn one word into the other: insert, delete, replace a letter. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const replaced = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, row[j]! + 1, next[j - 1]! + 1));
    }
    row = next;
  }
  return row[b.length]!;
}

/** The candidate most like `name`, or undefined when none is near. The first of equals. */
export function nearest(name: string, candidates: readonly string[]): string | undefined {
  const lower = name.toLowerCase();
  let best: string | undefined;
  let least = Math.max(1, Math.floor(name.length / 3)) + 1;
  for (const candidate of candidates) {
    const edits = distance(lower, candidate.toLowerCase());
    if (edits < least) {
      best = candidate;
      least = edits;
    }
  }
  return best;
}

/** A sentence that helps after "no column 'Price'": the right case, a near name, or what there is. */
export function didYouMean(name: string, candidates: readonly string[]): string {
  const near = nearest(name, candidates);
  if (near === undefined) return candidates.length === 0 ? 'There is none.' : `There is: ${candidates.join(', ')}.`;
  const sameLetters = near.toLowerCase() === name.toLowerCase();
  return sameLetters ? `Did you mean '${near}'? Names are case-sensitive.` : `Did you mean '${near}'?`;
}

/** A table's name as one text: the catalog and database that Flink adds by itself are left out. */
export function tableName(name: QualifiedName): string {
  const parts = name.parts.map((part) => part.text);
  const extra = parts.length - builtInCatalog.length;
  return extra === 1 && builtInCatalog.every((part, index) => parts[index] === part) ? parts[2]! : parts.join('.');
}

/** Refuses names that cannot be a file under `outputs/`, or would be one elsewhere. */
export function checkTableName(name: string, place: Place): void {
  const wrong = /[\u0000-\u001f\u007f]/.test(name) ? 'holds a control character'
    : /[/\\]/.test(name) ? "holds '/' or '\\'"
    : name === '' ? 'is empty'
    : name.startsWith('.') ? "starts with '.'"
    : name.length > tableNameMax ? `is longer than ${tableNameMax} characters`
    : null;
  if (wrong !== null) {
    throw sqlInvalid(place, `table name ${JSON.stringify(name.slice(0, tableNameMax))} ${wrong}`, 'It becomes a file name under outputs/: use letters, digits and underscores.');
  }
}

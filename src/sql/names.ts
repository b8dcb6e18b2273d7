/** Names as the user wrote them, and the name they may have meant. */
import { nearest } from '../core/nearest.js';
import type { Place } from '../plan/expression.js';
import type { QualifiedName } from './ast.js';
import { sqlInvalid } from './sql-error.js';

/** Longest table name: it becomes a file name under `outputs/`. */
const tableNameMax = 120;
const builtInCatalog = ['default_catalog', 'default_database'];

/** A sentence that helps after "no column 'Price'": the right case, a near name, or what there is. */
export function didYouMean(name: string, candidates: readonly string[]): string {
  const near = nearest(name, candidates);
  if (near === null) return candidates.length === 0 ? 'There is none.' : `There is: ${candidates.join(', ')}.`;
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

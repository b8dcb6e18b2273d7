/** A Parquet file's columns as a tree with Iceberg's ids: the file's own, else those of the table's name mapping. */
import { TapewrightError } from '../../core/errors.js';
import { textRows, type Duck } from '../duck.js';
import { quoteText } from '../quote.js';
import type { NameMapping } from './metadata.js';

export interface ParquetNode {
  readonly name: string;
  id: number | null;
  /** DuckDB's type of a leaf; null for groups. */
  readonly type: string | null;
  readonly repeated: boolean;
  /** `LIST`, `MAP` or null. */
  readonly kind: 'LIST' | 'MAP' | null;
  readonly children: ParquetNode[];
}

/** The columns of a file. Throws DATASET_INVALID when neither file nor table says which is which, DATASET_CORRUPT. */
export async function parquetTree(duck: Duck, file: string, mapping: readonly NameMapping[] | null): Promise<readonly ParquetNode[]> {
  const list = ['name', 'field_id', 'num_children', 'duckdb_type', 'repetition_type', 'converted_type', 'logical_type'].map((name) => `CAST(${name} AS VARCHAR)`).join(', ');
  const rows = await textRows(duck.connection, `SELECT ${list} FROM parquet_schema(${quoteText(file)})`);
  const nodes: ParquetNode[] = [];
  let at = 0;
  const next = (): ParquetNode => {
    const [name, id, children, type, repetition, converted, logical] = rows[at]!;
    at += 1;
    const isList = converted === 'LIST' || logical?.startsWith('ListType') === true;
    const isMap = converted === 'MAP' || converted === 'MAP_KEY_VALUE' || logical?.startsWith('MapType') === true;
    const node: ParquetNode = { name: name!, id: id === null || id === undefined ? null : Number(id), type: type ?? null, repeated: repetition === 'REPEATED', kind: isList ? 'LIST' : isMap ? 'MAP' : null, children: [] };
    nodes.push(node);
    for (let child = 0; child < Number(children ?? 0) && at < rows.length; child += 1) node.children.push(next());
    return node;
  };
  const { children } = next();
  if (!nodes.slice(1).some(({ id }) => id !== null)) assign(children, file, mapping);
  checkNames(children, file);
  return children;
}

function assign(columns: readonly ParquetNode[], file: string, mapping: readonly NameMapping[] | null): void {
  if (mapping === null) {
    throw new TapewrightError(
      'DATASET_INVALID', `${file}: its columns have no Iceberg ids, and the table has no name mapping (property schema.name-mapping.default) that gives them; files added to a table need one`, { path: file },
    );
  }
  const give = (nodes: readonly ParquetNode[], names: readonly NameMapping[]): void => {
    for (const node of nodes) {
      const found = names.find((each) => each.names.includes(node.name));
      node.id = found?.id ?? null;
      give(node.kind === null ? node.children : partsOf(node), found?.fields ?? []);
    }
  };
  give(columns, mapping);
}

/** The element of a list, named so whatever the file calls it; key and value of a map. */
export function partsOf(node: ParquetNode): ParquetNode[] {
  const [repeated] = node.children;
  if (repeated === undefined) return [];
  if (node.kind === 'MAP') return ['key', 'value'].flatMap((name, index) => (repeated.children[index] === undefined ? [] : [named(repeated.children[index], name)]));
  // Old writers leave out the group between a list and its elements.
  const wraps = repeated.children.length === 1 && repeated.name !== 'array' && !repeated.name.endsWith('_tuple');
  return [named(wraps ? repeated.children[0]! : repeated, 'element')];
}

/** The same node under another name: ids that it is given are the node's own. */
function named(node: ParquetNode, name: string): ParquetNode {
  return {
    ...node, name,
    get id() { return node.id; },
    set id(id) { node.id = id; },
  };
}

/** DuckDB would call the second of `a` and `A` something else. */
function checkNames(columns: readonly ParquetNode[], file: string): void {
  const seen = new Set<string>();
  for (const { name } of columns) {
    if (seen.has(name.toLowerCase())) throw new TapewrightError('DATASET_INVALID', `${file} has several columns ${name}, which differ in nothing but case; such files are not read`, { path: file, column: name });
    seen.add(name.toLowerCase());
  }
}

/** What in a user's expression gives another value each time it is asked: such a mapping could not be replayed. */
import type duckdb from '@duckdb/node-bindings';
import { textRows } from './duck.js';
import { quoteText } from './quote.js';

/** Clocks that DuckDB parses as names of columns, or does not list as such. */
const clocks = ['current_timestamp', 'current_date', 'current_time', 'localtime', 'localtimestamp', 'current_localtime', 'current_localtimestamp', 'age'];

/** Functions and clocks in `expression` that depend on more than its row, as they are called; none where it does not parse. */
export async function volatileIn(connection: duckdb.Connection, expression: string): Promise<string[]> {
  const [row] = await textRows(connection, `SELECT CAST(json_serialize_sql(${quoteText(`SELECT ${expression}`)}) AS VARCHAR)`);
  const tree = row![0]!;
  const called = [...tree.matchAll(/"function_name":"([^"]+)"/g), ...tree.matchAll(/"column_names":\["([^"]+)"\]/g)].map((match) => match[1]!.toLowerCase());
  const listed = await textRows(connection, "SELECT DISTINCT function_name FROM duckdb_functions() WHERE stability <> 'CONSISTENT'");
  const all = new Set([...clocks, ...listed.map(([name]) => name!)]);
  return [...new Set(called)].filter((name) => all.has(name));
}

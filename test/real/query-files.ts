/** Questions to Parquet files, answered by DuckDB: `files` are the files of a glob. */
import { DuckDBInstance } from '@duckdb/node-api';

export async function queryFiles(glob: string, sql: string): Promise<Record<string, unknown>[]> {
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  try {
    await connection.run(`CREATE VIEW files AS SELECT * FROM read_parquet('${glob}')`);
    const rows = await (await connection.runAndReadAll(sql)).getRowObjectsJson();
    return rows.map((row) => Object.fromEntries(Object.entries(row).map(([name, value]) => [name, typeof value === 'string' && /^-?\d+$/.test(value) ? Number(value) : value])));
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

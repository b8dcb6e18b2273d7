/** The peer: DuckDB on one thread, from the same file to Parquet files, one query after the other. */
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { peakRssMB, type Assignment, type Measurement } from './processes.js';
import { workloadNamed } from './workloads.js';

export async function measurePeer({ workload, file, peer }: Assignment): Promise<Measurement> {
  const queries = (await workloadNamed(workload)).peer;
  const instance = await DuckDBInstance.create(':memory:', { threads: '1' });
  const connection = await instance.connect();
  const startupSeconds = performance.now() / 1000;
  const numbered = queries.some(({ sql }) => sql.includes('file_row_number')) ? ', file_row_number = true' : '';
  await connection.run(`CREATE VIEW market_data_raw AS SELECT * FROM read_parquet('${file}'${numbered})`);
  for (const { table, sql } of queries) {
    const path = join(peer, `${table}.parquet`);
    await connection.run(`COPY (${sql}) TO '${path}' (FORMAT parquet, COMPRESSION zstd)`);
    // Ours are on the disk when the clock stops, so the peer's are as well.
    const handle = await open(path, 'r+');
    await handle.sync();
    await handle.close();
  }
  const seconds = performance.now() / 1000 - startupSeconds;
  const rows = Number((await connection.runAndReadAll('SELECT count(*) FROM market_data_raw')).getRows()[0]![0]);
  return { seconds, startupSeconds, peakRssMB: peakRssMB(), rows };
}

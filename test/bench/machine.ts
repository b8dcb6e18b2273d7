/** What a benchmark ran on: without it its numbers say little. */
import { readFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { join } from 'node:path';
import { packageRoot } from '../../src/runtime/versions.js';

export interface Machine {
  readonly cores: number;
  readonly model: string;
  readonly memoryGB: number;
  readonly platform: string;
  readonly node: string;
  readonly duckdb: string;
  readonly tapewright: string;
}

export function thisMachine(): Machine {
  const version = (path: string): string => (JSON.parse(readFileSync(join(packageRoot(), path), 'utf8')) as { version: string }).version;
  return {
    cores: cpus().length, model: cpus()[0]?.model ?? 'unknown', memoryGB: Math.round(totalmem() / 1e8) / 10, platform: `${process.platform} ${process.arch}`,
    node: process.versions.node, duckdb: version('node_modules/@duckdb/node-api/package.json'), tapewright: version('package.json'),
  };
}

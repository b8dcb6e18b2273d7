/** The machine of a run: for people who compare speeds. Nothing of it reaches a digest or the committed report. */
import { availableParallelism, cpus, totalmem } from 'node:os';
import { readFile } from 'node:fs/promises';
import { count, objectOf, text } from '../stores/shape.js';

export interface Machine {
  /** `linux x64`. */
  readonly platform: string;
  readonly processor: string;
  readonly cores: number;
  readonly memoryMB: number;
}

export function thisMachine(): Machine {
  return {
    platform: `${process.platform} ${process.arch}`, processor: cpus()[0]?.model.trim() || 'unknown',
    cores: availableParallelism(), memoryMB: Math.round(totalmem() / 1e6),
  };
}

const shape = objectOf({ machine: objectOf({ platform: text, processor: text, cores: count, memoryMB: count }) });

/** The machine that a bundle's metrics.json names; null when the file is none of ours. */
export async function machineOf(path: string | null): Promise<Machine | null> {
  const source = path === null ? '' : await readFile(path, 'utf8').catch(() => '');
  try {
    const value = JSON.parse(source) as { machine: Machine };
    if (shape(value, '') !== null) return null;
    const { platform, processor, cores, memoryMB } = value.machine;
    return { platform, processor, cores, memoryMB };
  } catch {
    return null;
  }
}

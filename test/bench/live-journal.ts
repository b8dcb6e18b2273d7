/** What the journal costs: its bytes by event, and the share of a transaction's time. */
import { Buffer } from 'node:buffer';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { openLog } from '../../src/live/clients.js';
import type { Log, LogMessage } from '../../src/live/log.js';
import { fresh, settingsOf, type LiveBench } from './live-measures.js';
import { pipelineText } from './live-pipelines.js';
import { LiveWorker } from './live-processes.js';
import { median } from './summary.js';

export interface JournalCost {
  readonly rate: number;
  readonly events: number;
  readonly steps: number;
  /** Of its records, keys and values. */
  readonly bytesPerEvent: number;
  /** Milliseconds at the median of transactions with and without a journal record. */
  readonly withMillis: number;
  readonly withoutMillis: number;
  readonly timeShare: number;
}

const transactions = 200;

export async function journalCost(bench: LiveBench, seconds: number, makeTopic: (bench: LiveBench, topic: string) => Promise<void>): Promise<JournalCost> {
  const { servers, folder, say } = bench;
  const rate = 10_000;
  say(`journal: ${rate} events/s for ${seconds} s\n`);
  const group = fresh('journal');
  await makeTopic(bench, `${group}-in`);
  const live = new LiveWorker({ ...servers, role: 'live', sql: pipelineText('filter', `${group}-in`, `${group}-out`), group, state: join(folder, group), until: null, start: 'earliest', releasedBy: false });
  await live.said('taken');
  const load = new LiveWorker({ ...servers, role: 'load', topic: `${group}-in`, rate, seconds });
  await load.said('loaded');
  await pause(1500);
  await live.end('SIGTERM');
  const { rows: events, steps } = await live.said('done');
  const log = openLog(settingsOf(servers), () => undefined);
  try {
    const { bytes, last } = await journalBytes(log, `${group}-journal`, steps);
    const { withMillis, withoutMillis } = await transactionTimes(log, group, last);
    return { rate, events, steps, bytesPerEvent: Math.round((bytes / events) * 100) / 100, withMillis, withoutMillis, timeShare: Math.round((1 - withoutMillis / withMillis) * 1000) / 1000 };
  } finally {
    await log.close();
  }
}

async function journalBytes(log: Log, topic: string, steps: number): Promise<{ readonly bytes: number; readonly last: Buffer }> {
  const reader = await log.read([{ topic, partition: 0, offset: 0 }]);
  let bytes = 0, found = 0;
  let last: Buffer = Buffer.alloc(0);
  try {
    while (found < steps) {
      for (const { key, value } of (await reader.next(1000))?.records ?? []) {
        bytes += (key?.length ?? 0) + (value?.length ?? 0);
        if (key?.toString() !== 'step') continue;
        found += 1;
        last = value!;
      }
    }
  } finally {
    await reader.close();
  }
  return { bytes, last };
}

/** The same outputs and offsets, in turns with a journal record and without one. */
async function transactionTimes(log: Log, group: string, record: Buffer): Promise<{ readonly withMillis: number; readonly withoutMillis: number }> {
  const producer = await log.producer(`${group}-times`);
  const rows = Array.from({ length: 20 }, (_, index): LogMessage => ({ topic: `${group}-out`, partition: 0, key: null, value: Buffer.from(JSON.stringify({ symbol: 'SYM', event_time: '2026-03-02 14:30:00.000', price: 100.25, volume: 900 + index })) }));
  const journal: LogMessage = { topic: `${group}-journal`, partition: 0, key: Buffer.from('step'), value: record };
  const times: [number[], number[]] = [[], []];
  try {
    for (let index = 0; index < 2 * transactions; index += 1) {
      const began = performance.now();
      await producer.commit(index % 2 === 0 ? [...rows, journal] : rows, { group, positions: [{ topic: `${group}-in`, partition: 0, offset: index }], metadata: '' });
      times[index % 2]!.push(performance.now() - began);
    }
  } finally {
    await producer.close();
  }
  const rounded = (values: readonly number[]): number => Math.round(median(values) * 100) / 100;
  return { withMillis: rounded(times[0]), withoutMillis: rounded(times[1]) };
}

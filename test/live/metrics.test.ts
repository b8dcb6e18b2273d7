/** What is exported, and that the alert rules and the dashboard ask for nothing else. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import { BrokerWatch } from '../../src/live/meter-brokers.js';
import { LiveMeter } from '../../src/live/meter.js';
import { MetricsServer } from '../../src/live/metrics-server.js';
import { liveMetrics } from '../../src/live/metrics.js';
import { settingsFrom } from '../../src/live/settings.js';
import { planTexts } from '../../src/runtime/pipeline.js';
import { packageRoot } from '../../src/runtime/versions.js';

const pipeline = planTexts({
  name: 'x', scenario: null, expect: { outputs: [], lateMax: null, rejectedMax: null },
  sql: [{ path: 'x.sql', text: `CREATE TABLE ticks (symbol STRING) WITH ('connector' = 'kafka', 'topic' = 'ticks');
CREATE TABLE out_rows (symbol STRING) WITH ('connector' = 'kafka', 'topic' = 'out'); INSERT INTO out_rows SELECT symbol FROM ticks;` }],
});

function watched(): { readonly meter: LiveMeter; readonly registry: ReturnType<typeof liveMetrics> } {
  const meter = new LiveMeter(pipeline, 0);
  const brokers = new BrokerWatch(settingsFrom({ brokers: '127.0.0.1:1' }, {}), ['ticks']);
  brokers.ends = new Map([['ticks/0', 100]]);
  brokers.underReplicated = new Map([['ticks', 0]]);
  const registry = liveMetrics({ group: 'g', tables: ['out_rows'], meter, brokers, checkpointEvery: 10_000, longestPause: () => 250 });
  meter.onTaken(0, [{ topic: 'ticks', partition: 0, offset: 40 }]);
  meter.onCheckpoint(0, { seq: 3, bytes: 1234, millis: 20 });
  meter.onLatency('total', 42, 1000);
  meter.onLatency('total', 100_000, 1);
  meter.onLatency('fetch', 2, 7);
  return { meter, registry };
}

const ops = (name: string): string => readFileSync(join(packageRoot(), 'ops', name), 'utf8');

test('every metric that the rules and the dashboard name is exported, with the labels that they ask for', async () => {
  const text = await watched().registry.metrics();
  // A metric without a value yet has its name there all the same.
  const exported = new Map([...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name, type]) => [name!, type!]));
  const isExported = (name: string): boolean => (exported.has(name) ? exported.get(name) !== 'histogram' : exported.get(name.replace(/_(bucket|sum|count)$/, '')) === 'histogram');
  const { groups } = parse(ops('alerts.yaml')) as { groups: readonly { rules: readonly { alert: string; expr: string; annotations: { summary: string } }[] }[] };
  const { panels } = JSON.parse(ops('dashboard.json')) as { panels: readonly { targets: readonly { expr: string }[] }[] };
  const asked = [...groups.flatMap(({ rules }) => rules.map(({ expr }) => expr)), ...panels.flatMap(({ targets }) => targets.map(({ expr }) => expr))];
  assert.ok(asked.length >= 30);
  for (const expr of asked) {
    const names = [...expr.matchAll(/\b(?:tapewright|nodejs|process)_[a-z_]+/g)].map(([name]) => name);
    assert.ok(names.length > 0, expr);
    for (const name of names) assert.ok(isExported(name), `${name} of ${expr}`);
  }
  for (const name of ['topic="ticks"', 'partition="0"', 'group="g"', 'table="out_rows"', 'lane="0"', 'layer="fetch"']) assert.ok(text.includes(name), name);
});

test('a latency of many rows is counted as often, in the buckets above it', async () => {
  const text = await watched().registry.metrics();
  const value = (line: string): number => Number(text.split('\n').find((one) => one.startsWith(line))?.split(' ')[1]);
  assert.equal(value('tapewright_end_to_end_latency_seconds_bucket{le="0.04"'), 0);
  assert.equal(value('tapewright_end_to_end_latency_seconds_bucket{le="0.05"'), 1000);
  assert.equal(value('tapewright_end_to_end_latency_seconds_bucket{le="60"'), 1000);
  assert.equal(value('tapewright_end_to_end_latency_seconds_bucket{le="+Inf"'), 1001);
  assert.equal(value('tapewright_end_to_end_latency_seconds_count'), 1001);
  assert.equal(value('tapewright_layer_latency_seconds_bucket{layer="fetch",le="0.002"'), 7);
  assert.equal(value('tapewright_consumer_lag{'), 60);
  assert.equal(value('tapewright_checkpoint_bytes{'), 1234);
});

test('metrics are served on the loopback only, and a port that is taken is told', async () => {
  const server = await MetricsServer.start(watched().registry, 0);
  try {
    assert.match(server.address, /^http:\/\/127\.0\.0\.1:\d+\/metrics$/);
    const answer = await fetch(server.address);
    assert.match(answer.headers.get('content-type')!, /^text\/plain/);
    assert.match(await answer.text(), /tapewright_steps_total\{group="g"\} 0/);
    assert.equal((await fetch(server.address.replace('/metrics', '/'))).status, 404);
    const port = Number(new URL(server.address).port);
    await assert.rejects(MetricsServer.start(watched().registry, port), /--metrics \d+: the port cannot be used \(EADDRINUSE\)/);
  } finally {
    await server.close();
  }
});

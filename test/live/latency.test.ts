/** Histograms of latency, and the file that they are kept in. */
import assert from 'node:assert/strict';
import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { AcknowledgeMeter } from '../../src/live/latency-acknowledge.js';
import { LatencyFile, readLatencies } from '../../src/live/latency-file.js';
import { Latencies, layerNames, type LayerName } from '../../src/live/latency.js';

const samples = fc.array(fc.record({ layer: fc.constantFrom(...layerNames), millis: fc.double({ min: 0, max: 100_000, noNaN: true }), rows: fc.integer({ min: 1, max: 1000 }) }), { minLength: 1, maxLength: 60 });
type Sample = { readonly layer: LayerName; readonly millis: number; readonly rows: number };

function latenciesOf(all: readonly Sample[]): Latencies {
  const latencies = new Latencies();
  for (const { layer, millis, rows } of all) latencies.add(layer, millis, rows);
  return latencies;
}

/** To three digits: a text keeps the buckets, not the greatest value itself. */
function near(one: Latencies, other: Latencies): void {
  for (const layer of layerNames) {
    const [a, b] = [one.percentiles(layer), other.percentiles(layer)];
    assert.equal(a?.count, b?.count);
    if (a !== null && b !== null) for (const at of ['p50', 'p90', 'p99', 'p999', 'max'] as const) assert.ok(Math.abs(a[at] - b[at]) <= Math.max(0.001, b[at] * 0.001), `${layer} ${at}: ${a[at]} for ${b[at]}`);
  }
}

test('a percentile is the value at its rank, to three digits', () => {
  fc.assert(fc.property(samples, (all) => {
    const latencies = latenciesOf(all);
    for (const layer of layerNames) {
      const values = all.filter((sample) => sample.layer === layer).flatMap(({ millis, rows }) => new Array<number>(rows).fill(millis)).sort((a, b) => a - b);
      const found = latencies.percentiles(layer);
      assert.equal(found?.count ?? 0, values.length);
      for (const [share, value] of [[0.5, found?.p50], [0.9, found?.p90], [0.99, found?.p99], [0.999, found?.p999], [1, found?.max]] as const) {
        if (value === undefined) continue;
        const exact = values[Math.max(0, Math.ceil(share * values.length - 1e-9) - 1)]!;
        assert.ok(Math.abs(value - exact) <= Math.max(0.001, exact * 0.001), `${layer} ${share}: ${value} for ${exact}`);
      }
    }
  }));
});

test('parts that are merged, and texts that are read again, say what the whole says', () => {
  fc.assert(fc.property(samples, samples, (one, other) => {
    const merged = latenciesOf(one);
    merged.merge(Latencies.decoded(latenciesOf(other).encoded()));
    near(merged, latenciesOf([...one, ...other]));
  }), { numRuns: 30 });
});

test('clocks that disagree and waits beyond an hour are counted at the ends', () => {
  const latencies = latenciesOf([{ layer: 'total', millis: -5, rows: 1 }, { layer: 'total', millis: 1e9, rows: 1 }]);
  assert.equal(latencies.percentiles('total')!.count, 2);
  assert.ok(latencies.percentiles('total')!.max >= 3_599_000);
});

test('a publisher keeps how long its messages took to be acknowledged', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'tapewright-acknowledge-'));
  try {
    const meter = await AcknowledgeMeter.start(folder);
    meter.add(100, 3);
    meter.add(1, 250);
    await meter.close();
    const [interval] = await readLatencies(folder);
    assert.equal(interval!.rows, 101);
    const { count, p50, max } = interval!.latencies.percentiles('acknowledge')!;
    assert.ok(count === 101 && Math.abs(p50 - 3) < 0.01 && Math.abs(max - 250) < 0.5);
  } finally {
    await rm(folder, { recursive: true });
  }
});

test('a file that is cut short at any byte holds the intervals that were whole', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'tapewright-latency-'));
  try {
    const file = await LatencyFile.create(folder, 1_000_000);
    for (let index = 0; index < 3; index += 1) await file.append({ from: index, to: index + 1, rows: 10, backlog: index, latencies: latenciesOf([{ layer: 'total', millis: index + 1, rows: 10 }]) });
    const path = join(folder, 'latency', (await readdir(join(folder, 'latency')))[0]!);
    const bytes = await readFile(path);
    const ends = [...bytes.entries()].filter(([, byte]) => byte === 10).map(([at]) => at + 1);
    for (let cut = ends[0]!; cut <= bytes.length; cut += 17) {
      await writeFile(path, bytes.subarray(0, cut));
      const intervals = await readLatencies(folder);
      assert.deepEqual(intervals.map(({ from, backlog, latencies }) => [from, backlog, latencies.percentiles('total')!.count]), [[0, 0, 10], [1, 1, 10], [2, 2, 10]].slice(0, ends.filter((end) => end <= cut).length));
    }
    await writeFile(path, bytes.subarray(0, ends[0]! - 1));
    await assert.rejects(readLatencies(folder), /holds no latencies: name the state folder of a live run/);
    await writeFile(path, '{"from":1}\n');
    await assert.rejects(readLatencies(folder), /line 1 of .* is no interval of latencies: it lacks a number/);
    assert.equal((await LatencyFile.create(folder, 2_000_000)).begun, 1_000_000);
  } finally {
    await rm(folder, { recursive: true });
  }
});

/**
 * Final results of Kafka Streams' windows, where the semantics are the same: stream time less the grace is our
 * watermark. Its windows close once stream time is at their end plus the grace, ours once the watermark is a millisecond
 * before their end; its sessions, which hold their last instant, close two milliseconds later.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runSql } from '../engine/run-engine.js';
import { sharedJson, skipUnless } from '../support/shared.js';

interface StreamsCase {
  readonly operation: { readonly size_ms?: number; readonly gap_ms?: number; readonly grace_ms: number };
  readonly input: readonly { readonly key: string; readonly value: string; readonly ts: number }[];
  readonly expected_final: readonly { readonly key: string; readonly start: number; readonly end: number; readonly value: number; readonly ts: number }[];
}

const seconds = (millis: number) => `INTERVAL '${(millis / 1000).toFixed(3)}' SECOND`;

for (const name of ['tumbling_grace_final', 'tumbling_large_jump', 'session_final']) {
  const file = `kstreams_${name}.json`;
  test(`Kafka Streams' ${name}`, { skip: skipUnless('conformance', file) }, () => {
    const { operation: { size_ms, gap_ms = 0, grace_ms }, input, expected_final } = sharedJson('conformance', file) as StreamsCase;
    const window = size_ms === undefined ? `SESSION(ts, ${seconds(gap_ms)})` : `TUMBLE(ts, ${seconds(size_ms)})`;
    const bound = (part: string) => window.replace('(', `_${part}(`);
    const { outputs } = runSql(`
      CREATE TABLE t (\`key\` STRING, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - ${seconds(grace_ms + (size_ms === undefined ? 2 : 1))});
      SELECT \`key\`, ${bound('START')}, ${bound('END')}, COUNT(*), MAX(ts) FROM t GROUP BY \`key\`, ${window};`, { t: input }, { end: false });
    assert.deepEqual(outputs['query_1'], expected_final.map(({ key, start, end, value, ts }) => [key, start, size_ms === undefined ? end + gap_ms : end, value, ts]));
  });
}

/** What `live` refuses before it speaks to a broker. */
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { TapewrightError } from '../../src/core/errors.js';
import { liveOptions } from '../../src/live/live-flags.js';

const flags = { brokers: '127.0.0.1:9092', 'checkpoint-every': '10s', strict: false };
const statement = `CREATE TABLE t (k STRING, v BIGINT) WITH ('connector' = 'kafka', 'topic' = 't', 'format' = 'json');
CREATE TABLE sums (k STRING, s BIGINT, PRIMARY KEY (k) NOT ENFORCED) WITH ('connector' = 'upsert-kafka', 'topic' = 'sums', 'key.format' = 'json', 'value.format' = 'json');
INSERT INTO sums SELECT k, SUM(v) AS s FROM t GROUP BY k;
`;

test('state that would grow for ever is refused with its place, unless it is asked for or has a time-to-live', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'tapewright-flags-'));
  try {
    const path = join(folder, 'sums.sql');
    await writeFile(path, statement);
    await assert.rejects(liveOptions(path, flags, {}), (error: unknown) => error instanceof TapewrightError && error.code === 'SQL_UNSUPPORTED'
      && /line 3, column \d+: group-aggregate keeps a row for each k, for ever\. Write SET 'table\.exec\.state\.ttl' = '1 h' before it.*--allow-unbounded-state/.test(error.message));
    assert.equal((await liveOptions(path, { ...flags, 'allow-unbounded-state': true }, {})).group, 'tapewright-sums');
    await writeFile(path, `SET 'table.exec.state.ttl' = '1 d';\n${statement}`);
    assert.equal((await liveOptions(path, flags, {})).group, 'tapewright-sums');
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

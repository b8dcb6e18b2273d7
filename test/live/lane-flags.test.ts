/** What the flags of `live` ask for. */
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { liveOptions, type LiveFlags } from '../../src/live/live-flags.js';

let folder: string;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tapewright-flags-'));
  await writeFile(join(folder, 'p.sql'), "CREATE TABLE t (a INT) WITH ('connector' = 'kafka', 'topic' = 't', 'format' = 'json'); SELECT a FROM t;");
});

after(() => rm(folder, { recursive: true, force: true }));

const asked = (flags: Partial<LiveFlags>) => liveOptions(join(folder, 'p.sql'), { brokers: 'h:1', 'checkpoint-every': '10s', strict: false, ...flags }, {});

test('lanes: those of the group unless some are named', async () => {
  assert.equal((await asked({})).lanes, 'group');
  assert.equal((await asked({ lanes: 'all' })).lanes, 'all');
  assert.deepEqual((await asked({ lanes: '0-3' })).lanes, [0, 1, 2, 3]);
  assert.deepEqual((await asked({ lanes: '7,0-2,1' })).lanes, [0, 1, 2, 7]);
  for (const lanes of ['3-1', 'a', '', '1-', '-1', '0-99999']) await assert.rejects(asked({ lanes }), /write all, 0-3, or 0,2,5-7/, lanes);
});

test('the end: at the last offsets, or at an event time', async () => {
  assert.equal((await asked({})).until, null);
  assert.equal((await asked({ until: 'latest' })).until, 'latest');
  assert.equal((await asked({ until: '2026-03-02T21:00:00Z' })).until, Date.UTC(2026, 2, 2, 21));
  await assert.rejects(asked({ until: 'evening' }), /write latest, or an event time/);
});

test('what a process may leave unsaid', async () => {
  const { sessionTimeout, onGap, linger, group } = await asked({});
  assert.deepEqual({ sessionTimeout, onGap, linger, group }, { sessionTimeout: 10_000, onGap: 'refuse', linger: 0, group: 'tapewright-p' });
  await assert.rejects(asked({ 'session-timeout': '10' }), /a duration such as 10s/);
});

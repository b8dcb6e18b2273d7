/** Where lanes begin and end, by what the tables say. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TapewrightError } from '../../src/core/errors.js';
import { beginning } from '../../src/live/beginning.js';
import { sourceTopic } from '../../src/live/connectors.js';
import { planTexts } from '../../src/runtime/pipeline.js';
import { MemoryLog } from './memory-log.js';

const group = 'own';

/** Two partitions with offsets 0 to 9, the first three of them deleted; another group has read partition 0 up to 5. */
async function log(): Promise<MemoryLog> {
  const log = new MemoryLog();
  await log.create('t', 2);
  const producer = await log.producer('p');
  for (const partition of [0, 1]) {
    await producer.commit(Array.from({ length: 9 }, () => ({ topic: 't', partition, key: null, value: Buffer.from('{}') })), null);
    log.deleteBefore('t', partition, 3);
  }
  await producer.commit([], { group: 'other', metadata: '', positions: [{ topic: 't', partition: 0, offset: 5 }] });
  return log;
}

async function began(options: Readonly<Record<string, string>>, until: 'latest' | number | null = null): Promise<string> {
  const list = Object.entries({ connector: 'kafka', topic: 't', format: 'json', ...options }).map(([name, value]) => `'${name}' = '${value}'`).join(', ');
  const text = `CREATE TABLE t (a INT) WITH (${list});\nSELECT * FROM t;`;
  try {
    const { sources } = planTexts({ name: 'begin', scenario: null, sql: [{ path: 'begin.sql', text }], expect: { outputs: [], lateMax: null, rejectedMax: null } });
    const { positions, stops } = await beginning(await log(), [sourceTopic(sources[0]!, null)], { group, until }, null);
    return `${positions.map(({ offset }) => offset).join()} ${stops?.map(({ offset }) => offset).join() ?? 'on'}`;
  } catch (error) {
    return (error as TapewrightError).message;
  }
}

const startOffsets = (text: string) => ({ 'scan.startup.mode': 'specific-offsets', 'scan.startup.specific-offsets': text });
const stopOffsets = (text: string) => ({ 'scan.startup.mode': 'earliest-offset', 'scan.bounded.mode': 'specific-offsets', 'scan.bounded.specific-offsets': text });

test('a table begins where its scan.startup.mode says, by default where its group is', async () => {
  const end = (await began({ 'scan.startup.mode': 'latest-offset' })).split(' ')[0]!;
  const [last] = end.split(',');
  assert.equal(await began({ 'scan.startup.mode': 'earliest-offset' }), '3,3 on');
  assert.equal(await began({ 'properties.group.id': 'other' }), `5,${last} on`);
  assert.equal(await began({ 'scan.startup.mode': 'group-offsets', 'properties.group.id': 'other', 'properties.auto.offset.reset': 'earliest' }), '5,3 on');
  assert.match(await began({ 'properties.group.id': 'other', 'properties.auto.offset.reset': 'none' }), /group other has no offset of partition 1 of t/);
  assert.equal(await began({}), `${end} on`);
  assert.equal(await began(startOffsets('partition:1,offset:4')), '3,4 on');
  assert.match(await began(startOffsets('partition:1,offset:2')), /partition 1 of t begins at 3: offset 2 was deleted/);
  assert.match(await began(startOffsets('1:4')), /write 'partition:0,offset:42;partition:1,offset:300'/);
});

test('a table ends where its scan.bounded.mode says, unless the run is told', async () => {
  const end = (await began({ 'scan.startup.mode': 'latest-offset' })).split(' ')[0]!;
  const [last] = end.split(',');
  assert.equal(await began({ 'scan.startup.mode': 'earliest-offset', 'scan.bounded.mode': 'latest-offset' }), `3,3 ${end}`);
  assert.equal(await began(stopOffsets('partition:0,offset:6;partition:1,offset:7')), '3,3 6,7');
  assert.equal(await began(stopOffsets('partition:0,offset:6')), '3,3 6,3', 'a partition that is not named is not read');
  assert.equal(await began(stopOffsets('partition:0,offset:6'), 'latest'), `3,3 ${end}`);
  assert.equal(await began(stopOffsets('partition:0,offset:6'), 1e12), '3,3 on');
  assert.match(await began({ 'scan.bounded.mode': 'group-offsets', 'properties.group.id': 'other' }), /group other has no offset of partition 1/);
  assert.equal(await began({ 'scan.startup.mode': 'earliest-offset', 'scan.bounded.mode': 'timestamp', 'scan.bounded.timestamp-millis': '99999999999999' }), `3,3 ${last},${last}`);
});

/** What every body of the log must do, on a real broker: `live` stands on exactly this. */
import assert from 'node:assert/strict';
import { pbkdf2Sync, randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { alterUserScramCredentialsV0, ConnectionPool } from '@platformatic/kafka';
import type { TapewrightError } from '../../src/core/errors.js';
import { clients, openLog, type Client } from '../../src/live/clients.js';
import { kafkaClient } from '../../src/live/kafka.js';
import type { Log, LogFetch, LogMessage, LogPosition } from '../../src/live/log.js';
import { settingsFrom, type LiveSettings } from '../../src/live/settings.js';
import { consoleProduce } from './console.js';
import { LiveServers } from './live-servers.js';

const remarks: string[] = [];
const secret = 'hunter2-hunter2';

const servers = new LiveServers({ kafka: { proxied: true, secured: { username: 'trader', password: secret } } });
const { skip } = servers;

const settingsOf = (client: Client): LiveSettings => servers.settings(client);

/** Runs with a log of the client, and names of topics and ids that are its own. */
async function withLog(client: Client, body: (log: Log, name: (what: string) => string) => Promise<void>): Promise<void> {
  const log = openLog(settingsOf(client), (text) => remarks.push(text));
  try {
    await body(log, (what) => `${client}-${what}`);
  } finally {
    await log.close();
  }
}

const message = (topic: string, value: string | Buffer, partition = 0): LogMessage => ({ topic, partition, key: null, value: Buffer.from(value) });

/** All records from positions on, until the log says several times that there is no more. */
async function readAll(log: Log, positions: readonly LogPosition[]): Promise<LogFetch[]> {
  const reader = await log.read(positions);
  try {
    const fetches: LogFetch[] = [];
    for (;;) {
      const fetch = await reader.next(100);
      if (fetch !== null) fetches.push(fetch);
      else if (reader.emptyAnswers >= 10) return fetches;
    }
  } finally {
    await reader.close();
  }
}

const recordsOf = (fetches: readonly LogFetch[]) => fetches.flatMap(({ records }) => records);

/** A history of batches, transactions and their ends, written by a plain producer: what is committed, by offset, and the end. */
async function writeHistory(topic: string): Promise<{ readonly committed: ReadonlyMap<number, string>; readonly end: number }> {
  const client = kafkaClient(settingsOf('kafkajs'));
  const plain = client.producer(), first = client.producer({ transactionalId: `${topic}-1`, maxInFlightRequests: 1, idempotent: true }), second = client.producer({ transactionalId: `${topic}-2`, maxInFlightRequests: 1, idempotent: true });
  const committed = new Map<number, string>();
  let end = 0;
  const values = (count: number) => Array.from({ length: count }, (_, index) => ({ partition: 0, value: `${end + index}` }));
  const done = (count: number, counts: boolean): void => {
    for (let offset = end; offset < end + count; offset += 1) if (counts) committed.set(offset, `${offset}`);
    end += count;
  };
  try {
    await Promise.all([plain.connect(), first.connect(), second.connect()]);
    await plain.send({ topic, messages: values(5) });
    done(5, true);
    // The same producer: committed, aborted twice, committed; the other's transaction lies open around it.
    for (const [producer, fate] of [[first, 'commit'], [first, 'abort'], [second, 'abort'], [first, 'abort'], [first, 'commit'], [second, 'commit']] as const) {
      const transaction = await producer.transaction();
      await transaction.send({ topic, messages: values(3) });
      done(3, fate === 'commit');
      if (fate === 'commit') await transaction.commit();
      else await transaction.abort();
      end += 1;
    }
    const [around, within] = [await first.transaction(), await second.transaction()];
    await around.send({ topic, messages: values(2) });
    done(2, false);
    await within.send({ topic, messages: values(2) });
    done(2, true);
    await plain.send({ topic, messages: values(1) });
    done(1, true);
    await within.commit();
    await around.abort();
    end += 2;
    return { committed, end };
  } finally {
    await Promise.all([plain.disconnect(), first.disconnect(), second.disconnect()]);
  }
}

for (const client of clients) {
  const law = (name: string, body: (log: Log, name: (what: string) => string) => Promise<void>): void => {
    test(`${client}: ${name}`, { skip, timeout: 120_000 }, () => withLog(client, body));
  };

  law('from any offset on, exactly what is committed is read, and the bounds are those of the log', async (log, name) => {
    const topic = name('history');
    assert.equal(await log.bounds(topic), null);
    await log.create(topic, 1, {});
    const { committed, end } = await writeHistory(topic);
    assert.deepEqual(await log.bounds(topic), [{ partition: 0, start: 0, end }]);
    // In the middle of batches, at aborted records, at their markers and at the end: each waits for the end of the log, so all at once.
    const starts = Array.from({ length: end + 1 }, (_, from) => from).filter((from) => client !== 'kafkajs' || from % 3 === 0);
    await Promise.all(starts.map(async (from) => {
      const found = recordsOf(await readAll(log, [{ topic, partition: 0, offset: from }]));
      assert.deepEqual(found.map(({ offset, value }) => [offset, value!.toString()]), [...committed].filter(([offset]) => offset >= from), `from ${from}`);
    }));
  });

  law('what lies in an open transaction, or behind it, is not shown before it is decided', async (log, name) => {
    const topic = name('open');
    await log.create(topic, 1, {});
    const producer = kafkaClient(settingsOf('kafkajs')).producer({ transactionalId: topic, maxInFlightRequests: 1, idempotent: true });
    const reader = await log.read([{ topic, partition: 0, offset: 0 }]);
    try {
      await producer.connect();
      const transaction = await producer.transaction();
      await transaction.send({ topic, messages: [{ value: 'open' }] });
      const other = await log.producer(`${topic}-other`);
      await other.commit([message(topic, 'behind')], null);
      await other.close();
      assert.equal(await reader.next(500), null);
      await transaction.commit();
      const seen: string[] = [];
      while (seen.length < 2) seen.push(...(await reader.next(1000))?.records.map(({ value }) => value!.toString()) ?? []);
      assert.deepEqual(seen, ['open', 'behind']);
    } finally {
      await Promise.all([producer.disconnect(), reader.close()]);
    }
  });

  law('partitions of several topics are each in order, and nothing of a partition that was not asked for is read', async (log, name) => {
    const topics = [name('many-a'), name('many-b')];
    for (const topic of topics) await log.create(topic, 3, {});
    const producer = await log.producer(name('many'));
    const sent: LogMessage[] = Array.from({ length: 600 }, (_, index) => message(topics[index % 2]!, `${index}`, index % 3));
    const at = await producer.commit(sent, null);
    assert.deepEqual(new Set(at.map(({ topic, partition, offset }) => `${topic}/${partition}/${offset}`)), new Set(topics.flatMap((topic) => [0, 1, 2].map((partition) => `${topic}/${partition}/0`))));
    const again = await producer.commit(sent, null);
    assert.deepEqual(new Set(again.map(({ offset }) => offset)), new Set([101]));
    await producer.close();
    const fetches = await readAll(log, topics.flatMap((topic) => [0, 2].map((partition) => ({ topic, partition, offset: 0 }))));
    for (const topic of topics) {
      for (const partition of [0, 1, 2]) {
        const found = recordsOf(fetches.filter((fetch) => fetch.topic === topic && fetch.partition === partition)).map(({ value }) => value!.toString());
        const expected = sent.filter((each) => each.topic === topic && each.partition === partition).map(({ value }) => value!.toString());
        assert.deepEqual(found, partition === 1 ? [] : [...expected, ...expected]);
      }
    }
  });

  law('a transaction carries offsets and what lag tools read; times find offsets', async (log, name) => {
    const topic = name('offsets');
    await log.create(topic, 2, {});
    const producer = await log.producer(topic);
    assert.deepEqual(await log.committed(name('group'), topic), new Map());
    await producer.commit([message(topic, 'x')], { group: name('group'), positions: [{ topic, partition: 0, offset: 17 }, { topic, partition: 1, offset: 4 }], metadata: '{"seq":3}' });
    await producer.close();
    assert.deepEqual(await log.committed(name('group'), topic), new Map([[0, { offset: 17, metadata: '{"seq":3}' }], [1, { offset: 4, metadata: '{"seq":3}' }]]));
    const [record] = recordsOf(await readAll(log, [{ topic, partition: 0, offset: 0 }]));
    assert.deepEqual((await log.boundsAt(topic, record!.timestamp)).map(({ start }) => start)[0], 0);
  });

  law('whoever opens an id last has it: the one before is fenced, and what it had not committed is never seen', async (log, name) => {
    const topic = name('fenced');
    await log.create(topic, 1, {});
    const first = await log.producer(topic);
    await first.commit([message(topic, 'first')], null);
    const second = await log.producer(topic);
    await second.commit([message(topic, 'second')], null);
    await assert.rejects(first.commit([message(topic, 'never')], null), { code: 'PRODUCER_FENCED' });
    await second.commit([message(topic, 'third')], null);
    await Promise.all([first.close(), second.close()]);
    assert.deepEqual(recordsOf(await readAll(log, [{ topic, partition: 0, offset: 0 }])).map(({ value }) => value!.toString()), ['first', 'second', 'third']);
  });

  law('a commit that fails leaves nothing: not the messages that were taken, not the offsets', async (log, name) => {
    const topic = name('failed'), group = name('failed-group');
    await log.create(topic, 1, {});
    await log.create(`${topic}-small`, 1, { 'max.message.bytes': '1000' });
    const producer = await log.producer(topic);
    const failing = producer.commit([message(topic, 'never'), message(`${topic}-small`, randomBytes(5000))], { group, positions: [{ topic, partition: 0, offset: 9 }], metadata: '' });
    await assert.rejects(failing, { code: 'KAFKA_REFUSED', message: /max\.message\.bytes/ });
    await producer.close();
    assert.deepEqual(await readAll(log, [{ topic, partition: 0, offset: 0 }]), []);
    assert.deepEqual(await log.committed(group, topic), new Map());
  });

  law('a commit of 4 MiB that nothing compresses, and a message of 10 MB', async (log, name) => {
    const topic = name('large');
    await log.create(topic, 1, {});
    const producer = await log.producer(topic);
    const values = Array.from({ length: 64 }, () => randomBytes(65_536));
    await producer.commit(values.map((value) => message(topic, value)), null);
    await assert.rejects(producer.commit([message(topic, randomBytes(10_000_000))], null), ({ code, message: said }: TapewrightError) => code === 'KAFKA_REFUSED' && /max\.message\.bytes/.test(said));
    await producer.close();
    const found = recordsOf(await readAll(log, [{ topic, partition: 0, offset: 0 }]));
    assert.equal(found.length, values.length);
    assert.ok(found.every(({ value }, index) => value!.equals(values[index]!)));
    if (client === 'platformatic') {
      // Where the topic takes less than a batch, batches are smaller; kafkajs is refused.
      await log.create(`${topic}-small`, 1, { 'max.message.bytes': '1000' });
      const small = await log.producer(`${topic}-small`);
      const pieces = Array.from({ length: 50 }, () => randomBytes(300));
      for (let turn = 0; turn < 2; turn += 1) await small.commit(pieces.map((value) => message(`${topic}-small`, value)), null);
      await small.close();
      const kept = recordsOf(await readAll(log, [{ topic: `${topic}-small`, partition: 0, offset: 0 }]));
      assert.deepEqual(kept.map(({ value }) => value!.toString('hex')), [...pieces, ...pieces].map((value) => value.toString('hex')));
    }
    // Where the topic takes it, so do we.
    await log.create(`${topic}-taken`, 1, { 'max.message.bytes': '12000000' });
    const able = await log.producer(topic);
    await able.commit([message(`${topic}-taken`, values[0]!), message(`${topic}-taken`, Buffer.concat(Array.from({ length: 150 }, () => values[1]!)))], null);
    await able.close();
    assert.deepEqual(recordsOf(await readAll(log, [{ topic: `${topic}-taken`, partition: 0, offset: 0 }])).map(({ value }) => value!.length), [65_536, 150 * 65_536]);
  });

  law('an offset that is gone, or not there yet, is never silently another', async (log, name) => {
    const topic = name('deleted');
    await log.create(topic, 1, {});
    const producer = await log.producer(topic);
    for (let turn = 0; turn < 3; turn += 1) await producer.commit([message(topic, `${turn}`)], null);
    await producer.close();
    const admin = kafkaClient(settingsOf(client)).admin();
    await admin.connect();
    await admin.fetchTopicOffsets(topic);
    await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: '3' }] }).finally(() => admin.disconnect());
    assert.equal((await log.bounds(topic))![0]!.start, 3);
    for (const offset of [0, 2, 1000]) await assert.rejects(readAll(log, [{ topic, partition: 0, offset }]), { code: 'SOURCE_GAP' }, `from ${offset}`);
    assert.deepEqual(recordsOf(await readAll(log, [{ topic, partition: 0, offset: 3 }])).map(({ offset }) => offset), [4]);
  });

  law('compacted records are jumped over', async (log, name) => {
    const topic = name('compacted');
    await log.create(topic, 1, { 'cleanup.policy': 'compact', 'segment.ms': '100', 'min.cleanable.dirty.ratio': '0.001', 'min.compaction.lag.ms': '0', 'delete.retention.ms': '0' });
    const producer = await log.producer(topic);
    for (let turn = 0; turn < 8; turn += 1) {
      await producer.commit([{ topic, partition: 0, key: Buffer.from('k'), value: Buffer.from(`${turn}`) }], null);
      await pause(60);
    }
    await producer.close();
    // However far the cleaner has come: the last value is there, and what is read is in order.
    const found = recordsOf(await readAll(log, [{ topic, partition: 0, offset: 0 }]));
    assert.equal(found[found.length - 1]!.value!.toString(), '7');
    assert.ok(found.every(({ offset }, index) => index === 0 || offset > found[index - 1]!.offset));
  });

  law('a reader that nobody asks fetches no more than it may hold', async (_log, name) => {
    const topic = name('pressed'), total = 80;
    const log = openLog(settingsFrom({ brokers: servers.kafka.proxied.join(','), client }, {}), () => undefined);
    try {
      await log.create(topic, 1, {});
      const producer = await log.producer(topic);
      const value = randomBytes(500_000);
      for (let turn = 0; turn < total; turn += 8) await producer.commit(Array.from({ length: 16 }, () => message(topic, value)), null);
      await producer.close();
      const [proxy] = servers.kafka.proxies;
      const before = proxy!.bytes;
      const reader = await log.read([{ topic, partition: 0, offset: 0 }]);
      // Until nothing has come for a while.
      for (let bytes = -1; bytes !== proxy!.bytes || bytes === before; await pause(400)) bytes = proxy!.bytes;
      assert.ok(proxy!.bytes - before < 40_000_000, `${proxy!.bytes - before} bytes were fetched`);
      let records = 0;
      while (records < 2 * total) records += (await reader.next(1000))?.records.length ?? 0;
      assert.equal(records, 2 * total);
      await reader.close();
    } finally {
      await log.close();
    }
  });

  law('a topic that is not there is named', async (log, name) => {
    const topic = name('missing');
    await assert.rejects(readAll(log, [{ topic, partition: 0, offset: 0 }]), (error: TapewrightError) => error.code === 'KAFKA_REFUSED' && !/undefined/.test(error.message));
    const producer = await log.producer(topic);
    await assert.rejects(producer.commit([message(topic, 'x')], null), (error: TapewrightError) => error.code === 'KAFKA_REFUSED' || error.code === 'KAFKA_UNREACHABLE');
    await producer.close();
  });
}

test('what Java compresses is read; kafkajs cannot read two of the ways', { skip, timeout: 120_000 }, async () => {
  const lines = Array.from({ length: 2000 }, (_, index) => `{"symbol":"AAPL","n":${index}}`);
  await withLog('platformatic', async (log) => {
    for (const compression of ['snappy', 'zstd'] as const) {
      await log.create(compression, 1, {});
      await consoleProduce(servers.kafka.brokers, compression, lines, compression);
      assert.deepEqual(recordsOf(await readAll(log, [{ topic: compression, partition: 0, offset: 0 }])).map(({ value }) => value!.toString()), lines);
    }
  });
  await withLog('kafkajs', async (log) => {
    await assert.rejects(readAll(log, [{ topic: 'zstd', partition: 0, offset: 0 }]), /[Zz][Ss][Tt][Dd]/);
  });
});

test('TLS and a password from the environment or a file; no error names the password', { skip, timeout: 120_000 }, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'tapewright-secrets-'));
  const { brokers, certificate } = servers.kafka.secured;
  await writeFile(join(folder, 'right'), `${secret}\n`);
  await writeFile(join(folder, 'wrong'), 'not-the-secret\n');
  const environment = { KAFKA_SSL_CA_FILE: certificate, KAFKA_SASL_MECHANISM: 'PLAIN', KAFKA_SASL_USERNAME: 'trader' };
  try {
    for (const client of clients) {
      for (const own of [{ KAFKA_SASL_PASSWORD: secret }, { KAFKA_SASL_PASSWORD_FILE: join(folder, 'right') }]) {
        const log = openLog(settingsFrom({ brokers: brokers.join(','), client }, { ...environment, ...own }), () => undefined);
        const topic = `${client}-secured-${Object.keys(own).join('')}`;
        try {
          await log.create(topic, 1, {});
          const producer = await log.producer(topic);
          await producer.commit([message(topic, 'safe')], null);
          await producer.close();
          assert.deepEqual(recordsOf(await readAll(log, [{ topic, partition: 0, offset: 0 }])).map(({ value }) => value!.toString()), ['safe']);
        } finally {
          await log.close();
        }
      }
      const strangers = [
        { ...environment, KAFKA_SASL_PASSWORD_FILE: join(folder, 'wrong') },
        { ...environment, KAFKA_SASL_PASSWORD: 'not-the-secret', KAFKA_SASL_MECHANISM: 'SCRAM-SHA-512' },
        { ...environment, KAFKA_SASL_PASSWORD: 'not-the-secret', KAFKA_SSL_CA_FILE: undefined, KAFKA_SSL: 'true' },
      ];
      for (const stranger of strangers) {
        const said: string[] = [];
        const log = openLog(settingsFrom({ brokers: brokers.join(','), client }, stranger), (text) => said.push(text));
        for (const attempt of [() => log.bounds('any'), () => log.producer('any'), () => log.read([{ topic: 'any', partition: 0, offset: 0 }])]) {
          const error: unknown = await attempt().then(async (opened) => {
            // kafkajs opens a producer with its first transaction only.
            if (opened !== null && 'commit' in opened) await opened.commit([message('any', 'x')], null).finally(() => opened.close());
            throw new assert.AssertionError({ message: `${client}: a stranger was let in` });
          }).catch((cause: unknown) => cause);
          assert.ok(error instanceof Error && 'code' in error && /^KAFKA_/.test(String(error.code)), inspect(error));
          assert.doesNotMatch([error.message, inspect(error, { depth: 20 }), ...said].join(), /not-the-secret|bm90LXRoZS1zZWNyZXQ/);
        }
        await log.close();
      }
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

/** Tells the cluster a user's password for a mechanism of SCRAM. */
async function addScramUser(username: string, password: string, bits: 256 | 512): Promise<void> {
  const [host, port] = servers.kafka.brokers[0]!.split(':') as [string, string];
  const pool = new ConnectionPool('test');
  try {
    const salt = randomBytes(16), iterations = 4096;
    const saltedPassword = pbkdf2Sync(password, salt, iterations, bits / 8, `sha${bits}`);
    const connection = await pool.get({ host, port: Number(port) });
    await alterUserScramCredentialsV0.api.async(connection, [], [{ name: username, mechanism: bits === 256 ? 1 : 2, iterations, salt, saltedPassword }]);
  } finally {
    await pool.close();
  }
}

test('SCRAM: who knows the password is let in, and nobody else', { skip, timeout: 120_000 }, async () => {
  const { brokers, certificate } = servers.kafka.secured;
  for (const bits of [256, 512] as const) {
    await addScramUser('quant', `${secret}-${bits}`, bits);
    for (const client of clients) {
      const settings = (password: string) => settingsFrom({ brokers: brokers.join(','), client }, { KAFKA_SSL_CA_FILE: certificate, KAFKA_SASL_MECHANISM: `SCRAM-SHA-${bits}`, KAFKA_SASL_USERNAME: 'quant', KAFKA_SASL_PASSWORD: password });
      const topic = `${client}-scram-${bits}`;
      const log = openLog(settings(`${secret}-${bits}`), () => undefined);
      const stranger = openLog(settings('not-the-secret'), () => undefined);
      try {
        await log.create(topic, 1, {});
        const producer = await log.producer(topic);
        await producer.commit([message(topic, 'safe')], null);
        await producer.close();
        assert.deepEqual(recordsOf(await readAll(log, [{ topic, partition: 0, offset: 0 }])).map(({ value }) => value!.toString()), ['safe']);
        await assert.rejects(stranger.read([{ topic, partition: 0, offset: 0 }]), (error: TapewrightError) => /^KAFKA_/.test(error.code) && !inspect(error, { depth: 20 }).includes('not-the-secret'));
      } finally {
        await log.close();
        await stranger.close();
      }
    }
  }
});

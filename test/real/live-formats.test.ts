/** Formats on real servers: schemas that change in mid-stream, a registry that goes and comes, keys, metadata, large and foreign messages. */
import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import { readFile, readdir } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import type { Producer } from 'kafkajs';
import { avroType } from '../../src/formats/confluent.js';
import type { AvroRecord } from '../../src/formats/avro-schema.js';
import { clients } from '../../src/live/clients.js';
import { kafkaClient } from '../../src/live/kafka.js';
import { runLive, type LiveResult } from '../../src/live/live.js';
import { SchemaRegistry } from '../../src/live/registry.js';
import { settingsFrom, type LiveSettings } from '../../src/live/settings.js';
import { LiveServers, liveTexts } from './live-servers.js';
import { readTopic } from './read-topic.js';

let way: Way;
let producer: Producer;

const servers = new LiveServers({ registry: true, opened: async () => {
  way = await Way.to(servers.registry.address);
  producer = kafkaClient(settings()).producer();
  await producer.connect();
  return async () => {
    await producer.disconnect();
    way.end();
  };
} });
const { skip } = servers;

/** The way to the registry: while it is closed nobody answers. */
class Way {
  isClosed = false;

  private constructor(private readonly server: Server) {}

  static async to(address: string): Promise<Way> {
    const server = createServer((request, response) => {
      if (way.isClosed) return void request.destroy();
      const body: Buffer[] = [];
      request.on('data', (part: Buffer) => body.push(part));
      request.on('end', () => void fetch(address + request.url!, { method: request.method!, headers: { 'content-type': 'application/json' }, ...(body.length === 0 ? {} : { body: Buffer.concat(body) }) })
        .then(async (answer) => response.writeHead(answer.status, { 'content-type': 'application/json' }).end(await answer.text()), () => response.destroy()));
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new Way(server);
  }

  get address(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  end(): void {
    this.server.closeAllConnections();
    this.server.close();
  }
}

const settings = () => settingsFrom({ brokers: servers.brokers, registry: `http://127.0.0.1:1,${way.address}` }, {});

/** Kept for ever: messages here have timestamps of long ago. */
async function createTopic(topic: string, partitions: number, config: Readonly<Record<string, string>> = {}): Promise<void> {
  const admin = kafkaClient(settings()).admin();
  await admin.connect();
  await admin.createTopics({ waitForLeaders: true, topics: [{ topic, numPartitions: partitions, replicationFactor: 1, configEntries: Object.entries({ 'retention.ms': '-1', ...config }).map(([name, value]) => ({ name, value })) }] });
  await admin.disconnect();
}

/** A run in this process; `seen` counts what it has committed. */
class Run {
  rows = 0;
  deadLetters = 0;
  readonly remarks: string[] = [];
  readonly #stop = new AbortController();
  readonly #end: Promise<LiveResult>;

  constructor(sql: string, group: string, until: 'latest' | null = null, reached: LiveSettings = settings()) {
    this.#end = runLive({
      texts: liveTexts(sql), settings: reached, group, state: join(servers.folder, group), redirect: new Map(), start: { kind: 'earliest' }, until, lanes: 'all', sessionTimeout: 2000, onGap: 'refuse', linger: 0,
      checkpointEvery: 1000, strict: false, signal: this.#stop.signal, onRemark: (text) => this.remarks.push(text),
      events: { phase: () => undefined, committed: (_lane, result, rows) => {
        this.rows += rows;
        this.deadLetters += result.deadLetters.length;
      } },
    });
    this.#end.catch(() => undefined);
  }

  /** Until it has committed so many messages. */
  async has(rows: number): Promise<void> {
    const failed = this.#end.then(() => undefined);
    while (this.rows < rows) await Promise.race([pause(20), failed]);
    assert.equal(this.rows, rows);
  }

  /** Until it has said so. */
  async says(what: RegExp): Promise<void> {
    const failed = this.#end.then(() => undefined);
    while (!what.test(this.remarks.join('\n'))) await Promise.race([pause(20), failed]);
  }

  async stop(): Promise<LiveResult> {
    this.#stop.abort();
    return this.#end;
  }

  end(): Promise<LiveResult> {
    return this.#end;
  }
}

const tick = (fields: readonly object[]): AvroRecord => ({ type: 'record', name: 'Tick', fields } as unknown as AvroRecord);

const register = (topic: string, schema: AvroRecord): Promise<number> => new SchemaRegistry([servers.registry.address]).register(`${topic}-value-${JSON.stringify(schema.fields).length}`, schema);

interface Rows {
  readonly id: number;
  readonly schema: AvroRecord;
  readonly rows: readonly object[];
  readonly from: number;
}

/** Sends rows of a schema that has an id, a second of record time apart. */
async function produce(topic: string, partition: number, { id, schema, rows, from }: Rows): Promise<void> {
  const type = avroType(schema), header = Buffer.alloc(5);
  header.writeUInt32BE(id, 1);
  await producer.send({ topic, messages: rows.map((row, index) => ({ partition, key: 'k', value: Buffer.concat([header, type.toBuffer(row)]), timestamp: String(1_700_000_000_000 + (from + index) * 1000) })) });
}

/** Sends rows of a schema that may be new. */
const send = async (topic: string, partition: number, schema: AvroRecord, rows: readonly object[], from: number): Promise<void> =>
  produce(topic, partition, { id: await register(topic, schema), schema, rows, from });

const first = tick([{ name: 'symbol', type: 'string' }, { name: 'price', type: 'float' }, { name: 'size', type: 'int' }]);
/** A field more, one promoted, one renamed. */
const second = tick([{ name: 'venue', type: 'string', default: '' }, { name: 'symbol', type: 'string' }, { name: 'price', type: 'double' }, { name: 'quantity', aliases: ['size'], type: 'long' }]);
/** Fields less. */
const third = tick([{ name: 'symbol', type: 'string' }, { name: 'price', type: ['null', 'long'] }]);
const incompatible = tick([{ name: 'symbol', type: 'string' }, { name: 'price', type: 'string' }, { name: 'size', type: 'int' }]);

const evolving = `
CREATE TABLE ticks (
  symbol STRING, price DOUBLE, size BIGINT, venue STRING,
  sent TIMESTAMP_LTZ(3) METADATA FROM 'timestamp', part INT METADATA FROM 'partition' VIRTUAL, place BIGINT METADATA FROM 'offset' VIRTUAL, origin STRING METADATA FROM 'topic' VIRTUAL,
  WATERMARK FOR sent AS sent - INTERVAL '5' SECOND
) WITH ('connector' = 'kafka', 'topic' = 'evolve', 'format' = 'avro-confluent', 'properties.group.id' = 'x', 'scan.startup.mode' = 'earliest-offset');
CREATE TABLE seen (symbol STRING, price DOUBLE, size BIGINT, venue STRING, sent TIMESTAMP_LTZ(3), part INT, place BIGINT, origin STRING)
WITH ('connector' = 'kafka', 'topic' = 'evolve-seen', 'format' = 'avro-confluent');
CREATE TABLE counts (symbol STRING, ended TIMESTAMP(3), ticks BIGINT) WITH ('connector' = 'kafka', 'topic' = 'evolve-counts', 'format' = 'json', 'json.timestamp-format.standard' = 'ISO-8601');
INSERT INTO seen SELECT symbol, price, size, venue, sent, part, place, origin FROM ticks;
INSERT INTO counts SELECT symbol, window_end, COUNT(*) FROM TABLE(TUMBLE(TABLE ticks, DESCRIPTOR(sent), INTERVAL '1' MINUTE)) GROUP BY symbol, window_start, window_end;
`;

test('schemas change in mid-stream, and the registry goes and comes, without a restart and without a loss', { skip, timeout: 300_000 }, async () => {
  await createTopic('evolve', 2);
  const run = new Run(evolving, 'evolve');
  const rows = (count: number, of: (index: number) => object): object[] => Array.from({ length: count }, (_, index) => of(index));
  await send('evolve', 0, first, rows(20, (index) => ({ symbol: 'A', price: index / 2, size: index })), 0);
  await send('evolve', 1, first, rows(20, (index) => ({ symbol: 'B', price: index / 2, size: index })), 0);
  await run.has(40);
  await send('evolve', 0, second, rows(20, () => ({ venue: 'X', symbol: 'A', price: 0.1, quantity: 2 ** 40 })), 20);
  await send('evolve', 0, incompatible, rows(3, () => ({ symbol: 'A', price: '1.5', size: 1 })), 40);
  await run.has(63);
  assert.equal(run.deadLetters, 3);
  // A schema that nobody can say anything of: its partition waits, the other goes on.
  way.isClosed = true;
  await send('evolve', 0, third, rows(10, () => ({ symbol: 'A', price: 7 })), 40);
  await send('evolve', 0, second, rows(10, () => ({ venue: 'Y', symbol: 'A', price: 0.2, quantity: 5 })), 50);
  await send('evolve', 1, second, rows(30, () => ({ venue: 'Z', symbol: 'B', price: 0.3, quantity: 6 })), 20);
  await run.has(93);
  assert.match(run.remarks.join('\n'), /messages of schema \d+ wait, and their partition with them; asked again in 1 s: no schema registry answers/);
  way.isClosed = false;
  await run.has(113);
  await run.stop();
  // What is known stays so in the next process, the schemas of outputs among it.
  way.isClosed = true;
  await send('evolve', 1, third, rows(20, () => ({ symbol: 'B', price: null })), 60);
  const again = new Run(evolving, 'evolve', null);
  await again.has(20);
  await again.stop();
  way.isClosed = false;
  assert.deepEqual(await servers.verify(evolving, 'evolve', settings()).then(({ equal, difference }) => ({ equal, difference })), { equal: true, difference: null });

  const written = JSON.parse(await new SchemaRegistry([servers.registry.address]).schema((await readTopic(settings(), 'evolve-seen', 130))[0]!.value!.readUInt32BE(1))) as AvroRecord;
  const type = avroType(written);
  const seen = (await readTopic(settings(), 'evolve-seen', 130)).map(({ value }) => type.fromBuffer(value!.subarray(5)) as { symbol: string; price: number | null; size: number | null; venue: string | null; sent: number; part: number; place: number; origin: string });
  assert.equal(seen.length, 130);
  for (const part of [0, 1]) {
    const places = seen.filter((row) => row.part === part).map(({ place }) => place);
    assert.deepEqual(places, [...places].sort((a, b) => a - b), 'in the order of the partition');
    assert.equal(new Set(places).size, places.length, 'once');
  }
  const at = (part: number, place: number) => seen.find((row) => row.part === part && row.place === place)!;
  assert.deepEqual({ ...at(0, 3) }, { symbol: 'A', price: 1.5, size: 3, venue: null, sent: 1_700_000_003_000, part: 0, place: 3, origin: 'evolve' });
  assert.deepEqual({ ...at(0, 25) }, { symbol: 'A', price: 0.1, size: 2 ** 40, venue: 'X', sent: 1_700_000_025_000, part: 0, place: 25, origin: 'evolve' });
  assert.deepEqual({ ...at(0, 45) }, { symbol: 'A', price: 7, size: null, venue: null, sent: 1_700_000_042_000, part: 0, place: 45, origin: 'evolve' });

  const letters = await readTopic(settings(), 'evolve-dead-letters', 3);
  assert.deepEqual(letters.map(({ headers, value }) => [headers!['partition']!.toString(), headers!['offset']!.toString(), value!.subarray(5).toString('latin1')]), [40, 41, 42].map((offset) => ['0', String(offset), '\u0002A\u00061.5\u0002']));
  assert.match(letters[0]!.headers!['error']!.toString(), /^schema \d+: the writer's schema has string for price: not a value of DOUBLE$/);
  const counts = (await readTopic(settings(), 'evolve-counts', 2)).map(({ value }) => JSON.parse(value!.toString()) as object);
  assert.deepEqual(counts[0], { symbol: 'A', ended: '2023-11-14T22:14:00.000', ticks: 40 });
  const kept = await readdir(join(servers.folder, 'evolve', 'schemas'));
  assert.ok(kept.length >= 5 && (await Promise.all(kept.map((name) => readFile(join(servers.folder, 'evolve', 'schemas', name), 'utf8').then(JSON.parse)))).length === kept.length);
});

test('the registry is killed and started again in mid-run: known schemas go on, a new one waits, nothing is lost', { skip, timeout: 300_000 }, async () => {
  await createTopic('orphans', 2);
  const sql = `
CREATE TABLE orphans (symbol STRING, size BIGINT, part INT METADATA FROM 'partition' VIRTUAL, place BIGINT METADATA FROM 'offset' VIRTUAL) WITH ('connector' = 'kafka', 'topic' = 'orphans', 'format' = 'avro-confluent');
CREATE TABLE found (symbol STRING, size BIGINT, part INT, place BIGINT) WITH ('connector' = 'kafka', 'topic' = 'orphans-found', 'format' = 'json');
INSERT INTO found SELECT symbol, size, part, place FROM orphans;
`;
  const direct = settingsFrom({ brokers: servers.brokers, registry: servers.registry.address }, {});
  const sizes = (count: number): object[] => Array.from({ length: count }, (_, index) => ({ symbol: 'A', price: 1, size: index, venue: 'X', quantity: index }));
  const known = { id: await register('orphans', first), schema: first }, unseen = { id: await register('orphans', second), schema: second };
  const run = new Run(sql, 'orphans', null, direct);
  await produce('orphans', 0, { ...known, rows: sizes(20), from: 0 });
  await run.has(20);
  await servers.registry.kill();
  await produce('orphans', 0, { ...unseen, rows: sizes(10), from: 20 });
  await produce('orphans', 0, { ...known, rows: sizes(5), from: 30 });
  await produce('orphans', 1, { ...known, rows: sizes(30), from: 0 });
  await run.has(50);
  await run.says(/messages of schema \d+ wait, and their partition with them; asked again in 1 s: no schema registry answers/);
  await servers.registry.restart();
  await run.has(65);
  await run.stop();
  assert.equal((await servers.verify(sql, 'orphans')).difference, null);
  const places = (await readTopic(servers.settings(), 'orphans-found', 65)).map(({ value }) => JSON.parse(value!.toString()) as { part: number; place: number });
  for (const part of [0, 1]) assert.deepEqual(places.filter((row) => row.part === part).map(({ place }) => place), Array.from({ length: part === 0 ? 35 : 30 }, (_, index) => index), 'once, in the order of the partition');
});

test('keys, foreign messages, tombstones and messages of 10 MB', { skip, timeout: 300_000 }, async () => {
  await createTopic('mixed', 1, { 'max.message.bytes': String(16 * 1024 * 1024) });
  const large = 'x'.repeat(10_000_000);
  const good = (text: string): string => JSON.stringify({ text, at: '2024-08-08 09:30:00' });
  const bad = `not JSON: ${large}`;
  for (const messages of [[{ key: 'A', value: good('one') }, { key: 'A', value: null }, { key: 'A', value: Buffer.from([0, 0, 0, 0, 1, 2]) }, { key: Buffer.from([0xff]), value: good('two') }, { key: null, value: good('three') }],
    [{ key: 'B', value: good(large) }], [{ key: 'B', value: bad }], [{ key: 'C', value: good('four') }]]) {
    await producer.send({ topic: 'mixed', messages });
  }
  const sql = `
CREATE TABLE mixed (k_symbol STRING, text STRING, at TIMESTAMP(3), WATERMARK FOR at AS at) WITH (
  'connector' = 'kafka', 'topic' = 'mixed', 'value.format' = 'json', 'key.format' = 'raw', 'key.fields' = 'k_symbol', 'key.fields-prefix' = 'k_', 'value.fields-include' = 'EXCEPT_KEY');
CREATE TABLE sizes (symbol STRING, note STRING, size INT) WITH (
  'connector' = 'kafka', 'topic' = 'mixed-sizes', 'value.format' = 'json', 'key.format' = 'json', 'key.fields' = 'symbol', 'value.fields-include' = 'EXCEPT_KEY', 'value.json.encode.ignore-null-fields' = 'true');
INSERT INTO sizes SELECT k_symbol, CASE WHEN CHAR_LENGTH(text) > 5 THEN 'large' END, CHAR_LENGTH(text) FROM mixed;
`;
  const { lanes } = await new Run(sql, 'mixed', 'latest').end();
  assert.deepEqual([lanes[0]!.outputs['sizes']!.rows, lanes[0]!.deadLetters], [4, 4]);
  const written = await readTopic(settings(), 'mixed-sizes', 4);
  assert.deepEqual(written.map(({ key, value }) => `${key!.toString()} ${value!.toString()}`), ['{"symbol":"A"} {"size":3}', '{"symbol":null} {"size":5}', '{"symbol":"B"} {"note":"large","size":10000000}', '{"symbol":"C"} {"size":4}']);
  const letters = await readTopic(settings(), 'mixed-dead-letters', 4);
  assert.deepEqual(letters.map(({ headers }) => headers!['error']!.toString()), ['a tombstone, where every message is a row', 'the message is not a JSON object', "the message's key: a text that is not UTF-8", 'the message is not a JSON object']);
  assert.deepEqual(letters.map(({ value }) => value?.length ?? null), [null, 6, good('two').length, bad.length]);
});

test('headers and timestamps beside raw messages, up to where the tables are bounded, by both clients', { skip, timeout: 120_000 }, async () => {
  await createTopic('beside', 2);
  const sent = 1_700_000_000_000;
  await producer.send({ topic: 'beside', messages: [
    { partition: 0, key: 'A', value: 'plain text', timestamp: String(sent), headers: { trace: ['1', '2'], raw: Buffer.from([0xff]) } },
    { partition: 0, key: 'B', value: '', timestamp: String(sent + 5) },
    { partition: 1, key: 'C', value: null, timestamp: String(sent + 9), headers: { empty: '' } },
  ] });
  for (const client of clients) {
    const sql = `
CREATE TABLE beside (id STRING, body STRING, told STRING METADATA FROM 'headers' VIRTUAL, all_told MAP<STRING, BYTES> METADATA FROM 'headers' VIRTUAL, sent TIMESTAMP_LTZ(3) METADATA FROM 'timestamp') WITH (
  'connector' = 'kafka', 'topic' = 'beside', 'value.format' = 'raw', 'key.format' = 'raw', 'key.fields' = 'id', 'value.fields-include' = 'EXCEPT_KEY', 'scan.bounded.mode' = 'latest-offset');
CREATE TABLE told (id STRING, told STRING, body STRING, sent TIMESTAMP_LTZ(3) METADATA FROM 'timestamp') WITH ('connector' = 'kafka', 'topic' = 'told-${client}', 'format' = 'json');
INSERT INTO told SELECT id, told, body, CASE WHEN id <> 'B' THEN sent END FROM beside;
`;
    const begun = Date.now();
    assert.equal((await new Run(sql, `beside-${client}`, null, { ...settings(), client }).end()).ended, true);
    const told = await readTopic(settings(), `told-${client}`, 3);
    assert.deepEqual(told.map(({ value }) => JSON.parse(value!.toString()) as object).sort((one, other) => (JSON.stringify(one) < JSON.stringify(other) ? -1 : 1)), [
      { id: 'A', told: '{"trace":"2","raw":{"base64":"/w=="}}', body: 'plain text' }, { id: 'B', told: '{}', body: '' }, { id: 'C', told: '{"empty":""}', body: null },
    ]);
    const times = told.map(({ timestamp }) => Number(timestamp)).sort((one, other) => one - other);
    assert.deepEqual(times.slice(0, 2), [sent, sent + 9]);
    assert.ok(times[2]! >= begun, 'without a timestamp of its own a message has the time of sending');
  }
});

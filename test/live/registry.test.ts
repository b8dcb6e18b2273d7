/** Registries: several addresses, schemas that are kept, and answers that are none. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { parseAvro } from '../../src/formats/avro-type.js';
import { SchemaRegistry } from '../../src/live/registry.js';

let folder: string;
before(async () => { folder = await mkdtemp(join(tmpdir(), 'tapewright-schemas-')); });
after(() => rm(folder, { recursive: true, force: true }));

async function withServer<T>(listener: RequestListener, use: (address: string) => Promise<T>): Promise<T> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    return await use(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

const json = (status: number, body: object): RequestListener => (_request, response) => {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
};
const good = json(200, { schema: '"string"', id: 3 });
const missing = json(404, { error_code: 40403, message: 'Schema not found' });

/** Nothing listens there. */
const dead = 'http://127.0.0.1:1';

test('the first address that knows answers; another server, a refusal of credentials or a fault is none', async () => {
  for (const bad of [json(401, { error_code: 401, message: 'no' }), json(500, {}), json(404, { message: 'no such page' }), missing, ((_, response) => void response.end('<html>')) satisfies RequestListener]) {
    await withServer(bad, (other) => withServer(good, async (address) => {
      assert.equal(await new SchemaRegistry([dead, other, address]).schema(3), '"string"');
    }));
  }
});

test('what no instance has is refused, and stays so; what nobody answers is not', async () => {
  await withServer(missing, async (address) => {
    await assert.rejects(new SchemaRegistry([dead, address], null, { cache: join(folder, 'missing') }).schema(9), { code: 'REGISTRY_REFUSED', message: 'schema 9 is not in the registry' });
  });
  assert.deepEqual(new SchemaRegistry([dead], null, { cache: join(folder, 'missing') }).known(9), { refused: 'schema 9 is not in the registry' });
  await assert.rejects(new SchemaRegistry([dead]).schema(9), { code: 'REGISTRY_UNREACHABLE' });
});

test('schemas and registrations are known in the next process without a registry, and a broken file is as none', async () => {
  const cache = join(folder, 'kept');
  await withServer(good, async (address) => {
    const registry = new SchemaRegistry([address], null, { cache });
    await Promise.all([registry.schema(3), registry.schema(3), registry.schema(4)]);
    assert.equal(await registry.register('topic-value', { type: 'string' }), 3);
  });
  const files = await readdir(cache);
  assert.equal(files.length, 3);
  assert.ok(files.every((name) => name.endsWith('.json')), 'what was written aside has its name');
  const later = new SchemaRegistry([dead], null, { cache });
  assert.deepEqual(later.known(3), { schema: '"string"', needs: [] });
  assert.equal(await later.register('topic-value', { type: 'string' }), 3);
  await assert.rejects(later.register('topic-value', { type: 'int' }), { code: 'REGISTRY_UNREACHABLE' });
  await writeFile(join(cache, '3.json'), '{"schema":"\\"str');
  assert.equal(new SchemaRegistry([dead], null, { cache }).known(3), null);
});

test('an unknown schema is asked for in the background, with pauses that double', async (t) => {
  let now = 0;
  t.mock.method(performance, 'now', () => now);
  const remarks: string[] = [];
  const registry = new SchemaRegistry([dead], null, { onRemark: (text) => remarks.push(text) });
  const settled = (count: number): Promise<void> => until(() => remarks.length >= count);
  assert.equal(registry.known(5), null);
  await settled(1);
  registry.known(5);
  now = 1000;
  registry.known(5);
  await settled(2);
  now = 2999;
  assert.equal(registry.known(5), null);
  now = 3000;
  registry.known(5);
  await settled(3);
  assert.deepEqual(remarks.map((text) => /asked again in (\d+) s/.exec(text)![1]), ['1', '2', '4']);
});

/** Turns of the event loop until it is so. */
async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setImmediate(resolve));
}

test('an answer beyond all bounds is none', async () => {
  const endless: RequestListener = (_request, response) => {
    const part = 'x'.repeat(1 << 20);
    for (let index = 0; index < 16; index += 1) response.write(part);
    response.end();
  };
  await withServer(endless, async (address) => {
    await assert.rejects(new SchemaRegistry([address]).schema(1), /more than 8388608 bytes/);
  });
});

test('credentials are in no error', async () => {
  await withServer(json(401, { message: 'who are you' }), async (address) => {
    const secret = 'Basic c2VjcmV0';
    for (const given of [address, address.replace('http://', 'http://name:hidden@')]) {
      const error = await new SchemaRegistry([given], secret).schema(1).then(() => null, (cause: Error) => cause);
      assert.doesNotMatch(JSON.stringify([error!.message, (error as unknown as { details: unknown }).details, error!.stack]), /c2VjcmV0|hidden/);
    }
  });
});

test('schemas of other kinds say what they are', async () => {
  await withServer(json(200, { schema: '{}', schemaType: 'PROTOBUF' }), (address) => assert.rejects(new SchemaRegistry([address]).schema(1), /schema 1 is PROTOBUF, not Avro/));
});

test('schemas of other subjects come with the one that names them, each after what it needs itself', async () => {
  const venue = { schema: '{"type":"enum","name":"Venue","symbols":["X"]}' };
  const level = { schema: '{"type":"record","name":"Level","fields":[{"name":"venue","type":"Venue"}]}', references: [{ name: 'Venue', subject: 'venues', version: 2 }] };
  const book = { schema: '{"type":"record","name":"Book","fields":[{"name":"bid","type":"Level"}]}', references: [{ name: 'Level', subject: 'levels/a', version: 1 }, { name: 'Venue', subject: 'venues', version: 2 }] };
  const answers: Readonly<Record<string, object>> = { '/schemas/ids/1': book, '/subjects/levels%2Fa/versions/1': level, '/subjects/venues/versions/2': venue };
  await withServer((request, response) => json(200, answers[request.url!]!)(request, response), async (address) => {
    const cache = join(folder, 'needs');
    assert.deepEqual(await new SchemaRegistry([address], null, { cache }).learn(1), { schema: book.schema, needs: [venue.schema, level.schema] });
    assert.deepEqual(new SchemaRegistry([dead], null, { cache }).known(1), { schema: book.schema, needs: [venue.schema, level.schema] });
    assert.equal(parseAvro(JSON.parse(book.schema), [venue, level].map(({ schema }) => JSON.parse(schema) as unknown)).kind, 'record');
  });
});

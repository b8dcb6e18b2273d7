/** Where brokers, registries and secrets come from, and that no refusal repeats a secret. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { inspect } from 'node:util';
import { settingsFrom } from '../../src/live/settings.js';

const folder = mkdtempSync(join(tmpdir(), 'tapewright-settings-'));
after(() => rmSync(folder, { recursive: true }));

test('flags come before the environment, the environment before the tables', () => {
  const environment = { KAFKA_BROKERS: 'env:1', SCHEMA_REGISTRY: 'http://env' };
  const tables = { brokers: 'table:1', registry: 'http://table' };
  assert.deepEqual(settingsFrom({ brokers: 'flag:1,[::1]:2' }, environment, tables).brokers, ['flag:1', '[::1]:2']);
  assert.deepEqual(settingsFrom({}, environment, tables).brokers, ['env:1']);
  assert.deepEqual(settingsFrom({}, {}, tables).registries, ['http://table']);
  assert.equal(settingsFrom({}, environment).client, 'platformatic');
  assert.equal(settingsFrom({ client: 'kafkajs' }, environment).client, 'kafkajs');
});

test('a secret is the variable, or what the file holds that it names', () => {
  const file = join(folder, 'password');
  writeFileSync(file, 'from the file\r\n');
  const environment = { KAFKA_SASL_MECHANISM: 'scram-sha-512', KAFKA_SASL_USERNAME: 'trader' };
  for (const [own, expected] of [[{ KAFKA_SASL_PASSWORD: 'plain' }, 'plain'], [{ KAFKA_SASL_PASSWORD_FILE: file, KAFKA_SASL_PASSWORD: 'plain' }, 'from the file']] as const) {
    assert.deepEqual(settingsFrom({ brokers: 'a:1' }, { ...environment, ...own }).sasl, { mechanism: 'scram-sha-512', username: 'trader', password: expected });
  }
  assert.deepEqual(settingsFrom({ brokers: 'a:1' }, { KAFKA_SSL_CA_FILE: file }).ssl, { ca: ['from the file'] });
});

test('what is missing is said, and what is secret is not', () => {
  const secret = 's3cr3t-of-mine';
  const wrong: readonly (readonly [Readonly<Record<string, string>>, RegExp])[] = [
    [{ KAFKA_SASL_MECHANISM: 'GSSAPI', KAFKA_SASL_USERNAME: 'u', KAFKA_SASL_PASSWORD: secret }, /PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512/],
    [{ KAFKA_SASL_MECHANISM: 'PLAIN', KAFKA_SASL_PASSWORD: secret }, /KAFKA_SASL_USERNAME/],
    [{ KAFKA_SASL_MECHANISM: 'PLAIN', KAFKA_SASL_USERNAME: 'u', KAFKA_SASL_PASSWORD_FILE: join(folder, secret) }, /KAFKA_SASL_PASSWORD_FILE: the file cannot be read \(ENOENT\)/],
    [{ KAFKA_BROKERS: 'no port', KAFKA_SASL_PASSWORD: secret }, /'no port' is no broker address/],
  ];
  for (const [environment, said] of wrong) {
    assert.throws(() => settingsFrom({}, { KAFKA_BROKERS: 'a:1', ...environment }), (error: Error) => {
      assert.match(error.message, said);
      assert.ok(!error.message.includes(secret) && ('KAFKA_SASL_PASSWORD_FILE' in environment || !inspect(error).includes(secret)));
      return true;
    });
  }
  assert.throws(() => settingsFrom({}, {}), { code: 'USAGE', message: /--brokers/ });
});

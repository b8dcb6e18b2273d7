/** Options of Kafka tables: honoured, of no concern, or refused by their name. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TapewrightError } from '../../src/core/errors.js';
import { sinkTopics, sourceTopic, type SinkTopic, type SourceTopic } from '../../src/live/connectors.js';
import { planTexts } from '../../src/runtime/pipeline.js';

const given = { connector: 'kafka', topic: 't', format: 'json' };

function plan(options: Readonly<Record<string, string>>, columns = 'symbol STRING, price DOUBLE'): { readonly source: () => SourceTopic; readonly sink: () => SinkTopic } {
  const list = Object.entries(options).map(([name, value]) => `'${name}' = '${value}'`).join(', ');
  const text = `CREATE TABLE t (${columns}) WITH (${list});\nCREATE TABLE s (${columns}) WITH (${list});\nINSERT INTO s SELECT * FROM t;`;
  const { sources, sinks } = planTexts({ name: 'options', scenario: null, sql: [{ path: 'options.sql', text }], expect: { outputs: [], lateMax: null, rejectedMax: null } });
  return { source: () => sourceTopic(sources[0]!, null), sink: () => sinkTopics(sinks, new Map())[0]! };
}

/** What is refused of a source, or else of a sink. */
function refusal(options: Readonly<Record<string, string>>, columns?: string): string {
  try {
    const { source, sink } = plan(options, columns);
    source();
    sink();
  } catch (error) {
    return (error as TapewrightError).message;
  }
  return '';
}

test("what changes nothing is accepted: an engineer's text runs as it is", () => {
  for (const [option, value] of Object.entries({
    'properties.group.id': 'g', 'properties.auto.offset.reset': 'earliest', 'properties.fetch.min.bytes': '1', 'properties.isolation.level': 'read_committed', 'sink.delivery-guarantee': 'exactly-once',
    'sink.transactional-id-prefix': 'x', 'sink.parallelism': '4', 'scan.bounded.mode': 'unbounded', 'json.map-null-key.mode': 'DROP', 'properties.compression.type': 'lz4',
  })) assert.equal(refusal({ ...given, [option]: value }), '', option);
});

test('every other option is refused by its name, with what to do instead', () => {
  const refusals: readonly (readonly [Readonly<Record<string, string>>, RegExp])[] = [
    [{ 'scan.startup.mod': 'earliest-offset' }, /table t cannot run live: live does not know its option 'scan.startup.mod'; did you mean 'scan.startup.mode'\?/],
    [{ 'properties.sasl.jaas.config': 'password=hidden' }, /'properties.sasl.jaas.config'; give KAFKA_SASL_… and KAFKA_SSL_… in the environment/],
    [{ 'avro-confluent.basic-auth.user-info': 'a:hidden' }, /give SCHEMA_REGISTRY_USERNAME/],
    [{ 'scan.bounded.mode': 'tomorrow' }, /use unbounded, latest-offset, group-offsets, timestamp or specific-offsets/],
    [{ topic: 'a;b' }, /its 'topic' names several \(a;b\); declare a table for each/],
    [{ 'topic-pattern': 'a.*' }, /name one topic/],
    [{ connector: 'upsert-kafka' }, /its connector is 'upsert-kafka', whose rows change; live reads changes as 'format' = 'debezium-json'/],
    [{ format: 'raw' }, /its format is 'raw' and 2 columns are in the value/],
    [{ 'key.format': 'raw', 'key.fields': 'symbol', 'key.raw.charset': 'UTF-16' }, /reads and writes texts as UTF-8/],
    [{ 'properties.isolation.level': 'read_uncommitted' }, /live reads what is committed/],
    [{ 'json.ignore-parse-errors': 'yes' }, /'json.ignore-parse-errors' is 'yes'; write true or false/],
    [{ 'json.ignore-parse-errors': 'true', 'json.fail-on-missing-field': 'true' }, /are both true; choose one/],
    [{ 'json.timestamp-format.standard': 'RFC' }, /write 'SQL' or 'ISO-8601'/],
    [{ 'sink.partitioner': 'round-robin' }, /no order that comes again/],
    [{ 'value.fields-include': 'EXCEPT_KEY' }, /say with 'key.format' how the key is written/],
    [{ 'value.fields-include': 'SOME' }, /write 'ALL' or 'EXCEPT_KEY'/],
    [{ 'key.format': 'raw' }, /its key has 0 columns/],
    [{ 'key.format': 'csv', 'key.fields': 'symbol' }, /live knows 'json', 'avro-confluent' and 'raw'/],
    [{ 'key.format': 'json', 'key.fields': 'symbol', 'key.fields-prefix': 'k_' }, /add 'value.fields-include' = 'EXCEPT_KEY'/],
    [{ 'key.format': 'json', 'key.fields': 'symbol', 'key.fields-prefix': 'k_', 'value.fields-include': 'EXCEPT_KEY' }, /column symbol, which does not begin with 'k_'/],
    [{ 'key.format': 'raw', 'key.fields': 'price', 'value.fields-include': 'EXCEPT_KEY' }, /its 'key.format' is 'raw' and price is DOUBLE/],
  ];
  for (const [options, expected] of refusals) {
    const found = refusal({ ...given, ...options });
    assert.match(found, expected);
    assert.doesNotMatch(found, /hidden/);
  }
});

test('options of a format stand behind the part that they are of', () => {
  const value = { connector: 'kafka', topic: 't', 'value.format': 'json', 'value.json.ignore-parse-errors': 'true', 'key.format': 'json', 'key.json.fail-on-missing-field': 'true', 'key.fields': 'symbol', 'value.fields-include': 'EXCEPT_KEY' };
  const source = plan(value).source();
  assert.deepEqual([source.json, source.key], [
    { failOnMissingField: false, ignoreParseErrors: true }, { format: 'json', json: { failOnMissingField: true, ignoreParseErrors: false }, fields: new Map([['symbol', 'symbol']]) },
  ]);
  assert.deepEqual(plan(value).sink().value, [1]);
  assert.equal(plan({ ...given, 'json.ignore-parse-errors': 'true' }).source().json.ignoreParseErrors, true);
  // Where the value has the key's columns too, it is the value that is read.
  assert.equal(plan({ ...given, 'key.format': 'raw', 'key.fields': 'symbol' }).source().key, null);
});

test('of metadata a sink writes the timestamp, beside the value', () => {
  const sink = (metadata: string) => plan(given, `symbol STRING, sent TIMESTAMP_LTZ(3) METADATA${metadata}, price DOUBLE`).sink();
  const { timestamp, value } = sink(" FROM 'timestamp'");
  assert.deepEqual([timestamp, value], [1, [0, 2]]);
  assert.throws(() => sink(" FROM 'headers'"), /column sent is metadata 'headers'; live writes no headers/);
  assert.throws(() => sink(" FROM 'offset'"), /column sent is metadata 'offset'; it can be read only: declare it VIRTUAL/);
  assert.equal(plan({ ...given, format: 'raw', 'key.format': 'raw', 'key.fields': 'a', 'value.fields-include': 'EXCEPT_KEY' }, 'a STRING, b STRING').sink().format, 'raw');
});

test('the key of a sink', () => {
  const sink = plan({ ...given, 'key.format': 'avro-confluent', 'key.fields': 'k_a;k_b', 'key.fields-prefix': 'k_', 'value.fields-include': 'EXCEPT_KEY', 'key.avro-confluent.subject': 'keys' }, 'k_b STRING, k_a STRING, price DOUBLE').sink();
  assert.deepEqual([sink.key, sink.key.map((column) => sink.keyNames[column]), sink.value, sink.keySubject, sink.subject], [[1, 0], ['a', 'b'], [2], 'keys', 't-value']);
});

import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { explainFlink } from '../../src/flink/explain.js';
import { mergeParameters } from '../../src/scenario/flags.js';
import { packageRoot } from '../../src/runtime/versions.js';
import { loadScenario } from '../../src/scenario/scenario.js';
import { parseSql } from '../../src/sql/parser.js';
import { explained, texts, trades } from './texts.js';

/** The statements without what stands there for every pipeline. */
const own = (sql: string, told?: Parameters<typeof explained>[1]): string[] => explained(sql, told).statements.filter((text) => !text.startsWith('SET ')).map((text) => text.replaceAll(/\s+/g, ' '));
const changed = (sql: string, told?: Parameters<typeof explained>[1]): string => explained(sql, told).changes.map(({ change }) => change).join('\n');

test('what Flink takes as it is written goes to it byte for byte, comments and all', async () => {
  for (const name of readdirSync(join(packageRoot(), 'scenarios'))) {
    const { texts: files, parameters } = await loadScenario(name);
    const { text, changes } = explainFlink(files, mergeParameters({}, parameters));
    const lines = new Set(text.split('\n').map((line) => line.trim()));
    const given = files.sql.flatMap((file) => file.text.split('\n')).map((line) => line.trim());
    // Statements that an option, a clause or a condition is added to change in their last line, or in that one.
    const lost = given.filter((line) => !lines.has(line) && !/^(EXECUTE STATEMENT SET|BEGIN|END;)$/.test(line));
    assert.ok(lost.length <= changes.length, `${name}: ${lost.join('\n')}`);
  }
});

test('what it says can be read again: by our own parser, where the dialects are the same', async () => {
  for (const name of readdirSync(join(packageRoot(), 'scenarios'))) {
    const { texts: files, parameters } = await loadScenario(name);
    const { text } = explainFlink(files, mergeParameters({}, parameters));
    const { statements } = parseSql(text.replaceAll('\nON CONFLICT DO DEDUPLICATE', ''));
    assert.equal(statements.at(-1)!.kind, 'statementSet', name);
  }
});

test('all INSERTs are one statement set, behind settings, tables and views', () => {
  const { statements } = explained(`${trades}CREATE TABLE a (symbol STRING) WITH ('connector' = 'print');
    INSERT INTO a SELECT symbol FROM trades;
    CREATE TEMPORARY VIEW dear AS SELECT symbol FROM trades WHERE price > 100;
    EXECUTE STATEMENT SET BEGIN
    INSERT INTO a SELECT symbol FROM dear;
    END;`);
  assert.deepEqual(statements.map((text) => text.split(/[ \n]/)[0]).filter((word) => word !== 'SET'), ['CREATE', 'CREATE', 'CREATE', 'EXECUTE']);
  assert.equal(statements.at(-1), 'EXECUTE STATEMENT SET\nBEGIN\nINSERT INTO a SELECT symbol FROM trades;\nINSERT INTO a SELECT symbol FROM dear;\nEND');
});

test('comments stay with what they speak of', () => {
  const { text } = explained(`-- Of the table.\n${trades}-- Of the sink.
    CREATE TABLE a (symbol STRING) WITH ('connector' = 'print'); -- Beside it.
    -- Of the set.
    EXECUTE STATEMENT SET
    BEGIN
    -- Of the insert.
    INSERT INTO a SELECT symbol FROM trades;
    END;
    -- At the end.`);
  assert.match(text, /-- Of the table\.\nCREATE TABLE trades/);
  assert.match(text, /-- Of the sink\.\n-- Beside it\.\nCREATE TABLE a/);
  assert.match(text, /BEGIN\n\n-- Of the set\.\n-- Of the insert\.\nINSERT INTO a/);
  assert.match(text, /END;\n\n-- At the end\.$/);
});

test("the usual settings are there, but for those that the text makes, and the scenario's come last", () => {
  const sql = `SET 'execution.checkpointing.interval' = '1 min';\n${trades}SELECT symbol FROM trades;`;
  const { statements } = explained(sql, { scenario: "flink: { set: { parallelism.default: 4, table.local-time-zone: 'America/New_York' } }" });
  const settings = statements.filter((text) => text.startsWith('SET ')).join('\n');
  assert.match(settings, /^SET 'execution\.checkpointing\.interval' = '1 min'$/m);
  assert.doesNotMatch(settings, /10 s/);
  for (const line of ["'pipeline.name' = 'day'", "'execution.checkpointing.mode' = 'EXACTLY_ONCE'", "'pipeline.auto-watermark-interval' = '200 ms'", "'parallelism.default' = '4'", "'table.local-time-zone' = 'America/New_York'"]) {
    assert.ok(settings.includes(`SET ${line}`), line);
  }
  assert.match(explained(texts.setting).statements[0]!, /^SET 'table\.local-time-zone' = 'UTC'$/);
});

test('a sink whose key the rows may share is told what to do, and keeps its key', () => {
  const [, sink, set] = own(texts.key);
  assert.match(sink!, /PRIMARY KEY \(symbol, window_start\) NOT ENFORCED/);
  assert.match(set!, /GROUP BY symbol, window_start, window_end ON CONFLICT DO DEDUPLICATE; END$/);
  assert.match(changed(texts.key), /refuses rows that its rules do not know to be one for each primary key \(symbol, window_start\); .* costs no state/);
  assert.doesNotMatch(own(texts.ownKey).join(), /ON CONFLICT/, 'a group is there once by its keys');
});

test("names that are words of Flink's get backticks, wherever they stand", () => {
  const [table, sink, set] = own(texts.words);
  assert.match(table!, /^CREATE TABLE ticks \(symbol STRING, `value` DOUBLE, `timestamp` TIMESTAMP\(3\), WATERMARK FOR `timestamp` AS `timestamp` - INTERVAL '5' SECOND\)/);
  assert.match(sink!, /symbol STRING, `open` DOUBLE/);
  assert.match(set!, /SELECT t\.symbol, `value` AS `open` FROM ticks AS t WHERE t\.`value` > 1/);
  assert.match(changed(texts.words), /backticks around value, timestamp: words of Flink's/);
});

test('a table without a connector is a topic: of Avro records read, of JSON written, of upserts where it has a key', () => {
  const [source, keyed, sink] = own(texts.noConnector, { parameters: { key: ['symbol'] } });
  for (const option of ["'connector' = 'kafka'", "'topic' = 'market-data-raw'", "'key.format' = 'raw'", "'key.fields' = 'symbol'", "'scan.startup.mode' = 'latest-offset'", "'properties.group.id' = 'day'", "'format' = 'avro-confluent'", "'avro-confluent.url' = 'http://schema-registry:8081'"]) {
    assert.ok(source!.includes(option), option);
  }
  assert.match(keyed!, /'connector' = 'upsert-kafka', 'topic' = 'latest', .*'key\.format' = 'raw', 'value\.format' = 'json'/);
  assert.match(sink!, /'topic' = 'price-alerts'/);
  assert.match(sink!, /'sink\.delivery-guarantee' = 'exactly-once', 'sink\.transactional-id-prefix' = 'day-price_alerts', 'properties\.transaction\.timeout\.ms' = '900000'/);
});

test('the scenario names brokers, registry and database, and options of single tables', () => {
  const scenario = `flink:
  kafka: one:9092,two:9092
  registry: http://registry
  tables:
    latest: { connector: jdbc, table-name: latest_prices }
  database: jdbc:postgresql://other/market`;
  const [source, keyed] = own(texts.noConnector, { scenario });
  assert.match(source!, /'properties\.bootstrap\.servers' = 'one:9092,two:9092'.*'avro-confluent\.url' = 'http:\/\/registry'/);
  assert.match(keyed!, /WITH \( 'connector' = 'jdbc', 'table-name' = 'latest_prices', 'url' = 'jdbc:postgresql:\/\/other\/market' \)$/);
  assert.match(changed(texts.noConnector, { scenario }), /the connector is that of the scenario/);
});

test('a SELECT by itself is written to the print connector, under the name that it has here', () => {
  const [, sink, set] = own(texts.query);
  assert.equal(sink, "CREATE TABLE query_1 ( symbol STRING, `day` BIGINT NOT NULL ) WITH ('connector' = 'print')");
  assert.match(set!, /BEGIN INSERT INTO query_1 SELECT symbol, COUNT\(\*\) AS `day` FROM/);
});

test('what Flink words otherwise, and what its sinks cannot take', () => {
  assert.match(own(texts.inner).at(-1)!, /TUMBLE\(\(SELECT \* FROM trades WHERE price > 0\), DESCRIPTOR/);
  assert.match(own(texts.twoTimes).at(-1)!, /INSERT INTO alerts SELECT first_time, CAST\(second_time AS TIMESTAMP\(3\)\) AS second_time, symbol FROM \( SELECT event_time, event_time, symbol FROM trades \) AS written \(first_time, second_time, symbol\);/);
  assert.match(own(texts.changes)[1]!, /'format' = 'debezium-json'/);
  assert.match(own(texts.keyedTopic)[1]!, /'connector' = 'upsert-kafka', 'topic' = 'alerts', .*'value\.format' = 'json', 'key\.format' = 'raw'/);
  assert.match(own(texts.joins).at(-1)!, /SELECT trade_time, CAST\(other_time AS TIMESTAMP\(3\)\) AS other_time, bid FROM \( SELECT t\.event_time, o\.event_time/);
  assert.match(own(texts.joins).at(-1)!, /INSERT INTO alerts SELECT t\.event_time, q\.event_time, q\.bid FROM trades/, 'of a temporal join only the left one is an event time');
  assert.match(own(texts.pattern).at(-1)!, /PATTERN \(`START` DOWN\{2,\} UP\)/);
  assert.match(own(texts.edges).at(-1)!, /FROM \(SELECT \* FROM TABLE\(HOP\(.*INTERVAL '5' MINUTE\)\) WHERE window_start < window_end\) AS t WHERE price > 0 GROUP BY/);
});

test('what no words help against is said', () => {
  const sessions = `${trades}SELECT symbol, LAST_VALUE(price) AS closed FROM TABLE(SESSION(TABLE trades PARTITION BY symbol, DESCRIPTOR(event_time), INTERVAL '1' MINUTE)) GROUP BY symbol, window_start, window_end;`;
  const { refusals, text } = explained(sessions);
  assert.deepEqual(refusals, ['Flink refuses LAST_VALUE in SESSION windows']);
  assert.match(text, /-- refused: Flink refuses LAST_VALUE/);
});

test('no secret is printed: not in text, statements, changes or notes', () => {
  const told = { scenario: "flink: { set: { fs.azure.account.key: hunter2 }, tables: { kept: { password: hunter2, table-name: kept } } }" };
  const explanation = explained(texts.secrets, told);
  assert.doesNotMatch(JSON.stringify(explanation), /hunter2/);
  assert.match(explanation.text, /'password' = '\*{6}'/);
  assert.match(explanation.text, /jdbc:postgresql:\/\/db:5432\/market\?user=\*{6}&password=\*{6}/);
  assert.match(explanation.text, /-- changed: the secret of 'properties\.sasl\.jaas\.config' is not printed/);
  assert.doesNotMatch(JSON.stringify(explained(texts.secrets)), /hunter2/);
});

test('where results will differ is said, and only where the pipeline gives cause to', () => {
  const deviation = `${trades}SELECT symbol, STDDEV_POP(price) OVER (PARTITION BY symbol ORDER BY event_time RANGE BETWEEN INTERVAL '5' MINUTE PRECEDING AND CURRENT ROW) AS d, CURRENT_TIMESTAMP AS t FROM trades;`;
  const notes = explained(deviation, { parameters: { bindings: { trades: { given: 'a.parquet', base: '.', map: {} } } } }).notes.join('\n');
  for (const part of [/Watermarks move every 200 ms/, /STDDEV and VAR of DOUBLE drift/, /CURRENT_TIMESTAMP/, /A replay reads trades from a\.parquet/]) assert.match(notes, part);
  assert.doesNotMatch(explained(texts.changes).notes.join('\n'), /DOUBLE|CURRENT_TIMESTAMP/);
});

/** Pipelines that Flink does not take as they are written, each for one reason. */
import { explainFlink, type FlinkExplanation } from '../../src/flink/explain.js';
import { defaultParameters, type RunParameters } from '../../src/runtime/options.js';

const kafka = (topic: string, format = "'format' = 'json'"): string => `WITH ('connector' = 'kafka', 'topic' = '${topic}', 'properties.bootstrap.servers' = 'kafka:9092', 'scan.startup.mode' = 'latest-offset', ${format})`;

/** A source that Flink takes. */
export const trades = `CREATE TABLE trades (symbol STRING, price DOUBLE, volume BIGINT, event_time TIMESTAMP(3), WATERMARK FOR event_time AS event_time - INTERVAL '5' SECOND) ${kafka('trades')};\n`;
const alerts = (columns: string): string => `CREATE TABLE alerts (${columns}) ${kafka('alerts').replace("'scan.startup.mode' = 'latest-offset', ", '')};\n`;
const minute = `TABLE(TUMBLE(TABLE trades, DESCRIPTOR(event_time), INTERVAL '1' MINUTE))`;

export const texts = {
  key: `${trades}CREATE TABLE vwap (symbol STRING, window_start TIMESTAMP(3), vwap DOUBLE, PRIMARY KEY (symbol, window_start) NOT ENFORCED)
    WITH ('connector' = 'jdbc', 'url' = 'jdbc:postgresql://db:5432/market', 'table-name' = 'vwap');
    INSERT INTO vwap SELECT symbol, window_start, SUM(price * volume) / SUM(volume) FROM ${minute} GROUP BY symbol, window_start, window_end;`,
  ownKey: `${trades}CREATE TABLE counts (symbol STRING, n BIGINT, PRIMARY KEY (symbol) NOT ENFORCED)
    WITH ('connector' = 'jdbc', 'url' = 'jdbc:postgresql://db:5432/market', 'table-name' = 'counts');
    SET 'table.exec.state.ttl' = '1 h';
    INSERT INTO counts SELECT symbol, COUNT(*) FROM trades GROUP BY symbol;`,
  words: `CREATE TABLE ticks (symbol STRING, value DOUBLE, timestamp TIMESTAMP(3), WATERMARK FOR timestamp AS timestamp - INTERVAL '5' SECOND) ${kafka('ticks')};
    ${alerts('symbol STRING, open DOUBLE')}INSERT INTO alerts SELECT t.symbol, value AS open FROM ticks AS t WHERE t.value > 1;`,
  noConnector: `CREATE TABLE market_data_raw (symbol STRING, price DOUBLE, event_time TIMESTAMP(3), WATERMARK FOR event_time AS event_time);
    CREATE TABLE latest (symbol STRING, price DOUBLE, PRIMARY KEY (symbol) NOT ENFORCED);
    CREATE TABLE price_alerts (symbol STRING, price DOUBLE);
    INSERT INTO latest SELECT symbol, price FROM market_data_raw;
    INSERT INTO price_alerts SELECT symbol, price FROM market_data_raw WHERE price > 100;`,
  query: `${trades}SELECT symbol, COUNT(*) AS \`day\` FROM ${minute} GROUP BY symbol, window_start, window_end;`,
  inner: `${trades}SELECT symbol, COUNT(*) AS n FROM TABLE(TUMBLE(TABLE (SELECT * FROM trades WHERE price > 0), DESCRIPTOR(event_time), INTERVAL '1' MINUTE)) GROUP BY symbol, window_start, window_end;`,
  twoTimes: `${trades}${alerts('first_time TIMESTAMP(3), second_time TIMESTAMP(3), symbol STRING')}INSERT INTO alerts SELECT event_time, event_time, symbol FROM trades;`,
  changes: `${trades}${alerts('symbol STRING, n BIGINT')}SET 'table.exec.state.ttl' = '1 h';
    INSERT INTO alerts SELECT symbol, COUNT(*) FROM trades GROUP BY symbol;`,
  keyedTopic: `${trades}${alerts('symbol STRING, price DOUBLE, PRIMARY KEY (symbol) NOT ENFORCED')}INSERT INTO alerts SELECT symbol, price FROM trades;`,
  edges: `${trades}SELECT symbol, FIRST_VALUE(price) AS opened FROM TABLE(HOP(TABLE trades, DESCRIPTOR(event_time), INTERVAL '1' MINUTE, INTERVAL '5' MINUTE)) AS t
    WHERE price > 0 GROUP BY symbol, window_start, window_end;`,
  pattern: `${trades}SELECT * FROM trades MATCH_RECOGNIZE (PARTITION BY symbol ORDER BY event_time MEASURES START.price AS before, LAST(DOWN.price) AS low
    ONE ROW PER MATCH AFTER MATCH SKIP TO FIRST DOWN PATTERN (START DOWN{2,} UP) WITHIN INTERVAL '1' MINUTE DEFINE DOWN AS DOWN.price < START.price, UP AS UP.price > START.price);`,
  joins: `${trades}CREATE TABLE quotes (symbol STRING, bid DOUBLE, event_time TIMESTAMP(3), PRIMARY KEY (symbol) NOT ENFORCED, WATERMARK FOR event_time AS event_time) ${kafka('quotes')};
    ${alerts('trade_time TIMESTAMP(3), other_time TIMESTAMP(3), bid DOUBLE')}
    INSERT INTO alerts SELECT t.event_time, o.event_time, t.price FROM trades AS t JOIN trades AS o ON t.symbol = o.symbol AND t.event_time BETWEEN o.event_time AND o.event_time + INTERVAL '1' SECOND;
    INSERT INTO alerts SELECT t.event_time, q.event_time, q.bid FROM trades AS t JOIN quotes FOR SYSTEM_TIME AS OF t.event_time AS q ON t.symbol = q.symbol;`,
  secrets: `CREATE TABLE trades (symbol STRING, price DOUBLE) WITH ('connector' = 'kafka', 'topic' = 'trades', 'properties.bootstrap.servers' = 'kafka:9092', 'format' = 'json',
      'properties.sasl.jaas.config' = 'PlainLoginModule required password="hunter2";');
    CREATE TABLE kept (symbol STRING, price DOUBLE) WITH ('connector' = 'jdbc', 'url' = 'jdbc:postgresql://db:5432/market?user=me&password=hunter2', 'username' = 'me', 'password' = 'hunter2');
    SET 's3.secret-key' = 'hunter2';
    INSERT INTO kept SELECT symbol, price FROM trades;`,
  setting: `SET table.local-time-zone = UTC;\n${trades}SELECT symbol FROM trades;`,
} as const;

export interface Told {
  /** The file's name without .sql. */
  readonly name?: string;
  /** The scenario file, as YAML. */
  readonly scenario?: string;
  readonly parameters?: Partial<RunParameters>;
}

export function explained(sql: string, { name = 'day', scenario, parameters = {} }: Told = {}): FlinkExplanation {
  return explainFlink(
    { name, scenario: scenario === undefined ? null : { path: 'scenario.yaml', text: scenario }, sql: [{ path: `${name}.sql`, text: sql }], expect: { outputs: [], lateMax: null, rejectedMax: null } },
    { ...defaultParameters, bindings: {}, ...parameters },
  );
}

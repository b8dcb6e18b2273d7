/** The pipelines that the product is for, as an engineer writes them for a Flink cluster, must plan. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { laneKeys } from '../../src/plan/lanes.js';
import { lookBack } from '../../src/plan/look-back.js';
import { planSql } from '../../src/sql/planner.js';
import { find, kindsOf } from './ticks.js';

const marketData = `
CREATE TABLE market_data_raw (
  symbol STRING, price DOUBLE, volume BIGINT, bid DOUBLE, ask DOUBLE,
  event_time TIMESTAMP(3), exchange STRING, event_type STRING,
  WATERMARK FOR event_time AS event_time - INTERVAL '5' SECOND
) WITH (
  'connector' = 'kafka', 'topic' = 'market-data-raw', 'properties.bootstrap.servers' = 'broker:9092',
  'scan.startup.mode' = 'latest-offset', 'key.format' = 'raw', 'key.fields' = 'symbol',
  'value.format' = 'avro-confluent', 'value.avro-confluent.url' = 'http://registry:8081'
);`;

test('VWAP of each minute into TimescaleDB', () => {
  const pipeline = planSql(`${marketData}
    CREATE TABLE vwap_1m (
      symbol STRING, window_start TIMESTAMP(3), window_end TIMESTAMP(3), vwap DOUBLE, total_volume BIGINT, trade_count BIGINT,
      high_price DOUBLE, low_price DOUBLE, PRIMARY KEY (symbol, window_start) NOT ENFORCED
    ) WITH ('connector' = 'jdbc', 'url' = 'jdbc:postgresql://db/market', 'table-name' = 'vwap_1m');
    -- trades only
    INSERT INTO vwap_1m
    SELECT symbol, window_start, window_end, SUM(price * volume) / SUM(volume) AS vwap, SUM(volume), COUNT(*), MAX(price), MIN(price)
    FROM TABLE(TUMBLE(TABLE market_data_raw, DESCRIPTOR(event_time), INTERVAL '1' MINUTE))
    WHERE event_type = 'TRADE'
    GROUP BY symbol, window_start, window_end;`);
  const [statement] = pipeline.statements;
  assert.deepEqual(kindsOf(statement!.root), ['project', 'window-aggregate', 'project', 'filter', 'scan']);
  assert.deepEqual(pipeline.sinks[0]!.primaryKey, ['symbol', 'window_start']);
  assert.equal(laneKeys(pipeline, null).possible, true);
  assert.equal(lookBack(pipeline), 65_000);
});

test('candles of 1 minute, 5 minutes and 1 hour in one statement set', () => {
  const candles = ['1m', '5m', '1h'];
  const sizes = ["INTERVAL '1' MINUTE", "INTERVAL '5' MINUTES", "INTERVAL '1' HOUR"];
  const pipeline = planSql(`${marketData}
    ${candles.map((name) => `CREATE TABLE ohlcv_${name} (symbol STRING, window_start TIMESTAMP(3), open_price DOUBLE, high_price DOUBLE, low_price DOUBLE, close_price DOUBLE, volume BIGINT) WITH ('connector' = 'print');`).join('\n')}
    CREATE TEMPORARY VIEW trades AS SELECT * FROM market_data_raw WHERE event_type = 'TRADE';
    EXECUTE STATEMENT SET BEGIN
    ${candles.map((name, index) => `INSERT INTO ohlcv_${name}
      SELECT symbol, window_start, FIRST_VALUE(price), MAX(price), MIN(price), LAST_VALUE(price), SUM(volume)
      FROM TABLE(TUMBLE(TABLE trades, DESCRIPTOR(event_time), ${sizes[index]})) GROUP BY symbol, window_start, window_end;`).join('\n')}
    END;`);
  assert.deepEqual(pipeline.statements.map(({ root }) => find(root, 'window-aggregate').window), [60_000, 300_000, 3_600_000].map((size) => ({ kind: 'tumble', size, offset: 0 })));
});

test('moving average and volatility of sliding windows, with an alert', () => {
  const pipeline = planSql(`${marketData}
    CREATE TABLE alerts (symbol STRING, alert_type STRING, ma DOUBLE, volatility DOUBLE, window_end TIMESTAMP(3)) WITH ('connector' = 'kafka', 'topic' = 'alerts');
    CREATE VIEW moving AS
      SELECT symbol, window_end, ma, (high - low) / ma AS volatility FROM (
        SELECT symbol, window_start, window_end, AVG(price) AS ma, MAX(price) AS high, MIN(price) AS low
        FROM TABLE(HOP(TABLE market_data_raw, DESCRIPTOR(event_time), INTERVAL '30' SECOND, INTERVAL '5' MINUTE))
        GROUP BY symbol, window_start, window_end);
    INSERT INTO alerts SELECT symbol, 'HIGH_VOLATILITY', ma, volatility, window_end FROM moving WHERE volatility > 0.02;`);
  const { root } = pipeline.statements[0]!;
  assert.deepEqual(find(root, 'window-aggregate').window, { kind: 'hop', size: 300_000, slide: 30_000, offset: 0 });
});

test('anomalies of each event against the five minutes up to it', () => {
  const pipeline = planSql(`${marketData}
    CREATE TABLE anomaly_alerts (
      symbol STRING, price DOUBLE, volume BIGINT, event_time TIMESTAMP(3), anomaly_type STRING, price_zscore DOUBLE, volume_ratio DOUBLE,
      spread_ratio DOUBLE, severity STRING
    ) WITH ('connector' = 'kafka', 'topic' = 'anomaly-alerts', 'format' = 'json');
    INSERT INTO anomaly_alerts
    WITH stats AS (
      SELECT symbol, price, volume, event_time, ask - bid AS spread,
        AVG(price) OVER w AS price_mean, STDDEV_POP(price) OVER w AS price_stddev, AVG(CAST(volume AS DOUBLE)) OVER w AS volume_mean,
        AVG(ask - bid) OVER w AS spread_mean
      FROM market_data_raw
      WINDOW w AS (PARTITION BY symbol ORDER BY event_time RANGE BETWEEN INTERVAL '5' MINUTE PRECEDING AND CURRENT ROW)
    ), scored AS (
      SELECT *, ABS(price - price_mean) / NULLIF(price_stddev, 0) AS price_zscore, volume / NULLIF(volume_mean, 0) AS volume_ratio,
        spread / NULLIF(spread_mean, 0) AS spread_ratio
      FROM stats
    ), typed AS (
      SELECT *, CASE WHEN price_zscore > 3 THEN 'PRICE_SPIKE' WHEN volume_ratio > 5 THEN 'VOLUME_SURGE'
        WHEN price_zscore > 2 AND volume_ratio > 3 THEN 'COMBINED_ANOMALY' WHEN spread_ratio > 2 THEN 'SPREAD_WIDENING' END AS anomaly_type
      FROM scored
    )
    SELECT symbol, price, volume, event_time, anomaly_type, price_zscore, volume_ratio, spread_ratio,
      CASE anomaly_type WHEN 'PRICE_SPIKE' THEN 'critical' WHEN 'COMBINED_ANOMALY' THEN 'high' ELSE 'warning' END
    FROM typed WHERE anomaly_type IS NOT NULL;`);
  const { root } = pipeline.statements[0]!;
  const over = find(root, 'over');
  assert.deepEqual(over.aggregates.map((call) => call.name), ['AVG', 'STDDEV_POP', 'AVG', 'AVG']);
  assert.equal(laneKeys(pipeline, ['symbol']).possible, true);
  assert.equal(lookBack(pipeline), 305_000);
  assert.equal(root.rowtime, 3);
});

test('a fall and a rebound by LAG, and the day so far by CUMULATE', () => {
  const pipeline = planSql(`${marketData}
    SELECT symbol, event_time, price, p1, p2 FROM (
      SELECT symbol, event_time, price, LAG(price) OVER w AS p1, LAG(price, 2) OVER w AS p2 FROM market_data_raw
      WINDOW w AS (PARTITION BY symbol ORDER BY event_time)
    ) WHERE p1 < p2 AND price > p2;
    SELECT symbol, window_end, SUM(volume) AS so_far
    FROM TABLE(CUMULATE(TABLE market_data_raw, DESCRIPTOR(event_time), INTERVAL '10' MINUTE, INTERVAL '1' DAY)) GROUP BY symbol, window_start, window_end;`);
  assert.deepEqual(pipeline.sinks.map((sink) => sink.name), ['query_1', 'query_2']);
});

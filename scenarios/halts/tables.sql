-- Where the market data come from and where the anomalies go. In replay the connectors are not used: sources are bound
-- to datasets, sinks to the run bundle. What the anomalies lead to is no table here: scenario.yaml has the responses.

CREATE TABLE market_data_raw (
  symbol STRING NOT NULL,
  price DOUBLE,
  volume BIGINT,
  bid DOUBLE,
  ask DOUBLE,
  event_time TIMESTAMP(3),
  exchange STRING,
  event_type STRING,
  WATERMARK FOR event_time AS event_time - INTERVAL '5' SECOND
) WITH (
  'connector' = 'kafka',
  'topic' = 'market-data-raw',
  'properties.bootstrap.servers' = 'kafka:9092',
  'properties.group.id' = 'halts',
  'scan.startup.mode' = 'latest-offset',
  'key.format' = 'raw',
  'key.fields' = 'symbol',
  'format' = 'avro-confluent',
  'avro-confluent.url' = 'http://schema-registry:8081'
);

CREATE TABLE anomaly_alerts (
  symbol STRING,
  event_time TIMESTAMP(3),
  anomaly_type STRING,
  price DOUBLE,
  volume BIGINT,
  price_zscore DOUBLE,
  volume_ratio DOUBLE,
  spread_ratio DOUBLE,
  volatility DOUBLE
) WITH (
  'connector' = 'kafka',
  'topic' = 'anomaly-alerts',
  'properties.bootstrap.servers' = 'kafka:9092',
  'format' = 'json'
);

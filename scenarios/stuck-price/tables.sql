-- Where the market data come from and where the results go. In replay the connectors are not used:
-- sources are bound to datasets, sinks to the run bundle.

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
  'properties.group.id' = 'stuck-price',
  'scan.startup.mode' = 'latest-offset',
  'key.format' = 'raw',
  'key.fields' = 'symbol',
  'format' = 'avro-confluent',
  'avro-confluent.url' = 'http://schema-registry:8081'
);

CREATE TABLE feed_health (
  symbol STRING,
  window_start TIMESTAMP(3),
  window_end TIMESTAMP(3),
  trade_count BIGINT,
  price_stddev DOUBLE,
  moving_share DOUBLE,
  PRIMARY KEY (symbol, window_start) NOT ENFORCED
) WITH (
  'connector' = 'jdbc',
  'url' = 'jdbc:postgresql://timescaledb:5432/market',
  'table-name' = 'feed_health'
);

CREATE TABLE stuck_alerts (
  symbol STRING,
  alert_type STRING,
  price DOUBLE,
  trade_count BIGINT,
  moving_share DOUBLE,
  window_start TIMESTAMP(3),
  window_end TIMESTAMP(3)
) WITH (
  'connector' = 'kafka',
  'topic' = 'stuck-alerts',
  'properties.bootstrap.servers' = 'kafka:9092',
  'format' = 'json'
);

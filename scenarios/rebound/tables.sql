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
  'properties.group.id' = 'rebound',
  'scan.startup.mode' = 'latest-offset',
  'key.format' = 'raw',
  'key.fields' = 'symbol',
  'format' = 'avro-confluent',
  'avro-confluent.url' = 'http://schema-registry:8081'
);

CREATE TABLE candles_1m (
  symbol STRING,
  window_start TIMESTAMP(3),
  window_end TIMESTAMP(3),
  open_price DOUBLE,
  high_price DOUBLE,
  low_price DOUBLE,
  close_price DOUBLE,
  total_volume BIGINT,
  trade_count BIGINT,
  PRIMARY KEY (symbol, window_start) NOT ENFORCED
) WITH (
  'connector' = 'jdbc',
  'url' = 'jdbc:postgresql://timescaledb:5432/market',
  'table-name' = 'candles_1m'
);

CREATE TABLE rebound_alerts (
  symbol STRING,
  alert_type STRING,
  top_time TIMESTAMP(3),
  fall_time TIMESTAMP(3),
  alert_time TIMESTAMP(3),
  top_price DOUBLE,
  low_price DOUBLE,
  back_price DOUBLE,
  depth DOUBLE,
  row_count BIGINT
) WITH (
  'connector' = 'kafka',
  'topic' = 'rebound-alerts',
  'properties.bootstrap.servers' = 'kafka:9092',
  'format' = 'json'
);

CREATE TABLE rebounds_by_hour (
  hour_start TIMESTAMP(3),
  hour_end TIMESTAMP(3),
  rebound_count BIGINT,
  deepest DOUBLE,
  PRIMARY KEY (hour_start) NOT ENFORCED
) WITH (
  'connector' = 'jdbc',
  'url' = 'jdbc:postgresql://timescaledb:5432/market',
  'table-name' = 'rebounds_by_hour'
);

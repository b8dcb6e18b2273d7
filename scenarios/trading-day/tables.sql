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
  'properties.group.id' = 'trading-day',
  'scan.startup.mode' = 'latest-offset',
  'key.format' = 'raw',
  'key.fields' = 'symbol',
  'format' = 'avro-confluent',
  'avro-confluent.url' = 'http://schema-registry:8081'
);

CREATE TABLE vwap_1m (
  symbol STRING,
  window_start TIMESTAMP(3),
  window_end TIMESTAMP(3),
  vwap DOUBLE,
  total_volume BIGINT,
  trade_count BIGINT,
  high_price DOUBLE,
  low_price DOUBLE,
  PRIMARY KEY (symbol, window_start) NOT ENFORCED
) WITH (
  'connector' = 'jdbc',
  'url' = 'jdbc:postgresql://timescaledb:5432/market',
  'table-name' = 'vwap_1m'
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

CREATE TABLE candles_5m (
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
  'table-name' = 'candles_5m'
);

CREATE TABLE candles_1h (
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
  'table-name' = 'candles_1h'
);

CREATE TABLE moving_average (
  symbol STRING,
  window_start TIMESTAMP(3),
  window_end TIMESTAMP(3),
  ma DOUBLE,
  volatility DOUBLE,
  PRIMARY KEY (symbol, window_start) NOT ENFORCED
) WITH (
  'connector' = 'jdbc',
  'url' = 'jdbc:postgresql://timescaledb:5432/market',
  'table-name' = 'moving_average'
);

CREATE TABLE volatility_alerts (
  symbol STRING,
  alert_type STRING,
  ma DOUBLE,
  volatility DOUBLE,
  window_end TIMESTAMP(3)
) WITH (
  'connector' = 'kafka',
  'topic' = 'volatility-alerts',
  'properties.bootstrap.servers' = 'kafka:9092',
  'format' = 'json'
);

CREATE TABLE anomaly_alerts (
  symbol STRING,
  price DOUBLE,
  volume BIGINT,
  event_time TIMESTAMP(3),
  anomaly_type STRING,
  price_zscore DOUBLE,
  volume_ratio DOUBLE,
  severity STRING,
  spread_ratio DOUBLE
) WITH (
  'connector' = 'kafka',
  'topic' = 'anomaly-alerts',
  'properties.bootstrap.servers' = 'kafka:9092',
  'format' = 'json'
);

-- Where the quotes come from and where the results go. In replay the connectors are not used: sources are bound to
-- datasets, sinks to the run bundle.

CREATE TABLE fx_quotes (
  symbol STRING NOT NULL,
  bid DOUBLE,
  ask DOUBLE,
  event_time TIMESTAMP(3),
  WATERMARK FOR event_time AS event_time - INTERVAL '5' SECOND
) WITH (
  'connector' = 'kafka',
  'topic' = 'fx-quotes',
  'properties.bootstrap.servers' = 'kafka:9092',
  'properties.group.id' = 'fx-payrolls',
  'scan.startup.mode' = 'latest-offset',
  'key.format' = 'raw',
  'key.fields' = 'symbol',
  'format' = 'avro-confluent',
  'avro-confluent.url' = 'http://schema-registry:8081'
);

CREATE TABLE bars_1s (
  symbol STRING,
  window_start TIMESTAMP(3),
  window_end TIMESTAMP(3),
  open_price DOUBLE,
  high_price DOUBLE,
  low_price DOUBLE,
  close_price DOUBLE,
  mean_spread DOUBLE,
  quote_count BIGINT,
  PRIMARY KEY (symbol, window_start) NOT ENFORCED
) WITH (
  'connector' = 'jdbc',
  'url' = 'jdbc:postgresql://timescaledb:5432/market',
  'table-name' = 'fx_bars_1s'
);

CREATE TABLE bars_1m (
  symbol STRING,
  window_start TIMESTAMP(3),
  window_end TIMESTAMP(3),
  open_price DOUBLE,
  high_price DOUBLE,
  low_price DOUBLE,
  close_price DOUBLE,
  mean_spread DOUBLE,
  quote_count BIGINT,
  PRIMARY KEY (symbol, window_start) NOT ENFORCED
) WITH (
  'connector' = 'jdbc',
  'url' = 'jdbc:postgresql://timescaledb:5432/market',
  'table-name' = 'fx_bars_1m'
);

CREATE TABLE release_alerts (
  symbol STRING,
  alert_type STRING,
  window_end TIMESTAMP(3),
  actual DOUBLE,
  usual DOUBLE,
  ratio DOUBLE
) WITH (
  'connector' = 'kafka',
  'topic' = 'release-alerts',
  'properties.bootstrap.servers' = 'kafka:9092',
  'format' = 'json'
);

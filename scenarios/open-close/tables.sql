-- Where the market data come from and where the results go. In replay the connectors are not used:
-- sources are bound to datasets, sinks to the run bundle.

CREATE TABLE market_data_raw (
  symbol STRING NOT NULL,
  price DOUBLE,
  volume BIGINT,
  event_time TIMESTAMP(3),
  exchange STRING NOT NULL,
  event_type STRING,
  WATERMARK FOR event_time AS event_time - INTERVAL '5' SECOND
) WITH (
  'connector' = 'kafka',
  'topic' = 'market-data-raw',
  'properties.bootstrap.servers' = 'kafka:9092',
  'properties.group.id' = 'open-close',
  'scan.startup.mode' = 'latest-offset',
  'key.format' = 'raw',
  'key.fields' = 'symbol',
  'format' = 'avro-confluent',
  'avro-confluent.url' = 'http://schema-registry:8081'
);

CREATE TABLE venue_phases (
  exchange STRING,
  window_start TIMESTAMP(3),
  window_end TIMESTAMP(3),
  fired_by STRING,
  trade_count BIGINT,
  symbol_count BIGINT,
  total_volume BIGINT,
  turnover DOUBLE
) WITH (
  'connector' = 'jdbc',
  'url' = 'jdbc:postgresql://timescaledb:5432/market',
  'table-name' = 'venue_phases'
);

CREATE TABLE venue_halts (
  exchange STRING,
  symbol STRING,
  halted_at TIMESTAMP(3),
  price_zscore DOUBLE,
  trades_since BIGINT
) WITH (
  'connector' = 'kafka',
  'topic' = 'venue-halts',
  'properties.bootstrap.servers' = 'kafka:9092',
  'format' = 'json'
);

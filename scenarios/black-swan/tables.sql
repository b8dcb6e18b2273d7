-- Where the market data come from and where the results go. In replay the connectors are not used:
-- sources are bound to datasets, sinks to the run bundle.

CREATE TABLE market_data_raw (
  symbol STRING NOT NULL,
  price DOUBLE,
  volume BIGINT,
  bid DOUBLE,
  ask DOUBLE,
  event_time TIMESTAMP(3),
  exchange STRING NOT NULL,
  event_type STRING,
  WATERMARK FOR event_time AS event_time - INTERVAL '5' SECOND
) WITH (
  'connector' = 'kafka',
  'topic' = 'market-data-raw',
  'properties.bootstrap.servers' = 'kafka:9092',
  'properties.group.id' = 'black-swan',
  'scan.startup.mode' = 'latest-offset',
  'key.format' = 'raw',
  'key.fields' = 'symbol',
  'format' = 'avro-confluent',
  'avro-confluent.url' = 'http://schema-registry:8081'
);

CREATE TABLE event_rates (
  window_start TIMESTAMP(3),
  window_end TIMESTAMP(3),
  events BIGINT,
  trades BIGINT,
  behind BIGINT,
  behind_most INT,
  PRIMARY KEY (window_start) NOT ENFORCED
) WITH (
  'connector' = 'jdbc',
  'url' = 'jdbc:postgresql://timescaledb:5432/market',
  'table-name' = 'event_rates'
);

CREATE TABLE venue_rates (
  exchange STRING,
  window_start TIMESTAMP(3),
  window_end TIMESTAMP(3),
  events BIGINT,
  behind BIGINT,
  behind_most INT,
  PRIMARY KEY (exchange, window_start) NOT ENFORCED
) WITH (
  'connector' = 'jdbc',
  'url' = 'jdbc:postgresql://timescaledb:5432/market',
  'table-name' = 'venue_rates'
);

CREATE TABLE rate_alerts (
  alert_type STRING,
  window_start TIMESTAMP(3),
  window_end TIMESTAMP(3),
  events BIGINT,
  most_in_second BIGINT,
  usual_events DOUBLE,
  rate_ratio DOUBLE,
  behind_share DOUBLE
) WITH (
  'connector' = 'kafka',
  'topic' = 'rate-alerts',
  'properties.bootstrap.servers' = 'kafka:9092',
  'format' = 'json'
);

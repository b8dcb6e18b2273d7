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
  'properties.group.id' = 'sliding-volatility',
  'scan.startup.mode' = 'latest-offset',
  'key.format' = 'raw',
  'key.fields' = 'symbol',
  'format' = 'avro-confluent',
  'avro-confluent.url' = 'http://schema-registry:8081'
);

CREATE TABLE sliding_volatility (
  symbol STRING,
  window_start TIMESTAMP(3),
  window_end TIMESTAMP(3),
  ma DOUBLE,
  volatility DOUBLE,
  PRIMARY KEY (symbol, window_start) NOT ENFORCED
) WITH (
  'connector' = 'jdbc',
  'url' = 'jdbc:postgresql://timescaledb:5432/market',
  'table-name' = 'sliding_volatility'
);

CREATE TABLE tumbling_volatility (
  symbol STRING,
  window_start TIMESTAMP(3),
  window_end TIMESTAMP(3),
  ma DOUBLE,
  volatility DOUBLE,
  PRIMARY KEY (symbol, window_start) NOT ENFORCED
) WITH (
  'connector' = 'jdbc',
  'url' = 'jdbc:postgresql://timescaledb:5432/market',
  'table-name' = 'tumbling_volatility'
);

CREATE TABLE sliding_alerts (
  symbol STRING,
  alert_type STRING,
  ma DOUBLE,
  volatility DOUBLE,
  window_end TIMESTAMP(3)
) WITH (
  'connector' = 'kafka',
  'topic' = 'sliding-volatility-alerts',
  'properties.bootstrap.servers' = 'kafka:9092',
  'format' = 'json'
);

CREATE TABLE tumbling_alerts (
  symbol STRING,
  alert_type STRING,
  ma DOUBLE,
  volatility DOUBLE,
  window_end TIMESTAMP(3)
) WITH (
  'connector' = 'kafka',
  'topic' = 'tumbling-volatility-alerts',
  'properties.bootstrap.servers' = 'kafka:9092',
  'format' = 'json'
);

CREATE TABLE alert_delays (
  symbol STRING,
  window_start TIMESTAMP(3),
  window_end TIMESTAMP(3),
  sliding_first TIMESTAMP(3),
  tumbling_first TIMESTAMP(3),
  seconds_later INT,
  PRIMARY KEY (symbol, window_start) NOT ENFORCED
) WITH (
  'connector' = 'jdbc',
  'url' = 'jdbc:postgresql://timescaledb:5432/market',
  'table-name' = 'alert_delays'
);

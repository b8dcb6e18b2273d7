-- Where the market data come from and where the results go. In replay the connectors are not used:
-- sources are bound to datasets, sinks to the run bundle.

CREATE TABLE market_data_raw (
  symbol STRING NOT NULL,
  price DOUBLE,
  volume BIGINT,
  event_time TIMESTAMP(3),
  event_type STRING,
  trader STRING NOT NULL,
  WATERMARK FOR event_time AS event_time - INTERVAL '5' SECOND
) WITH (
  'connector' = 'kafka',
  'topic' = 'market-data-raw',
  'properties.bootstrap.servers' = 'kafka:9092',
  'properties.group.id' = 'trader-sessions',
  'scan.startup.mode' = 'latest-offset',
  'key.format' = 'raw',
  'key.fields' = 'trader',
  'format' = 'avro-confluent',
  'avro-confluent.url' = 'http://schema-registry:8081'
);

CREATE TABLE trader_sessions (
  trader STRING,
  session_start TIMESTAMP(3),
  session_end TIMESTAMP(3),
  trade_count BIGINT,
  symbol_count BIGINT,
  total_volume BIGINT,
  turnover DOUBLE,
  largest DOUBLE,
  at_work INT,
  PRIMARY KEY (trader, session_start) NOT ENFORCED
) WITH (
  'connector' = 'jdbc',
  'url' = 'jdbc:postgresql://timescaledb:5432/market',
  'table-name' = 'trader_sessions'
);

CREATE TABLE session_gaps (
  trader STRING,
  gap STRING,
  session_start TIMESTAMP(3),
  session_end TIMESTAMP(3),
  trade_count BIGINT,
  PRIMARY KEY (trader, gap, session_start) NOT ENFORCED
) WITH (
  'connector' = 'jdbc',
  'url' = 'jdbc:postgresql://timescaledb:5432/market',
  'table-name' = 'session_gaps'
);

CREATE TABLE lopsided_sessions (
  trader STRING,
  session_start TIMESTAMP(3),
  session_end TIMESTAMP(3),
  trade_count BIGINT,
  turnover DOUBLE,
  largest_share DOUBLE
) WITH (
  'connector' = 'kafka',
  'topic' = 'lopsided-sessions',
  'properties.bootstrap.servers' = 'kafka:9092',
  'format' = 'json'
);
